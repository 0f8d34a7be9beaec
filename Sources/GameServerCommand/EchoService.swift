import WebSocket

/// The bare engine, for conformance tests and benchmarks: `/` echoes every message, `/fanout` sends each message it
/// receives to every other connection on that path, `/takeover` echoes and, when compressing, keeps the contexts.
final class EchoService: RequestHandler {
    /// Longest message echoed.
    static let maxMessageBytes = 32 * 1024 * 1024

    private let echo = Echo()
    private let fanout: Fanout
    private let compresses: Bool

    /// - Parameter compresses: whether clients that offer it get their messages compressed, however short.
    init(_ ring: EchoRing, compresses: Bool) {
        fanout = Fanout(ring)
        self.compresses = compresses
    }

    /// Its loop's place in the ring.
    var place: Int {
        get { fanout.place }
        set { fanout.place = newValue }
    }

    /// A message of another loop's connection on `/fanout`.
    func deliver(_ message: EncodedMessage) { fanout.deliver(message) }

    /// Limits under which a loop can echo `maxMessageBytes`, in as many fragments as conformance tests like to use.
    static var limits: Limits {
        var limits = Limits()
        limits.maxMessageBytes = maxMessageBytes
        limits.maxFragmentsPerMessage = 1_000_000
        limits.maxOutboxBytes = 4 * maxMessageBytes
        limits.maxConnections = DescriptorLimit.connections(wanted: limits.maxConnections)
        return limits
    }

    func handle(_ request: Request, _ exchange: Exchange) {
        switch request.path {
        case "/": open(exchange, echo)
        case "/fanout": open(exchange, fanout)
        case "/takeover": open(exchange, echo, keepsContexts: true)
        default: exchange.respond(Response(status: 404))
        }
    }

    private func open(_ exchange: Exchange, _ handler: any ConnectionHandler, keepsContexts: Bool = false) {
        var policy = CompressionPolicy()
        policy.minBytes = 1
        policy.keepsContext = keepsContexts
        policy.peerKeepsContext = keepsContexts
        exchange.upgrade(subprotocol: nil, compression: compresses ? policy : nil, handler: handler)
    }
}

private final class Echo: ConnectionHandler {
    func opened(_ connection: Connection) {}

    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) {
        switch kind {
        case .text: connection.send(text: message)
        case .binary: connection.send(binary: message)
        }
    }

    func drained(_ connection: Connection) {}
    func closed(_ connection: Connection, _ closure: Closure) {}
}

private final class Fanout: ConnectionHandler {
    var place = 0
    private let ring: EchoRing
    private var connections: [Connection] = []
    /// The ways to the other loops, all of which run before anybody connects.
    private lazy var others = ring.fanouts(besides: place)

    init(_ ring: EchoRing) { self.ring = ring }

    func deliver(_ message: EncodedMessage) {
        for connection in connections { connection.send(message) }
    }

    func opened(_ connection: Connection) {
        connections.append(connection)
    }

    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) {
        let encoded = kind == .text ? EncodedMessage(text: message) : EncodedMessage(binary: message)
        for other in connections where other !== connection { other.send(encoded) }
        for other in others { other.post(encoded) }
    }

    func drained(_ connection: Connection) {}

    func closed(_ connection: Connection, _ closure: Closure) {
        connections.removeAll { $0 === connection }
    }
}
