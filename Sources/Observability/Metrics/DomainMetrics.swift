/// What one plugin declares that it counts or measures.
public struct DomainMetricDescription: Sendable, Equatable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// The plugin's id.
    public var plugin: String
    /// In snake_case, ending in its unit and, for a counter, in `_total`; exposed as `gameserver_<plugin>_<name>`.
    public var name: String
    public var kind: Kind
    public var help: String
    /// Nil for none; what is counted is then one number.
    public var label: String?
    /// All values the label may take.
    public var values: [String]
    /// Upper bounds of a histogram's buckets, ascending, in the unit of the name.
    public var bounds: [Double]

    public init(
        plugin: String, name: String, kind: Kind, help: String, label: String? = nil, values: [String] = [],
        bounds: [Double] = []
    ) {
        self.plugin = plugin
        self.name = name
        self.kind = kind
        self.help = help
        self.label = label
        self.values = values
        self.bounds = bounds
    }
}

/// Why a plugin's metric is not taken.
public enum DomainMetricError: Error, Equatable, CustomStringConvertible {
    case badName(metric: String, String)
    case forbiddenLabel(metric: String, String)
    case badBounds(metric: String)
    case duplicate(metric: String)
    case noHelp(metric: String)

    public var description: String {
        switch self {
        case .badName(let metric, let why): "metric \(metric): \(why)"
        case .forbiddenLabel(let metric, let label):
            "metric \(metric): the label \(label) is not allowed, its values would be without end or are taken"
        case .badBounds(let metric):
            "metric \(metric): a histogram needs 1 to 50 ascending bounds from 0.000001 to 100000000, others none"
        case .duplicate(let metric): "metric \(metric) is declared twice, `_total` left aside"
        case .noHelp(let metric): "metric \(metric) says nothing of what it means"
        }
    }
}

/// The metrics that plugins declared, each by the number of its declaration.
///
/// Their labels are closed: a value that was not declared, and what is beyond the ceilings, counts as `_other` and in
/// `gameserver_metrics_overflow_total`.
public struct DomainMetrics: Sendable {
    /// Series of one metric, `_other` included.
    public static let maxSeriesPerFamily = 200
    /// Series of one plugin; its metrics get what they declare in their order until it is used up.
    public static let maxSeriesPerPlugin = 500

    public static let none = DomainMetrics(families: [], places: [])

    let families: [MetricFamily]
    /// For each metric where a label's value stands; empty without a label.
    private let places: [[String: Int]]

    private init(families: [MetricFamily], places: [[String: Int]]) {
        self.families = families
        self.places = places
    }

    /// - Throws: `DomainMetricError` for the first description that breaks a rule.
    public init(_ descriptions: [DomainMetricDescription]) throws(DomainMetricError) {
        var families: [MetricFamily] = []
        var places: [[String: Int]] = []
        // A counter's family has no `_total`, so two names can be one family.
        var taken = Set(MetricCatalogue.all.map(\.familyName))
        var used: [String: Int] = [:]
        for description in descriptions {
            let name = try description.checkedName()
            // A histogram counts as one series: its buckets are one row, and one native histogram.
            let left = Self.maxSeriesPerPlugin - used[description.plugin, default: 0]
            var axes: [MetricAxis] = []
            var place: [String: Int] = [:]
            if let label = description.label {
                let room = max(0, min(Self.maxSeriesPerFamily, left) - 1)
                for value in description.values where place.count < room && value != MetricLists.other {
                    if place[value] == nil { place[value] = place.count }
                }
                let values = place.sorted { $0.value < $1.value }.map(\.key) + [MetricLists.other]
                axes = [.values(name: label, values)]
            }
            used[description.plugin, default: 0] += place.count + 1
            let kind: MetricDescription.Kind =
                switch description.kind {
                case .counter: .counter
                case .gauge: .gauge
                case .histogram: .histogram
                }
            let row = MetricDescription(name, kind, description.help, labels: axes, bounds: description.bounds)
            guard taken.insert(row.familyName).inserted else { throw .duplicate(metric: name) }
            families.append(MetricFamily(domain: row))
            places.append(place)
        }
        self.families = families
        self.places = places
    }

    public var count: Int { families.count }

    /// Adds to a counter or a gauge.
    ///
    /// - Parameters:
    ///   - metric: the number of its declaration.
    ///   - value: of its label.
    public func add(_ amount: Int = 1, _ metric: Int, _ value: String? = nil, by writer: MetricWriter? = nil) {
        let family = families[metric]
        let index = place(value, of: metric)
        switch family.storage {
        case .counter(let cells): cells.add(Self.bounded(max(0, amount), cells, index), at: index, by: writer)
        case .gauge(let cells): cells.add(Self.bounded(amount, cells.added, index), at: index, by: writer)
        case .histogram: break
        }
    }

    /// A sum that would pass it stays there: a counter that fell would look like a restart.
    static let ceiling = Int.max / 2
    /// Below it a sum reaches the ceiling in no time a server runs, and is not looked at.
    private static let harmless = 1 << 20

    /// In fine units, more than a year in nanoseconds: a few hundred of them still have a sum.
    private static let mostRecorded = Double(Int.max >> 8)

    private static func bounded(_ amount: Int, _ cells: MetricCells, _ index: Int) -> Int {
        guard amount.magnitude > harmless else { return amount }
        let sum = cells.value(at: index)
        return amount > 0 ? min(amount, max(0, ceiling - sum)) : max(amount, min(0, -ceiling - sum))
    }

    /// Sets a gauge; infinity and what is no number are refused.
    public func set(_ number: Double, _ metric: Int, _ value: String? = nil) {
        guard number.isFinite, case .gauge(let cells) = families[metric].storage else { return }
        cells.set(number, at: place(value, of: metric))
    }

    /// Records a number in the unit of the metric; infinity and what is no number are refused.
    public func record(_ number: Double, _ metric: Int, _ value: String? = nil, by writer: MetricWriter? = nil) {
        guard case .histogram(let rows) = families[metric].storage, number.isFinite else { return }
        let fine = Int(min(max(0, number * rows.layout.scale), Self.mostRecorded).rounded())
        rows.record(fine, at: place(value, of: metric), row: writer?.row ?? 0)
    }

    public func record(_ time: Duration, _ metric: Int, _ value: String? = nil, by writer: MetricWriter? = nil) {
        record(time.seconds, metric, value, by: writer)
    }

    /// What a counter or gauge stands at.
    public func value(_ metric: Int, _ value: String? = nil) -> Double {
        let index = value.flatMap { places[metric][$0] } ?? families[metric].count - 1
        return switch families[metric].storage {
        case .counter(let cells): Double(cells.value(at: index))
        case .gauge(let cells): cells.value(at: index)
        case .histogram(let rows): Double(rows.snapshot(at: index).count)
        }
    }

    private func place(_ value: String?, of metric: Int) -> Int {
        let family = families[metric]
        guard !family.axes.isEmpty else { return 0 }
        if let value, let place = places[metric][value] { return place }
        family.overflow?.add(1, at: 0, by: nil)
        return family.count - 1
    }
}

extension DomainMetricDescription {
    /// The same as `PluginMetric.forbiddenLabels`, which plugins see; a test holds them together.
    static let forbidden: Set = [
        "room", "room_id", "player", "player_id", "user", "user_id", "conn", "conn_id", "session", "session_id", "seat",
        "ip", "address", "trace_id", "path", "query", "token", "secret", "name", "job", "instance", "service", "region",
        "env", "type", "le", "quantile", "plugin",
    ]

    /// The full name, once everything about the description holds.
    func checkedName() throws(DomainMetricError) -> String {
        let full = "gameserver_\(plugin.map { $0 == "-" ? "_" : String($0).lowercased() }.joined())_\(name)"
        guard Self.isSnake(name), Self.isSnake(full) else {
            throw .badName(metric: full, "a name is made of a-z, 0-9 and _ and begins with a letter")
        }
        guard full.utf8.count <= 120 else { throw .badName(metric: full, "at most 120 characters") }
        guard (kind == .counter) == name.hasSuffix("_total") else {
            throw .badName(metric: full, "a counter's name ends in _total, and no other's does")
        }
        for suffix in ["_bucket", "_count", "_sum", "_created", "_info"] where name.hasSuffix(suffix) {
            throw .badName(metric: full, "no name ends in \(suffix)")
        }
        for unit in ["_ms", "_milliseconds", "_minutes", "_hours", "_percent", "_kb", "_mb"] where stem.hasSuffix(unit)
        {
            throw .badName(metric: full, "units are seconds, bytes and ratio, not \(unit.dropFirst())")
        }
        if let label, !Self.isSnake(label) || label.hasPrefix("_") || Self.forbidden.contains(label) || label == full {
            throw .forbiddenLabel(metric: full, label)
        }
        let isAscending = zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }
        let areFit = isAscending && bounds.allSatisfy { $0.isFinite && (1e-6...1e8).contains($0) }
        guard areFit, (kind == .histogram ? 1...50 : 0...0).contains(bounds.count) else {
            throw .badBounds(metric: full)
        }
        guard !help.isEmpty else { throw .noHelp(metric: full) }
        return full
    }

    private var stem: Substring { name.hasSuffix("_total") ? name.dropLast(6) : name[...] }

    private static func isSnake(_ text: String) -> Bool {
        guard let first = text.utf8.first, (97...122).contains(first) else { return false }
        return text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
    }
}
