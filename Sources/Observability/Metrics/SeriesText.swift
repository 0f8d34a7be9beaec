/// The bytes of one series that are the same in every scrape: its name and labels in all forms.
final class SeriesText: Sendable {
    /// For a single number `name{labels} `; for a histogram one such line for each bucket, then sum and count.
    let lines: [[UInt8]]
    /// The labels as protobuf, fields of a `Metric`.
    let protobuf: [UInt8]

    /// - Parameter labels: an empty value is no label at all to Prometheus, and is left out.
    init(_ description: MetricDescription, labels: [(name: String, value: String)], bounds: [Double]? = nil) {
        let labels = labels.filter { !$0.value.isEmpty }
        func line(_ suffix: String, _ labels: [(name: String, value: String)]) -> [UInt8] {
            var line = Array((description.name + suffix).utf8)
            line.append(labels: labels)
            line.append(UInt8(ascii: " "))
            return line
        }
        if let bounds {
            lines =
                (bounds + [.infinity]).map { bound in
                    var text: [UInt8] = []
                    text.append(bound: bound)
                    return line("_bucket", labels + [("le", String(decoding: text, as: UTF8.self))])
                } + [line("_sum", labels), line("_count", labels)]
        } else {
            lines = [line("", labels)]
        }
        var pairs: [UInt8] = []
        for label in labels { pairs.append(field: 1, message: Protobuf.pair(label.name, label.value)) }
        protobuf = pairs
    }
}

/// The bytes of one family that are the same in every scrape, and its series as far as they were ever exposed.
struct FamilyText {
    let description: MetricDescription
    /// Metadata in text 0.0.4, in OpenMetrics, and as the first fields of a protobuf `MetricFamily`.
    let text: [UInt8]
    let openMetrics: [UInt8]
    let protobuf: [UInt8]

    init(_ description: MetricDescription) {
        self.description = description
        let kind = description.kind
        let plain: MetricDescription.Kind = kind == .info || kind == .stateset ? .gauge : kind
        var text: [UInt8] = []
        text.append(contentsOf: "# HELP \(description.name) ".utf8)
        text.append(escaped: description.help, quotes: false)
        text.append(contentsOf: "\n# TYPE \(description.name) \(plain.rawValue)\n".utf8)
        self.text = text
        let name = description.familyName
        var open = Array("# TYPE \(name) \(kind.rawValue)\n".utf8)
        if description.unit != .none { open.append(contentsOf: "# UNIT \(name) \(description.unit.rawValue)\n".utf8) }
        open.append(contentsOf: "# HELP \(name) ".utf8)
        open.append(escaped: description.help, quotes: true)
        open.append(UInt8(ascii: "\n"))
        openMetrics = open
        var message: [UInt8] = []
        message.append(field: 1, text: description.name)
        message.append(field: 2, text: description.help)
        let number: [MetricDescription.Kind: UInt64] = [.counter: 0, .gauge: 1, .histogram: 4]
        message.append(field: 3, varint: number[plain] ?? 1)
        if description.unit != .none { message.append(field: 5, text: description.unit.rawValue) }
        protobuf = message
    }
}

/// One number of a sample.
enum SampleValue {
    case integer(Int)
    case nanoseconds(Int)
    case number(Double)

    var double: Double {
        switch self {
        case .integer(let value): Double(value)
        case .nanoseconds(let value): Double(value) / 1e9
        case .number(let value): value
        }
    }
}

/// A form of exposition under construction: each family once, its series together.
protocol ExpositionEncoder {
    mutating func open(_ family: FamilyText)
    /// - Parameter exemplar: of a counter.
    mutating func sample(_ series: SeriesText, _ value: SampleValue, exemplar: ExemplarSlot.Content?)
    mutating func histogram(
        _ series: SeriesText, _ snapshot: HistogramSnapshot, exemplars: [ExemplarSlot.Content?])
    /// Ends the exposition.
    mutating func finish() -> [UInt8]
}

extension ExpositionEncoder {
    mutating func sample(_ series: SeriesText, _ value: SampleValue) { sample(series, value, exemplar: nil) }
}
