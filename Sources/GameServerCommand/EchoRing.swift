import Synchronization
import WebSocket

/// The loops of `gameserver echo` as they reach each other. Filled while it starts.
final class EchoRing: Sendable {
    private struct Place {
        let door: Door
        let stop: Mailbox<Void>
        let fanout: Mailbox<EncodedMessage>
    }

    private let places = Mutex<[Place]>([])

    /// - Returns: the number of the place.
    func add(door: Door, stop: Mailbox<Void>, fanout: Mailbox<EncodedMessage>) -> Int {
        places.withLock { places in
            places.append(Place(door: door, stop: stop, fanout: fanout))
            return places.count - 1
        }
    }

    var doors: [Door] { places.withLock { $0.map(\.door) } }

    func fanouts(besides own: Int) -> [Mailbox<EncodedMessage>] {
        places.withLock { places in places.indices.filter { $0 != own }.map { places[$0].fanout } }
    }

    func stop() {
        for stop in places.withLock({ $0.map(\.stop) }) { stop.post(()) }
    }

    /// Why a loop could not start, from its thread to the one that waits.
    final class Failure: Sendable {
        private let found = Mutex<SystemError?>(nil)
        var error: SystemError? { found.withLock { $0 } }
        func put(_ error: SystemError) { found.withLock { $0 = error } }
    }
}
