import Foundation
import PluginAPI

@testable import LiapTui

/// One rule vector of Tests/Vectors/liap-tui.json.
struct Vector {
    let id: String
    let kind: String
    let fields: JSON

    /// Kinds that concern rules of the game.
    static let ruleKinds: Set = [
        "deck", "valid_play", "compare", "turn", "play_accept", "declare_options", "declare_check", "zero_streak",
        "weak_hand", "redeal", "redeal_chain", "starter", "play_order", "score", "round_score", "game_end", "ranking",
        "round", "game_fold", "bot_declare_hint",
    ]
    /// Kinds that concern the server around the game.
    static let skippedKinds: Set = [
        "input_check", "health_level", "health_overall", "recovery_gate", "recovery_trigger", "retry_delay",
        "rate_limit", "offline_queue", "adaptive_interval", "connection",
    ]

    /// Every vector whose kind is not skipped, so that an unknown kind fails.
    static let all: [Vector] = {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Vectors/liap-tui.json")
        guard let text = try? Data(contentsOf: url), let file = try? JSON(parsing: Array(text)) else { return [] }
        return (file["vectors"]?.elements ?? []).map { vector in
            Vector(id: vector["id"]?.string ?? "?", kind: vector["kind"]?.string ?? "?", fields: vector)
        }.filter { !skippedKinds.contains($0.kind) }
    }()

    static let ids = all.map(\.id)

    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    subscript(name: String) -> JSON { fields[name] ?? .null }
    func integer(_ name: String) throws -> Int { try self[name].asInteger() }
    func integers(_ name: String) throws -> [Int] { try self[name].list().map { try $0.asInteger() } }
    func seat(_ name: String) throws -> Seat { try self[name].asSeat() }
    func seats(_ name: String) throws -> [Seat] { try self[name].list().map { try $0.asSeat() } }
    func pieces(_ name: String) throws -> [Piece] { try self[name].asPieces() }
    func bool(_ name: String) throws -> Bool { try self[name].asBool() }
}

extension JSON {
    private static let players = ["Ana", "Ben", "Cho", "Dee"]

    private func malformed(_ expected: String) -> Vector.Malformed {
        Vector.Malformed(description: "expected \(expected), found \(String(decoding: encoded(), as: UTF8.self))")
    }

    func list() throws -> [JSON] {
        guard let elements else { throw malformed("a list") }
        return elements
    }

    func asInteger() throws -> Int {
        guard let integer else { throw malformed("a whole number") }
        return Int(integer)
    }

    func asBool() throws -> Bool {
        guard let bool else { throw malformed("true or false") }
        return bool
    }

    func asSeat() throws -> Seat {
        guard let name = string, let index = Self.players.firstIndex(of: name) else { throw malformed("a player") }
        return Seat(index)
    }

    func asPiece() throws -> Piece {
        guard let piece = string.flatMap(Piece.init(named:)) else { throw malformed("a piece") }
        return piece
    }

    func asPieces() throws -> [Piece] { try list().map { try $0.asPiece() } }

    /// The values of an object whose keys are players, in seat order; `missing` stands for players it does not name.
    func bySeat(missing: JSON = .null) throws -> [JSON] {
        guard members != nil else { throw malformed("an object") }
        return Self.players.map { self[$0] ?? missing }
    }

    func integersBySeat() throws -> [Int] { try bySeat(missing: 0).map { try $0.asInteger() } }
}
