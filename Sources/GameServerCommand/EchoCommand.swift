import Foundation
import GameServer
import WebSocket

/// `gameserver echo`: the bare WebSocket engine, for conformance and measurements.
enum EchoCommand {
    static func run(_ configuration: Configuration, compresses: Bool) -> Int32 {
        DescriptorLimit.raise()
        HeapPolicy.giveLongBlocksBack()
        let server = configuration.server
        let tls = configuration.tls
        let ring = EchoRing()
        do {
            let context = tls.cert.isEmpty ? nil : try TLSServerContext(TLSServerSettings(tls))
            let doorkeeper = Doorkeeper(EchoService.limits)
            let make = { @Sendable () throws(SystemError) in
                try EchoLoop(in: ring, compresses: compresses, doorkeeper: doorkeeper)
            }
            let first = try make()
            // The setting's range is the port's.
            let listener = try first.loop.listen(
                host: server.host, port: UInt16(server.port), handler: first.service)
            let secure = try context.map { context in
                var options = ListenOptions()
                options.tls = context
                let address = ListenAddress(.port(UInt16(tls.port), host: server.host))
                return try first.loop.listen(at: address, options: options, handler: first.service)
            }
            // One unless told otherwise: it is compared with engines of one thread.
            let others = try (1..<max(1, server.loops)).map { _ in try start(make) }
            for listener in [listener, secure] { listener?.share(with: Array(ring.doors.dropFirst())) }
            Signals.wait { _ in ring.stop() }
            Console.say("Echo:  ws://\(server.host):\(listener.port)/ and /fanout")
            if let secure { Console.say("TLS:   wss://\(server.host):\(secure.port)/ and /fanout") }
            Console.say("Ready")
            first.loop.run()
            for ended in others { ended.wait() }
            return ExitCode.fine
        } catch {
            Console.complain("gameserver: \(error)")
            return ExitCode.failed
        }
    }

    /// Starts one more loop on a thread of its own.
    ///
    /// - Returns: signalled when it has ended.
    private static func start(
        _ make: @escaping @Sendable () throws(SystemError) -> EchoLoop
    ) throws(SystemError) -> DispatchSemaphore {
        let started = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        let failure = EchoRing.Failure()
        let thread = Thread {
            do throws(SystemError) {
                let loop = try make()
                started.signal()
                loop.loop.run()
            } catch {
                failure.put(error)
                started.signal()
            }
            ended.signal()
        }
        thread.start()
        started.wait()
        if let error = failure.error { throw error }
        return ended
    }
}

/// One loop with its service, in the ring of all.
private final class EchoLoop {
    let loop: EventLoop
    let service: EchoService

    init(in ring: EchoRing, compresses: Bool, doorkeeper: Doorkeeper) throws(SystemError) {
        let loop = try EventLoop(limits: EchoService.limits, doorkeeper: doorkeeper)
        let service = EchoService(ring, compresses: compresses)
        self.loop = loop
        self.service = service
        let stop = try loop.makeMailbox(capacity: 1) { [unowned loop] (_: Void) in loop.stop() }
        let fanout = try loop.makeMailbox(capacity: 65_536) { service.deliver($0) }
        service.place = ring.add(door: try loop.makeDoor(handler: service), stop: stop, fanout: fanout)
    }
}
