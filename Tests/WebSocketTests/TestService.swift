import TestSupport
import WebSocket

/// What a connection's handler was told.
enum Told: Equatable, Sendable {
    case opened
    case message(String)
    case drained(unsentBytes: Int)
    case closed(CloseCode, reason: String, Closure.Cause, isClean: Bool)
    case forgotten
}

/// Answers some paths and echoes on `/`; what a client says in words starting with a colon is an order.
final class TestService: RequestHandler, ConnectionHandler {
    private let journal: Journal<Told>
    private let loop: EventLoop
    private let compression: CompressionPolicy?
    private var held: [Exchange] = []
    private var connections: [Connection] = []

    init(_ loop: EventLoop, _ journal: Journal<Told>, compression: CompressionPolicy? = nil) {
        // The loop lets go of its listener, and so of this service, when it ends.
        self.loop = loop
        self.journal = journal
        self.compression = compression
    }

    func handle(_ request: Request, _ exchange: Exchange) {
        switch request.path {
        case "/hello": exchange.respond(Response(status: 200, body: Array("hello \(request.method)".utf8)))
        case "/peer": exchange.respond(Response(status: 200, body: Array(request.peer.utf8)))
        case "/body": exchange.respond(Response(status: 200, body: request.body))
        case "/big": exchange.respond(Response(status: 200, body: [UInt8](repeating: 98, count: 8 << 20)))
        case "/turn": exchange.respond(Response(status: 200, body: Array("\(loop.counters.turns)\n".utf8)))
        case "/later":
            held.append(exchange)
            loop.schedule(at: loop.now) { [self] in held.popLast()?.respond(Response(status: 202)) }
        case "/forget": break
        case "/":
            let subprotocol = request.offeredSubprotocols.first
            exchange.upgrade(subprotocol: subprotocol, compression: compression, handler: self)
        default: exchange.respond(Response(status: 404))
        }
    }

    func opened(_ connection: Connection) {
        connections.append(connection)
        journal.add(.opened)
    }

    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) {
        let text = message.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        switch text.prefix(1) == ":" ? text.dropFirst() : "" {
        case "close": connection.close(CloseCode(rawValue: 4001), reason: "as asked")
        case "abort":
            connection.send(text: Array("never".utf8))
            connection.abort()
        case "all":
            let shared = EncodedMessage(text: Array("to all".utf8))
            for other in connections { other.send(shared) }
        case "all of you":
            let shared = EncodedMessage(text: Array(String(repeating: "to all ", count: 50).utf8))
            for other in connections { other.send(shared) }
        case "secret": connection.send(uncompressed: Array(String(repeating: "secret", count: 100).utf8))
        case "pause": connection.pauseReading()
        case "release":
            for other in connections { other.resumeReading() }
        case "flood":
            // Beyond what the kernel takes, within what the outbox may hold.
            for _ in 0..<64 { connection.send(binary: [UInt8](repeating: 7, count: 64 << 10).span.bytes) }
        case "overflow":
            for _ in 0..<1000 { connection.send(binary: [UInt8](repeating: 7, count: 64 << 10).span.bytes) }
            connection.send(text: Array("never".utf8))
        case "now":
            connection.send(text: Array("one".utf8))
            connection.flush()
            journal.add(.message("\(connection.unsentBytes) bytes unsent"))
            connection.send(text: Array("two".utf8))
        case "much now":
            for _ in 0..<1000 { connection.send(binary: [UInt8](repeating: 7, count: 8 << 10).span.bytes) }
            connection.flush()
            let isRefused = connection.refusedBytes > 0 && connection.refusedBytes == connection.unsentBytes
            journal.add(.message(isRefused ? "refused" : "taken"))
        case "gone":
            connection.abort()
            connection.flush()
        case "twice":
            connection.send(text: Array("one".utf8))
            connection.close(.normal)
            connection.send(text: Array("two".utf8))
            connection.close(.goingAway)
        default:
            journal.add(.message(text.count > 100 ? "\(text.utf8.count) bytes" : text))
            if kind == .text { connection.send(text: message) } else { connection.send(binary: message) }
        }
    }

    func drained(_ connection: Connection) {
        journal.add(.drained(unsentBytes: connection.unsentBytes))
    }

    func closed(_ connection: Connection, _ closure: Closure) {
        connections.removeAll { $0 === connection }
        journal.add(
            .closed(closure.code, reason: closure.reason, closure.cause, isClean: closure.isClean))
    }
}

/// A running loop with a `TestService`, ended when the test lets go of it.
final class TestServer {
    let journal = Journal<Told>()
    private let thread: LoopThread
    var port: UInt16 { thread.port }

    init(
        _ limits: Limits = Limits(), compression: CompressionPolicy? = nil, doorkeeper: Doorkeeper? = nil,
        at address: ListenAddress = ListenAddress(.port(0, host: "127.0.0.1")), options: ListenOptions = ListenOptions()
    ) throws {
        thread = try LoopThread(limits: limits, doorkeeper: doorkeeper, at: address, options: options) {
            [journal] loop in TestService(loop, journal, compression: compression)
        }
    }

    deinit {
        thread.stop()
    }

    func run(_ action: @escaping @Sendable (EventLoop) -> Void) {
        thread.run(action)
    }

    var counters: TransportCounters { thread.ask { $0.counters } }

    /// Returns when the loop's own clock has moved on this far, with everything that was due done.
    func letPass(milliseconds: Int) {
        let passed = Box<Void>()
        thread.run { loop in
            loop.schedule(at: loop.now + .milliseconds(milliseconds)) { passed.put(()) }
        }
        passed.take()
    }

    func stop() {
        thread.run { $0.stop() }
    }
}
