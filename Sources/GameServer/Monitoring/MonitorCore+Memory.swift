import Observability
import PluginAPI

// What a restart must not make the monitor forget: attempts, procedures that did harm or were switched off, and
// that it was a restart.

extension MonitorCore {
    /// How far back is looked, in events of all kinds: attempts count for an hour, but what is off is off until somebody
    /// switches it on.
    private static let remembered = 10_000
    private static let page = 500

    /// Asks the store for the newest events, oldest first, and has recovery take them up.
    func rememberRuns() {
        let own = SystemEvent(at: wallClock, kind: .serverStart, subject: "server", actor: "server")
        starts = [own.at]
        parts.store.systemEvents(after: 0, limit: 1, kind: nil) { [store = parts.store, monitor, logger] outcome in
            guard case .events(_, let last) = outcome else { return }
            Self.read(store, after: max(0, last - Self.remembered), upTo: last, monitor)
            store.note(own) { outcome in
                if case .stored = outcome { return }
                logger.log(.warning, .system, "start_not_stored", "the start could not be kept as an event: \(outcome)")
            }
        }
    }

    /// Starts of the last day, the very first that is known left out.
    static func restarts(among starts: [PluginAPI.Timestamp], at now: PluginAPI.Timestamp) -> Int {
        starts.sorted().dropFirst().count { now - $0 <= .seconds(86_400) }
    }

    func judgeStability() {
        health.stability.recoveries = recovery.recentAttempts(at: now)
        health.stability.burnRate = signals.burnRate
        health.stability.restarts = Self.restarts(among: starts, at: wallClock)
        metrics.stabilityScore.set(health.score.value)
    }

    /// Page by page, up to what there was when the server started: what came since is known.
    private static func read(_ store: any EventStore, after number: Int, upTo last: Int, _ monitor: Monitor) {
        guard number < last else { return }
        store.systemEvents(after: number, limit: Self.page, kind: nil) { outcome in
            guard case .events(let all, _) = outcome, let newest = all.last?.number else { return }
            let events = all.filter { $0.number <= last }.map(\.event)
            _ = monitor.work { core in
                RecoveryMemory(wallClock: core.wallClock, now: core.now).replay(events, into: &core.recovery)
                core.starts += events.filter { $0.kind == .serverStart }.map(\.at)
            }
            Self.read(store, after: newest, upTo: last, monitor)
        }
    }
}
