#if DEBUG
@testable import GameServer

extension RoomDirectory {
    /// Rooms that could sleep now, if only for a moment.
    var sleepableRooms: Int { idleRooms(for: .zero).count }

    /// Puts rooms to sleep that nobody is in, those first that have been so for longest.
    ///
    /// - Returns: how many there were, at most `limit`.
    func sleepIdle(atMost limit: Int) -> Int {
        idleRooms(for: .zero).prefix(limit).count { id in self[id].map(sleep) ?? false }
    }
}
#endif
