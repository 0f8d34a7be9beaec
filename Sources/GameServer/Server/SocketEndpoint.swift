import WebSocket

/// `/ws`: makes a session of every connection.
final class SocketEndpoint {
    /// Name and version of the wire.
    static let subprotocol = "gameserver.v1"

    private let sessions: SessionDirectory
    private let services: LoopServices

    init(sessions: SessionDirectory, services: LoopServices) {
        self.sessions = sessions
        self.services = services
    }

    func open(_ request: Request, _ exchange: Exchange) {
        guard !services.isDraining else {
            return exchange.respond(.problem(503, "draining", "the server is shutting down", [("Retry-After", "2")]))
        }
        let offered = request.offeredSubprotocols
        guard offered.isEmpty || offered.contains(Self.subprotocol) else {
            return exchange.respond(
                .problem(400, "bad_request", "none of the subprotocols offered is \(Self.subprotocol)"))
        }
        let conversation = Conversation(sessions: sessions)
        exchange.upgrade(subprotocol: offered.isEmpty ? nil : Self.subprotocol, handler: conversation)
    }
}

/// Joins one connection to its session.
private final class Conversation: ConnectionHandler {
    private unowned let sessions: SessionDirectory
    private var session: Session?

    init(sessions: SessionDirectory) { self.sessions = sessions }

    func opened(_ connection: Connection) { session = sessions.open(connection) }

    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) {
        switch kind {
        case .text: session?.receive(message.withUnsafeBytes { Array($0) })
        case .binary: session?.receivedBinary()
        }
    }

    func drained(_ connection: Connection) { session?.drained() }

    func closed(_ connection: Connection, _ closure: Closure) {
        session?.closed(code: closure.code.rawValue)
        session = nil
    }
}
