import Synchronization

/// How many rooms are open on all loops together. Counted when a room comes or goes.
final class RoomCeiling: Sendable {
    private let rooms = Atomic(0)

    /// Rooms that are not closed.
    var open: Int { rooms.load(ordering: .relaxed) }

    func add() { rooms.wrappingAdd(1, ordering: .relaxed) }
    func remove() { rooms.wrappingSubtract(1, ordering: .relaxed) }
}
