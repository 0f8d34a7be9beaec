/// What a metric is called and means; its entry in the catalogue.
public struct MetricDescription: Sendable {
    public enum Kind: String, Sendable {
        case counter, gauge, histogram, info, stateset
    }

    /// The base unit the name ends in, before a counter's `_total`.
    public enum Unit: String, Sendable {
        case none = ""
        case seconds, bytes, ratio
    }

    /// When its series appear in an exposition.
    public enum Presence: Sendable {
        /// From the start, zero until something happens.
        case always
        /// Once it was written: zero would be a wrong answer, or the series would be too many.
        case written
    }

    /// As exposed in text format 0.0.4: ends in its unit and, for counters, in `_total`.
    public let name: String
    public let kind: Kind
    public let unit: Unit
    public let help: String
    public let labels: [MetricAxis]
    /// Upper bounds of the classic buckets in the metric's unit, ascending; empty unless a histogram.
    public let bounds: [Double]
    public let band: MetricBand?
    public let presence: Presence
    /// Whether a counter keeps what counted last; a histogram always can.
    let keepsExemplars: Bool

    init(
        _ name: String, _ kind: Kind, _ help: String, labels: [MetricAxis] = [], bounds: [Double] = [],
        band: MetricBand? = nil, presence: Presence? = nil, keepsExemplars: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.bounds = bounds
        self.band = band
        self.keepsExemplars = keepsExemplars
        self.presence = presence ?? (kind == .histogram && !labels.isEmpty ? .written : .always)
        let stem = kind == .counter && name.hasSuffix("_total") ? name.dropLast(6) : name[...]
        unit = [Unit.seconds, .bytes, .ratio].first { stem.hasSuffix("_" + $0.rawValue) } ?? .none
    }

    /// The family's name in OpenMetrics, without a counter's `_total` and an info's `_info`.
    public var familyName: String {
        switch kind {
        case .counter where name.hasSuffix("_total"): String(name.dropLast(6))
        case .info where name.hasSuffix("_info"): String(name.dropLast(5))
        default: name
        }
    }
}

/// One label of a metric and the closed set its values come from.
public enum MetricAxis: Sendable, Equatable {
    case values(name: String, [String])
    /// Known when the server starts: installed plugins, loops, routes, components of health, volumes.
    case list(MetricList)
    /// Facts of which there is one row each, as the version of the build.
    case text(name: String)

    static func of<Label: MetricLabel>(_ label: Label.Type) -> MetricAxis {
        .values(name: label.labelName, label.allCases.map(\.labelValue))
    }

    public var name: String {
        switch self {
        case .values(let name, _), .text(let name): name
        case .list(let list): list.labelName
        }
    }
}

/// Where a measured value stops being well: strictly beyond `enter` a level is taken, strictly back over `leave` it is left.
public struct MetricBand: Sendable, Equatable {
    public enum Direction: String, Sendable { case above, below }

    public let direction: Direction
    public let enterWarning: Double?
    public let leaveWarning: Double?
    public let enterCritical: Double?
    public let leaveCritical: Double?
    /// How the value is had from the metric, in words: `p95`, `share of all`, `per minute`.
    public let reading: String

    static func above(
        warning: (enter: Double, leave: Double)?, critical: (enter: Double, leave: Double)?,
        of reading: String = "value"
    ) -> MetricBand {
        MetricBand(.above, warning, critical, reading)
    }

    static func below(
        warning: (enter: Double, leave: Double)?, critical: (enter: Double, leave: Double)?,
        of reading: String = "value"
    ) -> MetricBand {
        MetricBand(.below, warning, critical, reading)
    }

    private init(
        _ direction: Direction, _ warning: (enter: Double, leave: Double)?,
        _ critical: (enter: Double, leave: Double)?, _ reading: String
    ) {
        self.direction = direction
        enterWarning = warning?.enter
        leaveWarning = warning?.leave
        enterCritical = critical?.enter
        leaveCritical = critical?.leave
        self.reading = reading
    }
}
