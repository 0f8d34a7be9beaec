/// What one step counted. It is part of the step: nothing of it counts unless the step's record is stored.
public struct Observations: Hashable, Sendable {
    /// Most of one step; what goes beyond is lost.
    public static let maxCount = 128

    /// One change of one series.
    public struct Observation: Hashable, Sendable {
        public enum Change: Hashable, Sendable {
            case count(Int)
            case set(Double)
            /// In the metric's unit.
            case record(Double)
        }

        /// Place of the metric in the manifest.
        public let metric: Int
        /// Place of the label's value; the number of values stands for `_other`, 0 for a metric without a label.
        public let value: Int
        public let change: Change
    }

    public private(set) var all: [Observation] = []
    /// Beyond `maxCount`, or not of the metric's kind, or no number.
    public private(set) var lost = 0

    public init() {}

    public var isEmpty: Bool { all.isEmpty && lost == 0 }

    mutating func note(_ metric: PluginMetric, _ value: String?, _ change: Observation.Change) {
        guard all.count < Self.maxCount, Self.fits(change, metric.kind) else {
            lost += 1
            return
        }
        all.append(Observation(metric: metric.index, value: metric.place(of: value), change: change))
    }

    private static func fits(_ change: Observation.Change, _ kind: PluginMetric.Kind) -> Bool {
        switch (change, kind) {
        case (.count(let amount), .counter): amount >= 0
        case (.set(let number), .gauge), (.record(let number), .histogram): number.isFinite
        default: false
        }
    }
}

extension Step {
    /// Adds to a counter, when and only when this step's record is stored.
    ///
    /// - Parameters:
    ///   - value: what the metric's label says; one that was not declared counts as `_other`.
    ///   - amount: 0 or more; a counter never falls.
    public mutating func count(_ metric: PluginMetric, _ value: String? = nil, by amount: Int = 1) {
        if amount != 0 { observations.note(metric, value, .count(amount)) }
    }

    /// Adds one number to a histogram, in the unit its name ends in.
    public mutating func record(_ metric: PluginMetric, _ number: Double, _ value: String? = nil) {
        observations.note(metric, value, .record(number))
    }

    /// Adds one span of time to a histogram of seconds.
    public mutating func record(_ metric: PluginMetric, _ span: Duration, _ value: String? = nil) {
        let (seconds, attoseconds) = span.components
        observations.note(metric, value, .record(Double(seconds) + Double(attoseconds) / 1e18))
    }

    /// Sets a gauge.
    public mutating func set(_ metric: PluginMetric, to number: Double, _ value: String? = nil) {
        observations.note(metric, value, .set(number))
    }
}
