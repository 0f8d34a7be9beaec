import PluginAPI

/// What a client can say, checked for form; whether it may is decided where it is handled.
///
/// - Source: docs/PROTOCOL.md, "Client to server".
enum ClientMessage {
    /// Deepest nesting of a message. Records hold actions some levels deeper than messages do, and have to be readable
    /// again, so this lies well below what records may have.
    static let maxDepth = JSON.maxDepth / 2

    case hello(Hello)
    case list(id: RequestID?, game: String?)
    case create(Create)
    case join(Join)
    case watch(id: RequestID?, room: String)
    case act(room: String, n: Int, base: Int?, action: JSON)
    case host(room: String, n: Int, HostOrder)
    case ack(room: String, seq: Int)
    case resync(room: String)
    case leave(room: String, n: Int)
    case chat(room: String, text: String)
    case ping(JSON?)
    case pong

    struct Hello {
        var client: String
        /// Each read when its turn comes: a spoiled one costs only its own room.
        var resume: [MessageFields]
    }

    struct Resume {
        var room: String
        /// As given: what is no secret at all is a wrong one. Nil for a watcher.
        var secret: String?
        var epoch: String
        var seq: Int

        init(_ fields: MessageFields) throws(Rejection) {
            room = try fields.text("room")
            secret = try fields.optionalText("secret")
            epoch = try fields.text("epoch")
            seq = try fields.integer("seq")
        }
    }

    struct Create {
        var id: RequestID?
        var game: String
        var name: String
        var options: JSON
        var visibility: RoomSummary.Visibility
        var secret: SeatSecret?
    }

    struct Join {
        var id: RequestID?
        var room: String
        var name: String
        var seat: Int?
        var secret: SeatSecret?
    }

    /// - Throws: `bad_request` or `unknown_type`.
    init(_ fields: MessageFields) throws(Rejection) {
        let type = try fields.text("type")
        switch type {
        case "hello": self = .hello(try Self.hello(fields))
        case "list": self = .list(id: try fields.requestID(), game: try fields.optionalText("game"))
        case "create": self = .create(try Self.create(fields))
        case "join":
            self = .join(
                Join(
                    id: try fields.requestID(), room: try fields.text("room"), name: try fields.text("name"),
                    seat: try fields.optionalInteger("seat"), secret: try fields.secret()))
        case "watch": self = .watch(id: try fields.requestID(), room: try fields.text("room"))
        case "act":
            guard let action = fields["action"], action.members != nil else {
                throw .badRequest("action: expected an object")
            }
            self = .act(
                room: try fields.text("room"), n: try fields.commandNumber(),
                base: try fields.optionalInteger("base"), action: action)
        case "host":
            self = .host(room: try fields.text("room"), n: try fields.commandNumber(), try Self.order(fields))
        case "ack": self = .ack(room: try fields.text("room"), seq: try fields.integer("seq"))
        case "resync": self = .resync(room: try fields.text("room"))
        case "leave": self = .leave(room: try fields.text("room"), n: try fields.commandNumber())
        case "chat": self = .chat(room: try fields.text("room"), text: try fields.text("text"))
        case "ping": self = .ping(fields["t"])
        case "pong": self = .pong
        default: throw .unknownType(type)
        }
    }

    private static func hello(_ fields: MessageFields) throws(Rejection) -> Hello {
        var client = "unknown"
        if let given = fields["client"], !given.isNull {
            guard given.members != nil else { throw .badRequest("client: expected an object") }
            client = [given["name"]?.string, given["version"]?.string].compactMap { $0?.prefix(40) }
                .joined(separator: " ")
        }
        let resume = try fields.optionalList("resume") ?? []
        return Hello(client: client, resume: resume.map { MessageFields($0) })
    }

    private static func create(_ fields: MessageFields) throws(Rejection) -> Create {
        let given = fields["options"] ?? .null
        let options = given.isNull ? .object([]) : given
        guard options.members != nil else { throw .badRequest("options: expected an object") }
        let visibility = try fields.optionalText("visibility") ?? "public"
        guard let visibility = RoomSummary.Visibility(rawValue: visibility) else {
            throw .badRequest("visibility: public or private")
        }
        return Create(
            id: try fields.requestID(), game: try fields.text("game"), name: try fields.text("name"),
            options: options, visibility: visibility, secret: try fields.secret())
    }

    private static func order(_ fields: MessageFields) throws(Rejection) -> HostOrder {
        switch try fields.text("do") {
        case "start": return .start
        case "add_bot": return .addBot(seat: try fields.optionalInteger("seat"))
        case "remove": return .remove(seat: try fields.integer("seat"))
        case "close": return .close
        default: throw .badRequest("do: start, add_bot, remove or close")
        }
    }
}
