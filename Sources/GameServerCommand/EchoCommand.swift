import Foundation
import GameServer
import WebSocket

/// `gameserver echo`: the bare WebSocket engine, for conformance and measurements.
enum EchoCommand {
    static func run(_ server: Configuration.Server) -> Int32 {
        DescriptorLimit.raise()
        let ring = EchoRing()
        do {
            let first = try EchoLoop(in: ring, sharing: nil)
            // The setting's range is the port's.
            let listener = try first.loop.listen(host: server.host, port: UInt16(server.port), handler: first.service)
            // One unless told otherwise: it is compared with engines of one thread.
            let others = try (1..<max(1, server.loops)).map { _ in try start(in: ring, with: first.occupancy) }
            listener.share(with: Array(ring.doors.dropFirst()))
            Signals.wait { _ in ring.stop() }
            Console.say("Echo:  ws://\(server.host):\(listener.port)/ and /fanout")
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
    private static func start(in ring: EchoRing, with occupancy: Occupancy) throws(SystemError) -> DispatchSemaphore {
        let started = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        let failure = EchoRing.Failure()
        let thread = Thread {
            do throws(SystemError) {
                let loop = try EchoLoop(in: ring, sharing: occupancy)
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
    let occupancy: Occupancy

    init(in ring: EchoRing, sharing occupancy: Occupancy?) throws(SystemError) {
        let occupancy = occupancy ?? Occupancy()
        let loop = try EventLoop(limits: EchoService.limits, occupancy: occupancy)
        let service = EchoService(ring)
        self.loop = loop
        self.service = service
        self.occupancy = occupancy
        let stop = try loop.makeMailbox(capacity: 1) { [unowned loop] (_: Void) in loop.stop() }
        let fanout = try loop.makeMailbox(capacity: 65_536) { service.deliver($0) }
        service.place = ring.add(door: try loop.makeDoor(handler: service), stop: stop, fanout: fanout)
    }
}
