/// How well the server is at one moment, ready to be shown; a plain value that may cross threads.
public struct HealthReport: Sendable {
    public var at: Duration
    public var overall: HealthLevel
    public var components: [ComponentReport]
    public var checks: [CheckReport]
    /// The newest last.
    public var changes: [LevelChange]
    public var stability: StabilityScore
    public var history: HealthHistory

    public func component(_ name: String) -> ComponentReport? { components.first { $0.name == name } }

    public func check(_ id: String) -> CheckReport? { checks.first { $0.id == id } }
}

/// One part of the server in a report.
public struct ComponentReport: Sendable, Equatable {
    public var name: String
    public var level: HealthLevel
    /// Whether one of its checks can take the server out of service.
    public var isCritical: Bool
    public var checks: [String]
    /// The message of the worst check.
    public var message: String
    /// When a check of it last changed its level.
    public var since: Duration
    /// The most failures in a row of one of its checks.
    public var consecutiveFailures: Int
    /// The shortest interval of its checks.
    public var interval: Duration

    init(_ name: String, _ reports: [CheckReport], since start: Duration) {
        self.name = name
        let worst = reports.max { $0.level.severity < $1.level.severity }
        level = worst?.level ?? .unknown
        isCritical = reports.contains(where: \.isCritical)
        checks = reports.map(\.id)
        message = worst?.message ?? "nobody checks it"
        since = reports.map(\.since).max() ?? start
        consecutiveFailures = reports.map(\.consecutiveFailures).max() ?? 0
        interval = reports.map(\.interval).min() ?? .zero
    }
}

/// One check in a report.
public struct CheckReport: Sendable, Equatable {
    public var id: String
    /// What its values are called.
    public var name: String
    public var component: String
    public var level: HealthLevel
    public var isCritical: Bool
    public var message: String
    public var measurements: [MeasurementReport]
    /// Since the newest result; nil before the first.
    public var age: Duration?
    /// Until the next run; nil while one is under way.
    public var nextCheckIn: Duration?
    public var interval: Duration
    /// Why the interval is what it is.
    public var explanation: String
    /// Why the last run came ahead of its time; nil when none did.
    public var hint: String?
    /// When it came to its level.
    public var since: Duration
    /// How long the newest run took.
    public var took: Duration?
    public var counts: CheckCounts
    public var consecutiveFailures: Int

    init(_ state: CheckState, at now: Duration) {
        var state = state
        state.expire(at: now)
        id = state.check.id
        name = state.check.name
        component = state.check.component
        level = state.level
        isCritical = state.check.isCritical
        message = state.reason(at: now)
        age = state.lastFinished.map { now - $0 }
        nextCheckIn = state.isRunning ? nil : max(.zero, state.nextDue - now)
        interval = state.effectiveInterval
        explanation =
            state.isRecovering
            ? "\(interval.words): a recovery of \(component) is being verified" : state.interval.explanation
        hint = state.hint
        since = state.levelSince
        took = state.lastTook
        counts = state.counts
        consecutiveFailures = state.consecutiveFailures
        measurements = state.measurements.map { measurement in
            MeasurementReport(measurement, state.measures.first { $0.name == measurement.name }, at: now)
        }
    }
}

/// One measured value in a report.
public struct MeasurementReport: Sendable, Equatable {
    public var name: String
    public var value: Double
    public var unit: String
    public var message: String
    /// Healthy when no band judges it.
    public var level: HealthLevel
    /// The threshold it passed, or the one ahead of it.
    public var threshold: Double?
    /// Change per second; nil without a steady trend.
    public var slopePerSecond: Double?
    /// Until the trend passes the next threshold.
    public var timeToThreshold: Duration?

    init(_ measurement: Measurement, _ measure: WatchedMeasure?, at now: Duration) {
        name = measurement.name
        value = measurement.value
        unit = measurement.unit
        let level = measure?.state.level ?? .healthy
        self.level = level
        threshold = measure?.band.shownThreshold(at: level)
        slopePerSecond = measure?.trend.slopePerSecond
        timeToThreshold = measure?.timeToThreshold(at: now)
        let plain = measure?.reason(at: now) ?? "\(measurement.name) \(measurement.valueText)"
        message = String((measurement.message ?? plain).prefix(CheckReading.maxMessage))
    }
}
