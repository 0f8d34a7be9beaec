import GameServer

/// `gameserver echo`: the bare WebSocket engine, for conformance and measurements.
enum EchoCommand {
    static func run(_ configuration: Configuration) -> Int32 {
        do {
            let server = try EchoServer(host: configuration.server.host, port: UInt16(configuration.server.port))
            let stop = server.stop
            Signals.wait { _ in stop() }
            Console.say("Echo:  ws://\(configuration.server.host):\(server.port)/ and /fanout")
            Console.say("Ready")
            server.run()
            return Command.ExitCode.fine
        } catch {
            Console.complain("gameserver: \(error)")
            return Command.ExitCode.failed
        }
    }
}
