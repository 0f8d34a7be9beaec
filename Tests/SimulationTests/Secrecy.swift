import PluginAPI

@testable import GameServer
@testable import TestSupport

/// Where pieces may stand in what somebody is told of Liap Tui, judged by the deals in the log and by no view of the
/// game's own.
struct Secrecy {
    private var deals: [(sequence: Int, hands: [[String]])] = []

    /// - Parameter event: as it is stored, the truth.
    mutating func note(_ event: JSON, number: Int) {
        guard event["kind"] == "dealt" else { return }
        let hands = (event["hands"]?.elements ?? []).map { $0.elements?.compactMap(\.string) ?? [] }
        deals.append((number, hands))
    }

    /// - Returns: what `viewer` may not know, though the line says it.
    func fault(in line: JSON, for viewer: Viewer) -> String? {
        switch line.type {
        case "events":
            let events = line["events"]?.elements ?? []
            let first = (line.int("seq") ?? 0) - events.count + 1
            for (index, event) in events.enumerated() {
                if let fault = fault(in: event, for: viewer, at: first + index) { return fault }
                if event["kind"] == "dealt", let seat = viewer.seat, event.pieces("hand") != dealt(seat, first + index)
                {
                    return "a hand that was not dealt to seat \(seat.index)"
                }
            }
            return nil
        case "snapshot", "joined":
            guard let view = line["view"], !view.isNull else { return nil }
            return fault(in: view, for: viewer, at: line.int("seq") ?? 0)
        default:
            return Self.holdsPieces(line) ? "pieces in \(line.type)" : nil
        }
    }

    private func fault(in told: JSON, for viewer: Viewer, at sequence: Int) -> String? {
        for member in told.members ?? [] {
            switch member.key {
            case "hand":
                guard let seat = viewer.seat else { return "a hand for a watcher" }
                var left = dealt(seat, sequence)
                for piece in told.pieces("hand") {
                    guard let index = left.firstIndex(of: piece) else {
                        return "a \(piece) that seat \(seat.index) lacks"
                    }
                    left.remove(at: index)
                }
            case "pieces":
                let isOwn = told.int("seat") == viewer.seat?.index
                if told["play"] == "DISCARD", !isOwn { return "a discard of seat \(told.int("seat") ?? -1)" }
            case "plays":
                for play in member.value.elements ?? [] {
                    if let fault = fault(in: play, for: viewer, at: sequence) { return fault }
                }
            default:
                if Self.holdsPieces(member.value) { return "pieces in \(member.key)" }
            }
        }
        return nil
    }

    private func dealt(_ seat: Seat, _ sequence: Int) -> [String] {
        deals.last { $0.sequence <= sequence }?.hands[seat.index] ?? []
    }

    private static func holdsPieces(_ json: JSON) -> Bool {
        switch json {
        case .string(let text): text.hasSuffix("_RED") || text.hasSuffix("_BLACK")
        case .array(let elements): elements.contains { holdsPieces($0) }
        case .object(let members): members.contains { holdsPieces($0.value) }
        default: false
        }
    }
}

extension JSON {
    fileprivate func pieces(_ key: String) -> [String] { self[key]?.elements?.compactMap(\.string) ?? [] }
}
