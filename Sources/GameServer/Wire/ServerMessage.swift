import PluginAPI

/// A number or a short text the client put on a request, to know its answer by.
enum RequestID: Sendable, Equatable {
    case integer(Int64)
    case string(String)

    func write(to text: inout [UInt8]) {
        switch self {
        case .integer(let integer): text.append(jsonInteger: integer)
        case .string(let string): text.append(jsonString: string)
        }
    }
}

/// Server messages as JSON text, each composed in one place; several go out in one WebSocket message, a line each.
///
/// - Source: docs/PROTOCOL.md, "Server to client".
enum ServerMessage {
    static func events(_ room: RoomID, _ views: some Collection<[UInt8]>, last: Int, at: Timestamp) -> [UInt8] {
        var text = start("events", room: room)
        text.append(json: #","seq":"#)
        text.append(jsonInteger: last)
        text.append(json: #","at":"#)
        text.append(jsonInteger: at.unixMilliseconds)
        text.append(json: #","events":["#)
        for (index, view) in views.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text.append(json: view)
        }
        text.append(json: "]}")
        return text
    }

    static func snapshot(_ room: RoomID, seq: Int, view: [UInt8], reason: SnapshotReason) -> [UInt8] {
        var text = start("snapshot", room: room)
        text.append(json: #","seq":"#)
        text.append(jsonInteger: seq)
        text.append(json: #","reason":"#)
        text.append(jsonString: reason.rawValue)
        text.append(json: #","view":"#)
        text.append(json: view)
        text.append(json: "}")
        return text
    }

    static func ok(_ room: RoomID?, n: Int?, id: RequestID? = nil, seq: Int?) -> [UInt8] {
        var text = start("ok", room: room)
        append("n", n, to: &text)
        append(id, to: &text)
        append("seq", seq, to: &text)
        text.append(json: "}")
        return text
    }

    static func no(_ rejection: Rejection, room: RoomID? = nil, n: Int? = nil, id: RequestID? = nil) -> [UInt8] {
        var text = start("no", room: room)
        append("n", n, to: &text)
        append(id, to: &text)
        text.append(json: #","code":"#)
        text.append(jsonString: rejection.refusal.code)
        text.append(json: #","message":"#)
        text.append(jsonString: rejection.refusal.message)
        text.append(json: #","retry":"#)
        if let retryMs = rejection.retryMs { text.append(jsonInteger: retryMs) } else { text.append(json: "false") }
        append("expected", rejection.expected, to: &text)
        text.append(json: "}")
        return text
    }

    static func bye(_ why: Disconnect, room: RoomID? = nil, afterMs: Int? = nil) -> [UInt8] {
        var text = start("bye", room: room)
        append("code", Int(why.rawValue), to: &text)
        text.append(json: #","action":"#)
        text.append(jsonString: why.action.rawValue)
        append("after_ms", afterMs, to: &text)
        text.append(json: "}")
        return text
    }

    static func chat(_ room: RoomID, seat: Seat, name: String, text said: String, at: Timestamp) -> [UInt8] {
        var text = start("chat", room: room)
        append("seat", seat.index, to: &text)
        text.append(json: #","name":"#)
        text.append(jsonString: name)
        text.append(json: #","text":"#)
        text.append(jsonString: said)
        append("at", Int(at.unixMilliseconds), to: &text)
        text.append(json: "}")
        return text
    }

    static func notice(_ kind: NoticeKind, text said: String, afterMs: Int? = nil) -> [UInt8] {
        var text = start("notice")
        text.append(json: #","kind":"#)
        text.append(jsonString: kind.rawValue)
        text.append(json: #","text":"#)
        text.append(jsonString: said)
        append("after_ms", afterMs, to: &text)
        text.append(json: "}")
        return text
    }

    /// The server's own sign-of-life question.
    static func ping(now: Timestamp) -> [UInt8] {
        var text = start("ping")
        append("t", Int(now.unixMilliseconds), to: &text)
        append("now", Int(now.unixMilliseconds), to: &text)
        text.append(json: "}")
        return text
    }

    static func pong(_ t: JSON?, now: Timestamp) -> [UInt8] {
        var text = start("pong")
        text.append(json: #","t":"#)
        text.append(json: (t ?? .null).encoded())
        append("now", Int(now.unixMilliseconds), to: &text)
        text.append(json: "}")
        return text
    }

    static func rooms(_ rooms: [RoomSummary], id: RequestID?) -> [UInt8] {
        var text = start("rooms")
        append(id, to: &text)
        text.append(json: #","rooms":["#)
        for (index, room) in rooms.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            append(room, to: &text)
        }
        text.append(json: "]}")
        return text
    }

    /// One line of the lobby: what anybody may know of a room.
    static func append(_ room: RoomSummary, to text: inout [UInt8]) {
        text.append(json: #"{"room":"#)
        text.append(jsonString: room.room.description)
        text.append(json: #","game":"#)
        text.append(jsonString: room.game)
        text.append(json: #","state":"#)
        text.append(jsonString: room.status.rawValue)
        text.append(json: #","host":"#)
        text.append(jsonString: room.host)
        append("players", room.humans, to: &text)
        append("seats", room.seats, to: &text)
        append("bots", room.bots, to: &text)
        append("created", Int(room.created.unixMilliseconds), to: &text)
        text.append(json: "}")
    }

    static func start(_ type: StaticString, room: RoomID? = nil) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text.append(json: #"{"type":""#)
        text.append(json: type)
        text.append(UInt8(ascii: "\""))
        if let room {
            text.append(json: #","room":"#)
            text.append(jsonString: room.description)
        }
        return text
    }

    static func append(_ key: StaticString, _ value: Int?, to text: inout [UInt8]) {
        guard let value else { return }
        text.append(json: #",""#)
        text.append(json: key)
        text.append(json: #"":"#)
        text.append(jsonInteger: value)
    }

    static func append(_ id: RequestID?, to text: inout [UInt8]) {
        guard let id else { return }
        text.append(json: #","id":"#)
        id.write(to: &text)
    }
}

enum SnapshotReason: String, Sendable {
    case resume, resync, lagging, recovered
}

enum NoticeKind: String, Sendable {
    case drain, maintenance, rateLimited = "rate_limited", storeTrouble = "store_trouble", recovered
}

extension ServerMessage {
    static func welcome(session: UInt64, _ services: LoopServices) -> [UInt8] {
        let limits = services.configuration.limits
        var text = start("welcome")
        text.append(json: #","session":"#)
        text.append(jsonString: "s\(session)")
        append("now", Int(services.timeline.wallClock.unixMilliseconds), to: &text)
        append("heartbeat_ms", services.configuration.heartbeat.idleMs, to: &text)
        text.append(json: #","limits":{"bytes":"#)
        text.append(jsonInteger: limits.messageBytes)
        append("rate", limits.ratePerS, to: &text)
        append("burst", limits.burst, to: &text)
        text.append(json: #"},"server":{"name":"gameserver","version":"#)
        text.append(jsonString: Version.current)
        text.append(json: #","node":"#)
        text.append(jsonString: services.configuration.server.node)
        text.append(json: #"},"games":["#)
        for (index, game) in services.games.all.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text.append(json: #"{"id":"#)
            text.append(jsonString: game.manifest.id)
            text.append(json: #","title":"#)
            text.append(jsonString: game.manifest.title)
            append("version", game.manifest.version, to: &text)
            text.append(json: #","seats":{"min":"#)
            text.append(jsonInteger: game.manifest.seats.lowerBound)
            append("max", game.manifest.seats.upperBound, to: &text)
            text.append(json: "}}")
        }
        text.append(json: "]}")
        return text
    }
}
