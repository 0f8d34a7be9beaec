import PluginAPI
import WebSocket

/// Time as rooms and sessions know it: an event loop in production, a seeded world in simulation.
protocol Timeline: AnyObject {
    /// Runs evenly whatever the wall clock does.
    var now: MonotonicTime { get }
    /// The same clock read anew: `now` stands still while a turn of the loop lasts. For measuring only.
    var exactNow: MonotonicTime { get }
    /// What players and records are told.
    var wallClock: Timestamp { get }

    /// Calls `action` once, at `instant` or as soon after as the thread is free.
    func alarm(at instant: MonotonicTime, _ action: @escaping () -> Void) -> Alarm
}

/// An alarm that has been set; cancelling one that has rung does nothing.
struct Alarm {
    let cancel: () -> Void
}
