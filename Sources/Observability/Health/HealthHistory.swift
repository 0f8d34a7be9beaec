/// What the levels and values were: the last hour in steps of 10 s, the last day in steps of 1 min.
///
/// The memory is taken at the start and never grows. A step keeps the worst level seen in it and the last values.
public struct HealthHistory: Sendable {
    public enum Resolution: String, CaseIterable, Sendable {
        /// 360 steps of 10 s.
        case hour
        /// 1440 steps of 1 min.
        case day

        public var step: Duration { self == .hour ? .seconds(10) : .seconds(60) }
        public var capacity: Int { self == .hour ? 360 : 1440 }
    }

    public let components: [String]
    /// `check.measurement` of every value that has a band.
    public let values: [String]
    private let origin: Duration
    private var hour: Ring
    private var day: Ring

    init(components: [String], values: [String], at origin: Duration) {
        self.components = components
        self.values = values
        self.origin = origin
        hour = Ring(.hour, levels: components.count + 1, values: values.count)
        day = Ring(.day, levels: components.count + 1, values: values.count)
    }

    /// The steps that have ended by now become history.
    mutating func advance(to now: Duration) {
        hour.advance(by: now - origin)
        day.advance(by: now - origin)
    }

    /// - Parameter levels: the whole server's, then one per component.
    mutating func note(levels: [HealthLevel], values: [Float], at now: Duration) {
        advance(to: now)
        hour.note(levels, values)
        day.note(levels, values)
    }

    /// Part of the last hour in which the whole server was not healthy; a server younger than that counts as healthy
    /// before its start.
    public var notHealthyShare: Double {
        Double(hour.rows.count { hour.level($0, column: 0) != .healthy }) / Double(Resolution.hour.capacity)
    }

    /// One page of ended steps, oldest first.
    ///
    /// - Parameters:
    ///   - after: number of the last step already seen; nil for the oldest kept.
    ///   - limit: most steps; at most the capacity of the resolution.
    public func page(_ resolution: Resolution, after: Int? = nil, limit: Int = 360) -> HealthHistoryPage {
        let ring = resolution == .hour ? hour : day
        let oldest = ring.rows.lowerBound
        let end = ring.rows.upperBound
        let first = after.map { min(max($0, oldest - 1), end - 1) + 1 } ?? oldest
        let last = min(end, first + min(max(limit, 0), resolution.capacity))
        let rows = first..<last
        return HealthHistoryPage(
            step: resolution.step, first: first, start: origin + resolution.step * first,
            overall: rows.map { ring.level($0, column: 0) },
            components: components.enumerated().map { index, name in
                .init(name: name, levels: rows.map { ring.level($0, column: index + 1) })
            },
            values: values.enumerated().map { index, name in
                .init(name: name, values: rows.map { ring.value($0, column: index) })
            },
            next: last < end && last > first ? last - 1 : nil)
    }
}

/// One stretch of history; every list has one entry per step.
public struct HealthHistoryPage: Sendable, Equatable {
    public struct Levels: Sendable, Equatable {
        public var name: String
        public var levels: [HealthLevel]
    }

    public struct Values: Sendable, Equatable {
        public var name: String
        /// nil where nothing was measured.
        public var values: [Double?]
    }

    public var step: Duration
    /// Number of the first step.
    public var first: Int
    /// When the first step began.
    public var start: Duration
    public var overall: [HealthLevel]
    public var components: [Levels]
    public var values: [Values]
    /// The `after` of the next page; nil when this is the last.
    public var next: Int?
}

/// Rows of levels and values in a fixed number of places; the newest replaces the oldest.
private struct Ring: Sendable {
    private let resolution: HealthHistory.Resolution
    private var levels: [UInt8]
    private var values: [Float]
    private var worst: [HealthLevel]
    private var current: [HealthLevel]
    private var currentValues: [Float]
    private var ended = 0

    init(_ resolution: HealthHistory.Resolution, levels columns: Int, values count: Int) {
        self.resolution = resolution
        levels = Array(repeating: UInt8(HealthLevel.unknown.rawValue), count: columns * resolution.capacity)
        values = Array(repeating: .nan, count: count * resolution.capacity)
        current = Array(repeating: .unknown, count: columns)
        worst = current
        currentValues = Array(repeating: .nan, count: count)
    }

    /// Numbers of the rows kept.
    var rows: Range<Int> { max(0, ended - resolution.capacity)..<ended }

    mutating func advance(by elapsed: Duration) {
        let target = Int(elapsed / resolution.step)
        guard target > ended else { return }
        // After a gap longer than the ring only the rows that fit are written.
        if target - ended > resolution.capacity {
            ended = target - resolution.capacity
            worst = current
        }
        while ended < target {
            let row = ended % resolution.capacity
            for (column, level) in worst.enumerated() {
                levels[row * worst.count + column] = UInt8(level.rawValue)
            }
            for (column, value) in currentValues.enumerated() { values[row * currentValues.count + column] = value }
            worst = current
            ended += 1
        }
    }

    mutating func note(_ levels: [HealthLevel], _ values: [Float]) {
        for (column, level) in levels.enumerated() { worst[column] = .worst([worst[column], level]) }
        current = levels
        currentValues = values
    }

    func level(_ row: Int, column: Int) -> HealthLevel {
        HealthLevel(rawValue: Int(levels[row % resolution.capacity * current.count + column])) ?? .unknown
    }

    func value(_ row: Int, column: Int) -> Double? {
        let value = values[row % resolution.capacity * currentValues.count + column]
        return value.isNaN ? nil : Double(value)
    }
}
