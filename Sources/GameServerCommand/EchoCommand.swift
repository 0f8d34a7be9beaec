import GameServer
import WebSocket

/// `gameserver echo`: the bare WebSocket engine, for conformance and measurements.
enum EchoCommand {
    static func run(_ configuration: Configuration, compresses: Bool) -> Int32 {
        DescriptorLimit.raise()
        let server = configuration.server
        let tls = configuration.tls
        do {
            let context = tls.cert.isEmpty ? nil : try TLSServerContext(TLSServerSettings(tls))
            let loop = try EventLoop(limits: EchoService.limits)
            // The setting's range is the port's.
            let service = EchoService(compresses: compresses)
            let listener = try loop.listen(host: server.host, port: UInt16(server.port), handler: service)
            let secure = try context.map { context in
                var options = ListenOptions()
                options.tls = context
                let address = ListenAddress(.port(UInt16(tls.port), host: server.host))
                return try loop.listen(at: address, options: options, handler: service)
            }
            let stop = try loop.makeMailbox(capacity: 1) { (_: Void) in loop.stop() }
            Signals.wait { _ in stop.post(()) }
            Console.say("Echo:  ws://\(server.host):\(listener.port)/ and /fanout")
            if let secure { Console.say("TLS:   wss://\(server.host):\(secure.port)/ and /fanout") }
            Console.say("Ready")
            loop.run()
            return ExitCode.fine
        } catch {
            Console.complain("gameserver: \(error)")
            return ExitCode.failed
        }
    }
}
