import PluginAPI
import WebSocket

extension Elapsed {
    /// Between two instants; never negative, because one of them may stem from another thread's clock reading.
    init(from earlier: MonotonicTime, to later: MonotonicTime) {
        self.init(nanoseconds: max(0, later.nanoseconds - earlier.nanoseconds))
    }

    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(nanoseconds: seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
    }
}
