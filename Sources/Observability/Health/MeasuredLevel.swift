/// The level of one measured value: N of M results raise it, a run of good ones takes it down step by step.
struct MeasuredLevel: Sendable {
    private let agreement: HealthCheck.Agreement
    private let warningHold: Duration
    private let criticalHold: Duration
    private(set) var level = HealthLevel.unknown
    /// When another result is wanted because the newest one is worse than the level.
    private(set) var wanted = NextResult.whenever
    private var recent: [HealthLevel] = []
    private var goodRun = 0
    private var warningSince: Duration?
    private var criticalSince: Duration?

    enum NextResult: Sendable, Equatable {
        case whenever
        /// One more result may settle it.
        case soon
        /// The value has to stay where it is until then.
        case at(Duration)
    }

    init(_ agreement: HealthCheck.Agreement, warningHold: Duration = .zero, criticalHold: Duration = .zero) {
        self.agreement = agreement
        self.warningHold = warningHold
        self.criticalHold = criticalHold
    }

    /// - Parameters:
    ///   - entered: the level the newest value would enter.
    ///   - held: the level it is not good enough to leave.
    mutating func record(entered: HealthLevel, held: HealthLevel, at now: Duration) {
        recent.append(entered)
        if recent.count > agreement.of { recent.removeFirst() }
        warningSince = entered.severity >= HealthLevel.warning.severity ? warningSince ?? now : nil
        criticalSince = entered == .critical ? criticalSince ?? now : nil

        let target = [HealthLevel.critical, .warning].first { isEntered($0, at: now) } ?? .healthy
        if level == .unknown {
            // Nothing is assumed: a first bad result waits for the one that agrees or disagrees with it.
            if target != .healthy || entered == .healthy || recent.count >= agreement.needed { level = target }
        } else if target.severity > level.severity {
            level = target
            goodRun = 0
        } else if level != .healthy {
            goodRun = held.severity < level.severity ? goodRun + 1 : 0
            if goodRun >= agreement.toLeave {
                level = level.relieved
                goodRun = 0
            }
        }
        wanted = nextResult(after: entered, at: now)
    }

    private func isEntered(_ target: HealthLevel, at now: Duration) -> Bool {
        guard let since = since(target) else { return false }
        return agrees(on: target) && now - since >= hold(target)
    }

    private func agrees(on target: HealthLevel) -> Bool {
        recent.count { $0.severity >= target.severity } >= agreement.needed
    }

    private func since(_ target: HealthLevel) -> Duration? { target == .critical ? criticalSince : warningSince }

    private func hold(_ target: HealthLevel) -> Duration { target == .critical ? criticalHold : warningHold }

    private func nextResult(after entered: HealthLevel, at now: Duration) -> NextResult {
        var earliest: Duration?
        for target in [HealthLevel.warning, .critical] where entered.severity >= target.severity {
            guard level == .unknown || level.severity < target.severity else { continue }
            guard agrees(on: target), let since = since(target) else { return .soon }
            let end = since + hold(target)
            earliest = min(earliest ?? end, end)
        }
        return earliest.map(NextResult.at) ?? .whenever
    }
}
