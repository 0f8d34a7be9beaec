import TestSupport

@testable import WebSocket

/// What a client's handler was told.
enum Met: Equatable, Sendable {
    case opened
    case message(String)
    case closed(CloseCode, Closure.Cause, isClean: Bool)
    case failed(ConnectFailure)
}

/// Says what it is given once it is open, writes down what happens, and closes when it has heard as much as it said.
private final class Caller: ClientHandler {
    private let journal: Journal<Met>
    private let says: [String]
    private var heard = 0

    init(_ journal: Journal<Met>, says: [String]) {
        self.journal = journal
        self.says = says
    }

    func failed(_ failure: ConnectFailure) { journal.add(.failed(failure)) }

    func opened(_ connection: Connection) {
        journal.add(.opened)
        for text in says { connection.send(text: Array(text.utf8)) }
    }

    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) {
        let text = message.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        journal.add(.message(text.count > 100 ? "\(text.utf8.count) bytes" : text))
        heard += 1
        if heard == says.count { connection.close(.normal) }
    }

    func drained(_ connection: Connection) {}

    func closed(_ connection: Connection, _ closure: Closure) {
        journal.add(.closed(closure.code, closure.cause, isClean: closure.isClean))
    }
}

/// A loop that calls servers.
final class CallingLoop {
    let journal = Journal<Met>()
    private let thread: LoopThread

    init(_ limits: Limits = Limits()) throws {
        thread = try LoopThread(limits: limits) { loop in TestService(loop, Journal<Told>()) }
    }

    deinit { thread.stop() }

    /// - Returns: what `connect` threw.
    @discardableResult
    func call(_ request: ClientRequest, tls: TLSClientContext? = nil, says: [String] = []) -> SystemError? {
        let journal = journal
        return thread.ask { loop -> SystemError? in
            do throws(SystemError) {
                try loop.connect(request, tls: tls, handler: Caller(journal, says: says))
                return nil
            } catch {
                return error
            }
        }
    }

    /// Calls a server whose name leads to several ports of the loopback.
    func call(_ request: ClientRequest, tls: TLSClientContext?, says: [String], at ports: [UInt16]) {
        let journal = journal
        thread.run { loop in
            let caller = Caller(journal, says: says)
            do throws(SystemError) {
                var addresses: [SocketAddress] = []
                for port in ports { addresses += try SocketAddress.lookUp(host: "127.0.0.1", port: port) }
                try ClientSocket(request, tls: tls, shared: loop.shared, handler: caller).start(addresses)
            } catch {
                caller.failed(.system(error))
            }
        }
    }

    func stop() { thread.run { $0.stop() } }

    var counters: TransportCounters { thread.ask { $0.counters } }
}
