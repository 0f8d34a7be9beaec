/// One check as it runs: when it is due, what it found, how bad that is.
struct CheckState: Sendable {
    let check: HealthCheck
    private(set) var interval: AdaptiveInterval
    private(set) var measures: [WatchedMeasure]
    /// The check's own verdict; present once it has given one.
    private var verdict: MeasuredLevel?
    private(set) var verdictMessage: String?
    /// Why nobody can tell: failed, timed out, stale.
    private(set) var trouble: String?
    private(set) var measurements: [Measurement] = []
    private(set) var nextDue: Duration
    private(set) var runningSince: Duration?
    private(set) var hasTimedOut = false
    private(set) var lastStarted: Duration?
    private(set) var lastFinished: Duration?
    private(set) var lastTook: Duration?
    private(set) var consecutiveFailures = 0
    private(set) var counts = CheckCounts()
    private(set) var levelSince: Duration
    private(set) var isRecovering = false
    /// Why the last run came ahead of its time.
    private(set) var hint: String?
    private var isHintedWhileRunning = false
    private var shownLevel = HealthLevel.unknown

    /// A hint runs a check again only when its last run is older than this.
    static let hintSpacing: Duration = .seconds(1)
    /// A result older than this many intervals is stale.
    static let staleIntervals = 3

    init(_ check: HealthCheck, at start: Duration) {
        self.check = check
        interval = AdaptiveInterval(check.bounds)
        measures = check.bands.sorted { $0.key < $1.key }.map { WatchedMeasure(name: $0, band: $1, check: check) }
        nextDue = start
        levelSince = start
    }

    var isRunning: Bool { runningSince != nil }

    var level: HealthLevel {
        guard trouble == nil, lastFinished != nil else { return .unknown }
        return .worst(measures.map(\.state.level) + (verdict.map { [$0.level] } ?? []))
    }

    /// When this check is next due, timed out or stale; nil while only its answer can change it.
    var deadline: Duration? {
        let next = runningSince.map { hasTimedOut ? nil : $0 + check.timeout } ?? nextDue
        return [next, staleAt].compactMap(\.self).min()
    }

    /// When the newest result is too old to be believed; nil when there is none or it says nothing anyway.
    private var staleAt: Duration? {
        guard trouble == nil, let lastFinished else { return nil }
        return lastFinished + max(interval.current, check.bounds.floor) * Self.staleIntervals
    }

    var effectiveInterval: Duration {
        isRecovering ? min(interval.current, IntervalBounds.recovering) : interval.current
    }

    // MARK: Running

    mutating func started(at now: Duration) {
        runningSince = now
        hasTimedOut = false
        lastStarted = now
        isHintedWhileRunning = false
    }

    mutating func finished(
        _ reading: CheckReading, took: Duration, at now: Duration, confirm: Duration, jitter: inout Jitter
    ) {
        let start = runningSince ?? now - took
        let wasTimedOut = hasTimedOut
        runningSince = nil
        hasTimedOut = false
        lastStarted = start
        lastTook = took
        var wanted = MeasuredLevel.NextResult.whenever
        if wasTimedOut || took > check.timeout {
            let reason = "answered after \(took.words), allowed are \(check.timeout.words)"
            if wasTimedOut { trouble = reason } else { fail(reason, isTimeout: true) }
        } else if let reason = Self.failure(in: reading) {
            fail(reason, isTimeout: false)
        } else {
            lastFinished = now
            wanted = judge(reading, at: now)
        }
        var due = now + jitter.spread(effectiveInterval)
        switch wanted {
        case .whenever: break
        case .soon: due = min(due, max(now, start + confirm))
        case .at(let moment): due = min(due, max(moment, start + confirm))
        }
        // A check that has just come back from a timeout is asked again soon, not at once: it may still be slow.
        if wasTimedOut { due = min(due, now + check.bounds.floor) }
        if isHintedWhileRunning { due = min(due, max(now, start + Self.hintSpacing)) }
        nextDue = due
    }

    /// The reason why a reading cannot be judged.
    private static func failure(in reading: CheckReading) -> String? {
        switch reading {
        case .failed(let reason): return shortened(reason)
        case .judged(.unknown, let message, _): return shortened(message)
        case .measured, .judged:
            guard let broken = reading.measurements.first(where: { $0.value.isNaN }) else { return nil }
            return "\(broken.name) is not a number"
        }
    }

    private mutating func judge(_ reading: CheckReading, at now: Duration) -> MeasuredLevel.NextResult {
        trouble = nil
        consecutiveFailures = 0
        counts.ok += 1
        measurements = reading.measurements
        var worstNow = HealthLevel.healthy
        if case .judged(let level, let message, _) = reading {
            verdictMessage = message.isEmpty ? nil : Self.shortened(message)
            verdict = verdict ?? MeasuredLevel(check.hard.contains(HealthCheck.verdict) ? .hard : check.agreement)
            verdict?.record(entered: level, held: level, at: now)
            worstNow = level
        } else {
            verdictMessage = nil
            verdict?.record(entered: .healthy, held: .healthy, at: now)
        }
        for index in measures.indices {
            measures[index].record(measurements.first { $0.name == measures[index].name }, at: now)
            worstNow = .worst([worstNow, measures[index].entered])
        }
        interval.record(
            .level(.worst([level == .unknown ? worstNow : level, worstNow])), reason: reason(at: now),
            timeToThreshold: measures.compactMap { $0.timeToThreshold(at: now) }.min())
        let wishes = measures.map(\.state.wanted) + (verdict.map { [$0.wanted] } ?? [])
        if wishes.contains(.soon) { return .soon }
        let moments = wishes.compactMap { if case .at(let moment) = $0 { moment } else { nil } }
        return moments.min().map { .at($0) } ?? .whenever
    }

    private mutating func fail(_ reason: String, isTimeout: Bool) {
        trouble = reason
        consecutiveFailures += 1
        counts.failed += isTimeout ? 0 : 1
        counts.timeouts += isTimeout ? 1 : 0
        interval.record(.failed(reason))
    }

    /// A run that is over its time, or a result that is too old, leaves nobody knowing.
    mutating func expire(at now: Duration) {
        if let runningSince, !hasTimedOut, now >= runningSince + check.timeout {
            hasTimedOut = true
            fail("no answer within \(check.timeout.words)", isTimeout: true)
        }
        if let staleAt, let lastFinished, now >= staleAt {
            trouble = "stale: no result for \((now - lastFinished).words)"
        }
    }

    // MARK: Ahead of time

    mutating func hinted(_ reason: String, at now: Duration) {
        hint = Self.shortened(reason)
        guard !isRunning else {
            isHintedWhileRunning = true
            return
        }
        nextDue = min(nextDue, max(now, lastStarted.map { $0 + Self.hintSpacing } ?? now))
    }

    mutating func setRecovering(_ isRecovering: Bool, at now: Duration) {
        self.isRecovering = isRecovering
        guard isRecovering, !isRunning else { return }
        nextDue = min(nextDue, max(now, (lastStarted ?? now) + IntervalBounds.recovering))
    }

    // MARK: Words

    /// The level's change since it was last asked, nil for none.
    mutating func takeChange(at now: Duration) -> (from: HealthLevel, to: HealthLevel)? {
        let level = level
        guard level != shownLevel else { return nil }
        defer { shownLevel = level }
        levelSince = now
        return (shownLevel, level)
    }

    /// Why the level is what it is.
    func reason(at now: Duration) -> String {
        if let trouble { return trouble }
        guard lastFinished != nil else { return "no result yet" }
        if let verdictMessage { return verdictMessage }
        let worst = measures.max { badness($0) < badness($1) }
        return worst.map { $0.reason(at: now) } ?? "measured"
    }

    private func badness(_ measure: WatchedMeasure) -> Int {
        measure.state.level.severity * 4 + measure.entered.severity
    }

    private static func shortened(_ text: String) -> String { String(text.prefix(CheckReading.maxMessage)) }
}

/// How the runs of a check ended.
public struct CheckCounts: Sendable, Equatable {
    public var ok = 0
    public var failed = 0
    public var timeouts = 0

    public init() {}
}
