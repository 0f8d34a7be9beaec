import GameServer
import WebSocket

/// `gameserver echo`: the bare WebSocket engine, for conformance and measurements.
enum EchoCommand {
    static func run(_ server: Configuration.Server, compresses: Bool) -> Int32 {
        DescriptorLimit.raise()
        do {
            let loop = try EventLoop(limits: EchoService.limits)
            // The setting's range is the port's.
            let service = EchoService(compresses: compresses)
            let listener = try loop.listen(host: server.host, port: UInt16(server.port), handler: service)
            let stop = try loop.makeMailbox(capacity: 1) { (_: Void) in loop.stop() }
            Signals.wait { _ in stop.post(()) }
            Console.say("Echo:  ws://\(server.host):\(listener.port)/ and /fanout")
            Console.say("Ready")
            loop.run()
            return ExitCode.fine
        } catch {
            Console.complain("gameserver: \(error)")
            return ExitCode.failed
        }
    }
}
