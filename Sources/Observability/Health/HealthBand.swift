/// Where a measured value stops being fine, and how far it must come back until it is fine again.
///
/// A value strictly beyond an enter threshold is at that level; a level is left only when the value is no longer
/// strictly beyond its leave threshold. Without an enter threshold the level is never reached.
public struct HealthBand: Sendable, Equatable {
    /// The side on which values are bad.
    public enum Direction: Sendable { case above, below }

    public var enterWarning: Double?
    public var leaveWarning: Double?
    public var enterCritical: Double?
    public var leaveCritical: Double?
    public var direction: Direction
    /// How long a value must stay beyond the threshold before the level counts; zero for at once.
    public var warningHold: Duration
    public var criticalHold: Duration
    public var earlyWarning: EarlyWarning?

    /// A warning ahead of the threshold: the trend reaches `limit` within `within`.
    public struct EarlyWarning: Sendable, Equatable {
        public var limit: Double
        public var within: Duration

        public init(limit: Double, within: Duration) {
            self.limit = limit
            self.within = within
        }

        /// The trend must have been watched for this part of the time it looks ahead.
        var minWatched: Duration { within / 96 }
        /// A warning given is taken back only when the limit is this much further away.
        var leaveWithin: Duration { within * 5 / 4 }
    }

    /// - Parameters:
    ///   - warning, critical: the enter thresholds; nil for a level that is never reached.
    ///   - leaveWarning, leaveCritical: the enter threshold when nil.
    public init(
        _ direction: Direction, warning: Double? = nil, leaveWarning: Double? = nil, critical: Double? = nil,
        leaveCritical: Double? = nil, warningHold: Duration = .zero, criticalHold: Duration = .zero,
        earlyWarning: EarlyWarning? = nil
    ) {
        self.direction = direction
        enterWarning = warning
        self.leaveWarning = leaveWarning ?? warning
        enterCritical = critical
        self.leaveCritical = leaveCritical ?? critical
        self.warningHold = warningHold
        self.criticalHold = criticalHold
        self.earlyWarning = earlyWarning
    }

    /// The level this value alone would enter.
    public func entered(_ value: Double) -> HealthLevel {
        guard !value.isNaN else { return .unknown }
        if isBeyond(value, enterCritical) { return .critical }
        return isBeyond(value, enterWarning) ? .warning : .healthy
    }

    /// The level this value is not good enough to leave.
    public func held(_ value: Double) -> HealthLevel {
        guard !value.isNaN else { return .unknown }
        if isBeyond(value, leaveCritical) || isBeyond(value, enterCritical) { return .critical }
        return isBeyond(value, leaveWarning) || isBeyond(value, enterWarning) ? .warning : .healthy
    }

    func hold(_ level: HealthLevel) -> Duration { level == .critical ? criticalHold : warningHold }

    /// The next threshold a value at this level would pass on its way down.
    func nextThreshold(from level: HealthLevel) -> Double? {
        switch level {
        case .healthy: enterWarning ?? enterCritical
        case .warning: enterCritical
        case .critical, .unknown: nil
        }
    }

    /// The threshold to show beside a value at this level: the one it passed, or the one ahead of it.
    func shownThreshold(at level: HealthLevel) -> Double? {
        level == .critical ? enterCritical ?? enterWarning : enterWarning ?? enterCritical
    }

    private func isBeyond(_ value: Double, _ threshold: Double?) -> Bool {
        guard let threshold else { return false }
        return direction == .above ? value > threshold : value < threshold
    }
}
