import WebSocket

/// Why the server ends a connection: 4000–4499 come back, 4500–4999 stay away. A code is never used again for
/// something else.
///
/// - Source: docs/PROTOCOL.md, "Close codes".
enum Disconnect: UInt16, CaseIterable, Sendable {
    case shutdown = 4001, moved = 4002, slow = 4003, heartbeat = 4004
    case resync = 4005, overloaded = 4006, `internal` = 4007
    case badToken = 4501, superseded = 4502, kicked = 4503, roomClosed = 4504
    case protocolError = 4505, version = 4506, abuse = 4507, noHello = 4509

    /// What a client does next, as `bye` says it.
    enum Action: String, Sendable {
        case resume, elsewhere, stop
    }

    var action: Action {
        switch self {
        case .moved: .elsewhere
        default: rawValue < 4500 ? .resume : .stop
        }
    }

    var closeCode: CloseCode { CloseCode(rawValue: rawValue) }

    /// The close frame's reason: short, for people reading a network log.
    var reason: String {
        switch self {
        case .shutdown: "server is shutting down"
        case .moved: "room has moved"
        case .slow: "reading too slowly"
        case .heartbeat: "no sign of life"
        case .resync: "come back for a snapshot"
        case .overloaded: "server is overloaded"
        case .internal: "internal error"
        case .badToken: "bad token"
        case .superseded: "seat taken over by a newer connection"
        case .kicked: "removed by the host"
        case .roomClosed: "room is closed"
        case .protocolError: "hello comes first, once"
        case .version: "protocol version is not served"
        case .abuse: "too many requests"
        case .noHello: "no hello in time"
        }
    }
}
