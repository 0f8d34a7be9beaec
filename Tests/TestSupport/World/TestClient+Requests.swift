#if DEBUG
@testable import GameServer
import PluginAPI

/// What a test expected did not come.
struct NoAnswer: Error {
    let got: [JSON]
}

// What players ask for, in the words of the wire.
extension TestClient {
    func place(_ room: RoomID) -> Place { places[room] ?? Place(room) }

    /// Opens a room and sits down in it.
    func create(
        _ game: String, options: JSON = .object([]), visibility: String = "public", secret: String? = nil
    ) throws -> RoomID {
        let answer = ask(createRequest(game, options: options, visibility: visibility, secret: secret))
        guard let room = answer.first("joined")?["room"]?.string.flatMap({ RoomID($0) }) else {
            throw NoAnswer(got: answer)
        }
        return room
    }

    func createRequest(
        _ game: String, options: JSON = .object([]), visibility: String = "public", secret: String? = nil
    ) -> JSON {
        [
            "type": "create", "id": 1, "game": .string(game), "name": .string(name), "options": options,
            "visibility": .string(visibility), "secret": .string(secret ?? freshSecret()),
        ]
    }

    @discardableResult
    func join(_ room: RoomID, seat: Int? = nil, secret: String? = nil, name: String? = nil) -> [JSON] {
        ask(joinRequest(room, seat: seat, secret: secret, name: name))
    }

    func joinRequest(_ room: RoomID, seat: Int? = nil, secret: String? = nil, name: String? = nil) -> JSON {
        [
            "type": "join", "id": 2, "room": .string(room.description), "name": .string(name ?? self.name),
            "seat": seat.map { JSON($0) } ?? nil, "secret": .string(secret ?? freshSecret()),
        ]
    }

    @discardableResult
    func watch(_ room: RoomID) -> [JSON] { ask(["type": "watch", "id": 3, "room": .string(room.description)]) }

    @discardableResult
    func act(_ room: RoomID, _ action: JSON, n: Int? = nil) -> [JSON] { ask(actRequest(room, action, n: n)) }

    func actRequest(_ room: RoomID, _ action: JSON, n: Int? = nil) -> JSON {
        [
            "type": "act", "room": .string(room.description), "n": JSON(n ?? place(room).lastN + 1),
            "base": JSON(place(room).seq), "action": action,
        ]
    }

    @discardableResult
    func host(_ room: RoomID, _ order: String, seat: Int? = nil, n: Int? = nil) -> [JSON] {
        ask([
            "type": "host", "room": .string(room.description), "n": JSON(n ?? place(room).lastN + 1),
            "do": .string(order), "seat": seat.map { JSON($0) } ?? nil,
        ])
    }

    @discardableResult
    func leave(_ room: RoomID, n: Int? = nil) -> [JSON] {
        ask(["type": "leave", "room": .string(room.description), "n": JSON(n ?? place(room).lastN + 1)])
    }
}

extension [JSON] {
    func first(_ type: String) -> JSON? { first { $0.type == type } }

    /// Codes of every `no`.
    var refusals: [String] { filter { $0.type == "no" }.map(\.code) }

    var types: [String] { map(\.type) }

    /// The room's newest status among these lines.
    var status: JSON? { last { $0.type == "room" } }
}

extension JSON {
    /// The line of a seat in a room's status.
    func seat(_ index: Int) -> JSON { self["seats"]?.elements?[index] ?? nil }
}
#endif
