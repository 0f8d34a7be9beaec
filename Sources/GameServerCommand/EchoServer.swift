import GameServer
import WebSocket

/// The echo service on a loop of its own.
final class EchoServer {
    let port: UInt16
    private let loop: EventLoop
    private let stopped: Mailbox<Void>

    init(host: String, port: UInt16) throws(SystemError) {
        loop = try EventLoop(limits: EchoService.limits)
        self.port = try loop.listen(host: host, port: port, handler: EchoService()).port
        let loop = loop
        stopped = try loop.makeMailbox(capacity: 4) { loop.stop() }
    }

    /// Serves on the calling thread until stopped.
    func run() { loop.run() }

    /// What another thread needs to stop it.
    var stop: @Sendable () -> Void {
        let stopped = stopped
        return { _ = stopped.post(()) }
    }
}
