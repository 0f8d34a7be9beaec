import PluginAPI
import WebSocket

/// Whether the store can be relied on, as far as this loop has seen. Lives on the loop.
final class StoreTrouble {
    /// What other threads may know of it.
    struct State: Sendable {
        /// How long a failure counts when nothing has been asked of the store since.
        private static let memory = Duration.seconds(30)

        fileprivate(set) var isFrozen = false
        fileprivate(set) var failedAt: MonotonicTime?

        func isPresent(at now: MonotonicTime) -> Bool {
            isFrozen || failedAt.map { now - $0 < Self.memory } ?? false
        }
    }

    private var frozen: Set<RoomID> = []
    private var state = State()
    /// Told when it begins, changes or ends; not for every record that is stored.
    var onChange: (State) -> Void = { _ in }

    /// The store could not do what it was asked.
    func failed(at now: MonotonicTime) {
        state.failedAt = now
        onChange(state)
    }

    /// A room waits to learn whether its record is stored.
    func froze(_ room: RoomID) {
        if frozen.insert(room).inserted { noteFrozen() }
    }

    /// The store answered for this room, whatever the answer was.
    func settled(_ room: RoomID) {
        if frozen.remove(room) != nil { noteFrozen() }
    }

    func succeeded() {
        guard state.failedAt != nil else { return }
        state.failedAt = nil
        onChange(state)
    }

    private func noteFrozen() {
        guard state.isFrozen == frozen.isEmpty else { return }
        state.isFrozen = !frozen.isEmpty
        onChange(state)
    }

    func isPresent(at now: MonotonicTime) -> Bool { state.isPresent(at: now) }
}
