import Observability
import PluginAPI

// What a restart must not make the monitor forget: attempts, procedures that did harm or were switched off, and
// that it was a restart.

extension MonitorCore {
    /// How far back is looked, in events of all kinds: attempts count for an hour, but what is off is off until somebody
    /// switches it on.
    private static let remembered = 10_000
    private static let page = 500

    /// Recovery waits no longer for what is stored of it.
    private static let patience = Duration.seconds(5)
    private static let retryAfter = Duration.seconds(1)
    private static let attempts = 4

    /// Notes the start, asks the store for the newest events, oldest first, and has recovery take them up.
    func rememberRuns() {
        let own = SystemEvent(at: wallClock, kind: .serverStart, subject: "server", actor: "server")
        starts = [own.at]
        parts.store.note(own) { [logger] outcome in
            if case .stored = outcome { return }
            logger.log(.warning, .system, "start_not_stored", "the start could not be kept as an event: \(outcome)")
        }
        remembering = Remembering(until: now + Self.patience)
        readOn()
    }

    func isRemembering(at now: Duration) -> Bool { remembering.map { now < $0.until } ?? false }

    /// Asks the store once more when it could not answer.
    func rememberAgain(at now: Duration) {
        guard let retry = remembering?.retry, now >= retry else { return }
        remembering?.retry = nil
        readOn()
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
    private func readOn() {
        guard let reading = remembering else { return }
        parts.store.systemEvents(after: reading.after, limit: reading.last == nil ? 1 : Self.page, kind: nil) {
            [monitor] outcome in
            monitor.post(.work { core in core.takeUp(outcome) })
        }
    }

    private func takeUp(_ outcome: SystemEventsOutcome) {
        guard var reading = remembering else { return }
        guard case .events(let page, let newest) = outcome else { return failedToRemember(reading) }
        if let last = reading.last {
            let events = page.filter { $0.number <= last }.map(\.event)
            RecoveryMemory(wallClock: wallClock, now: now).replay(events, into: &recovery)
            // This start is known, and may have been stored by the time the store was asked.
            let own = starts.first
            starts += events.filter { $0.kind == .serverStart && $0.at != own }.map(\.at)
            reading.after = page.last?.number ?? last
        } else {
            reading.last = newest
            reading.after = max(0, newest - Self.remembered)
        }
        let isWhole = reading.after >= reading.last ?? 0
        remembering = isWhole ? nil : reading
        if isWhole && reading.failures > 0 {
            logger.log(.notice, .system, "runs_remembered", "what is stored of recovery was taken up at last")
        }
        readOn()
    }

    private func failedToRemember(_ reading: Remembering) {
        var reading = reading
        reading.failures += 1
        reading.retry = now + Self.retryAfter
        let goesOn = reading.failures < Self.attempts
        remembering = goesOn ? reading : nil
        logger.log(
            .warning, .system, "runs_not_remembered",
            "what is stored of recovery could not be read: \(goesOn ? "it is tried again" : "it is left at that")")
    }
}

/// The reading of what is stored of recovery, for as long as it lasts.
struct Remembering {
    /// From then on recovery decides, whatever has come.
    let until: Duration
    /// Number of the last event there was; nil until the store has said.
    var last: Int?
    /// Number of the last event that was taken up.
    var after = 0
    var failures = 0
    /// When the store is asked again.
    var retry: Duration?

    init(until: Duration) { self.until = until }
}
