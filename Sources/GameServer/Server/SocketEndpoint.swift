import PluginAPI
import WebSocket

/// `/ws`: makes a session of every connection.
final class SocketEndpoint {
    /// Name and version of the wire.
    static let subprotocol = "gameserver.v1"

    private let sessions: SessionDirectory
    private let services: LoopServices
    private let selfTestKey: Digest
    private let addresses: ClientAddresses
    private let compression: CompressionPolicy?

    init(sessions: SessionDirectory, services: LoopServices, addresses: ClientAddresses, selfTestKey: String) {
        self.sessions = sessions
        self.services = services
        self.addresses = addresses
        compression = CompressionPolicy(services.configuration.compression)
        self.selfTestKey = Digest(of: Array(selfTestKey.utf8))
    }

    func open(_ request: Request, _ exchange: Exchange) {
        if let key = request.headers[SelfTest.header], Digest(of: Array(key.utf8)).matches(selfTestKey) {
            exchange.upgrade(subprotocol: SelfTest.subprotocol, handler: SelfTestEcho())
            return
        }
        let id = CorrelationID.of(request)
        guard !services.isDraining else {
            services.observer.visitRefused(.draining)
            return exchange.respond(
                .problem(503, "draining", "the server is shutting down", [("Retry-After", "2")], id: id))
        }
        let offered = request.offeredSubprotocols
        guard offered.isEmpty || offered.contains(Self.subprotocol) else {
            services.observer.visitRefused(.badRequest)
            return exchange.respond(
                .problem(400, "bad_request", "none of the subprotocols offered is \(Self.subprotocol)", id: id))
        }
        if let refusal = exchange.identify(as: addresses.client(of: request)) {
            return exchange.respond(
                .problem(
                    refusal.status, "rate_limited",
                    "this address has as many connections as it may, or too many a second",
                    [("Retry-After", "5")], id: id))
        }
        let client = sessions.newClient(address: addresses.address(of: request))
        let room = request.query.first { $0.name == "room" }.flatMap { RoomID($0.value) }
        let visit = Visit(client: client, room: room) { request.headers[$0] }
        switch services.middleware.accept(visit) {
        case .pass: break
        case .refuse(let status, let code, let message, let reason, let retryAfter):
            services.observer.visitRefused(reason)
            let headers = retryAfter.map { [("Retry-After", String($0))] } ?? []
            return exchange.respond(.problem(status, code, message, headers, id: id))
        }
        let waited = exchange.sinceOpened
        let subprotocol = offered.isEmpty ? nil : Self.subprotocol
        let upgrade =
            if let room, let loop = services.neighbours.elsewhere(room) {
                // Nobody here knows the client any more once it has gone.
                exchange.upgrade(
                    subprotocol: subprotocol, compression: compression, to: services.neighbours.landing(loop),
                    .visitor(Handover(client)))
            } else {
                exchange.upgrade(
                    subprotocol: subprotocol, compression: compression,
                    handler: Conversation(sessions, .visitor(Handover(client))))
            }
        switch upgrade {
        case .opened: services.observer.visitAccepted(after: waited)
        case .refused: services.observer.visitRefused(.badRequest)
        case .lost: break
        }
    }
}

/// Joins one connection to its session, on whichever loop that is.
final class Conversation: ConnectionHandler {
    private unowned let sessions: SessionDirectory
    private var passenger: Passenger?
    private var session: Session?

    init(_ sessions: SessionDirectory, _ passenger: Passenger) {
        self.sessions = sessions
        self.passenger = passenger
    }

    func opened(_ connection: Connection) {
        guard let passenger else { return }
        self.passenger = nil
        switch passenger {
        case .visitor(let client): session = sessions.open(connection, as: client.value)
        case .session(let ticket):
            session = sessions.take(ticket, connection)
            session?.goOn(with: ticket.rest)
            departIfDue(connection)
        }
    }

    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) {
        switch kind {
        case .text: session?.receive(message.withUnsafeBytes { Array($0) })
        case .binary: session?.receivedBinary(message.byteCount)
        }
        departIfDue(connection)
    }

    /// The session goes where its room is, and its connection with it.
    private func departIfDue(_ connection: Connection) {
        guard let session, let loop = session.destination, connection.isOpen else { return }
        self.session = nil
        connection.move(to: sessions.services.neighbours.landing(loop), .session(session.pack()))
    }

    func drained(_ connection: Connection) { session?.drained() }

    func woken(_ connection: Connection) { session?.woken() }

    func closed(_ connection: Connection, _ closure: Closure) {
        let fault: String? = if case .violation(let violation) = closure.cause { violation.description } else { nil }
        session?.closed(code: closure.code.rawValue, isClean: closure.isClean, fault: fault)
        session = nil
    }
}

/// The other end of the server's own test.
private final class SelfTestEcho: ConnectionHandler {
    func opened(_ connection: Connection) {}
    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) { connection.send(text: message) }
    func drained(_ connection: Connection) {}
    func closed(_ connection: Connection, _ closure: Closure) {}
}
