/// One value a check has measured.
public struct Measurement: Sendable, Equatable {
    public var name: String
    public var value: Double
    /// `ratio` (shown as percent), `seconds`, `bytes`, `count` and the like.
    public var unit: String
    /// Said instead of the plain value.
    public var message: String?

    public init(_ name: String, _ value: Double, unit: String = "count", message: String? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.message = message
    }
}

/// What one run of a check found.
public enum CheckReading: Sendable, Equatable {
    /// Values for the bands to judge. One that is left out had nothing to measure (no traffic), which is healthy.
    case measured([Measurement])
    /// The check's own verdict; the bands judge the values beside it, and the worse counts.
    case judged(HealthLevel, String, [Measurement] = [])
    /// The check could not tell.
    case failed(String)

    /// Values of one reading that are kept; the rest is ignored.
    public static let maxMeasurements = 32
    /// Characters of a message that are kept.
    public static let maxMessage = 400

    var measurements: [Measurement] {
        switch self {
        case .measured(let measurements), .judged(_, _, let measurements):
            Array(measurements.prefix(Self.maxMeasurements))
        case .failed: []
        }
    }
}
