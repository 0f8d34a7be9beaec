import PluginAPI
import WebSocket

/// Whether the store can be relied on, as far as this loop has seen.
struct StoreTrouble {
    /// How long a failure counts when nothing has been asked of the store since.
    private static let memory = Duration.seconds(30)

    private var frozen: Set<RoomID> = []
    private var failedAt: MonotonicTime?

    /// The store could not do what it was asked.
    mutating func failed(at now: MonotonicTime) { failedAt = now }

    /// A room waits to learn whether its record is stored.
    mutating func froze(_ room: RoomID) { frozen.insert(room) }

    /// The store answered for this room, whatever the answer was.
    mutating func settled(_ room: RoomID) { frozen.remove(room) }

    mutating func succeeded() { failedAt = nil }

    func isPresent(at now: MonotonicTime) -> Bool {
        !frozen.isEmpty || failedAt.map { now - $0 < Self.memory } ?? false
    }
}
