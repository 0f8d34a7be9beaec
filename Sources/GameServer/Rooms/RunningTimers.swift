import PluginAPI
import WebSocket

/// A match's timers on the monotonic clock: setting the wall clock moves none of them.
struct RunningTimers: Equatable {
    private struct Running: Equatable {
        var timer: GameTimer
        var due: MonotonicTime
        /// When it runs out on the wall clock, for players.
        var shown: Timestamp
    }

    private var running: [String: Running] = [:]
    /// What was left of each when the room paused; nil while they run.
    private var remaining: [String: Duration]?

    /// Takes over the timers of a match as of one step: unchanged ones run on, new ones start at `now`.
    mutating func follow(_ timers: [String: GameTimer], at now: MonotonicTime) {
        var next: [String: Running] = [:]
        for (name, timer) in timers {
            if let known = running[name], known.timer == timer {
                next[name] = known
            } else {
                next[name] = Running(
                    timer: timer, due: now + .milliseconds(timer.durationMs), shown: timer.deadline)
            }
        }
        if remaining != nil {
            // What is set while the room is paused has all its time still before it; what is gone has none.
            remaining = next.mapValues { .milliseconds($0.timer.durationMs) }
                .merging(remaining?.filter { running[$0.key]?.timer == next[$0.key]?.timer } ?? [:]) { $1 }
        }
        running = next
    }

    /// Takes up timers after a restart.
    ///
    /// - Parameter grace: the least that remains of each, so that a restart turns nobody into a bot before they
    ///   could return.
    mutating func restore(
        _ timers: [String: GameTimer], at now: MonotonicTime, wallClock: Timestamp, grace: Duration
    ) {
        running = timers.mapValues { timer in
            let most = max(.milliseconds(timer.durationMs), grace)
            let left = min(max(timer.deadline - wallClock, grace), most)
            return Running(timer: timer, due: now + left, shown: wallClock + left)
        }
    }

    mutating func pause(at now: MonotonicTime) {
        remaining = running.mapValues { max($0.due - now, .zero) }
    }

    /// The timers as they go on from `wallClock`, for the record of the return; nil when they were not paused.
    func timersAfterPause(wallClock: Timestamp) -> [String: GameTimer]? {
        remaining?.reduce(into: [:]) { timers, left in
            let duration = running[left.key]?.timer.durationMs ?? left.value.milliseconds
            timers[left.key] = GameTimer(deadline: wallClock + left.value, durationMs: duration)
        }
    }

    /// Runs on with `timers`, which the record of the return holds.
    ///
    /// - Parameter wallClock: the record's instant, from which their deadlines count.
    mutating func resume(_ timers: [String: GameTimer], at now: MonotonicTime, wallClock: Timestamp) {
        remaining = nil
        running = timers.mapValues { timer in
            Running(timer: timer, due: now + max(timer.deadline - wallClock, .zero), shown: timer.deadline)
        }
    }

    /// The earliest instant and its timer; nil while paused or without timers.
    var next: (name: String, due: MonotonicTime)? {
        guard remaining == nil else { return nil }
        return running.min { ($0.value.due, $0.key) < ($1.value.due, $1.key) }.map { ($0.key, $0.value.due) }
    }

    /// When `name` runs out, for players; nil while it does not run.
    func deadline(of name: String) -> Timestamp? { remaining == nil ? running[name]?.shown : nil }

    /// Forgets a timer that cannot be served.
    mutating func drop(_ name: String) { running[name] = nil }
}
