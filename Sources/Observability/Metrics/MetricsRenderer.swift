/// Renders expositions and remembers what stays the same from one to the next.
struct MetricsRenderer {
    private var families: [FamilyText]
    private var series: [[SeriesText?]]
    private var lastSize: [ExpositionFormat: Int] = [:]

    init(_ families: [MetricFamily]) {
        self.families = families.map { FamilyText($0.description) }
        series = families.map { Array(repeating: nil, count: $0.count + 1) }
    }

    /// - Parameter facts: what is no instrument but read now, after the instruments.
    mutating func render(_ sources: [MetricFamily], _ facts: [ReadFamily], as format: ExpositionFormat) -> [UInt8] {
        let capacity = (lastSize[format] ?? 64 * 1024) + 4096
        let bytes: [UInt8]
        switch format {
        case .text, .openMetrics:
            var text = TextExposition(isOpenMetrics: format == .openMetrics, capacity: capacity)
            bytes = encode(sources, facts, with: &text)
        case .protobuf:
            var protobuf = ProtobufExposition(capacity: capacity)
            bytes = encode(sources, facts, with: &protobuf)
        }
        lastSize[format] = bytes.count
        return bytes
    }

    private mutating func encode(
        _ sources: [MetricFamily], _ facts: [ReadFamily], with encoder: inout some ExpositionEncoder
    ) -> [UInt8] {
        for (number, family) in sources.enumerated() { encode(family, number, with: &encoder) }
        for family in facts where !family.samples.isEmpty {
            encoder.open(FamilyText(family.description))
            for sample in family.samples {
                let labels = zip(family.description.labels, sample.labels).map { ($0.name, $1) }
                encoder.sample(SeriesText(family.description, labels: labels), sample.value)
            }
        }
        return encoder.finish()
    }

    private mutating func encode(_ family: MetricFamily, _ number: Int, with encoder: inout some ExpositionEncoder) {
        var isOpen = false
        func open() {
            if !isOpen { encoder.open(families[number]) }
            isOpen = true
        }
        switch family.storage {
        case .counter(let cells):
            let isTime = family.description.unit == .seconds
            for index in 0..<cells.count {
                let value = cells.value(at: index)
                guard value != 0 || family.appearsUnwritten(index) else { continue }
                open()
                encoder.sample(
                    text(family, number, index), isTime ? .nanoseconds(value) : .integer(value),
                    exemplar: family.exemplars?.content(at: index))
            }
        case .gauge(let cells):
            for index in 0..<cells.count {
                guard let value = cells.written(at: index) ?? (family.appearsUnwritten(index) ? 0 : nil)
                else { continue }
                open()
                encoder.sample(text(family, number, index), .number(value))
            }
        case .histogram(let rows):
            for index in 0...rows.count {
                guard rows.isWritten(index) || index < rows.count && family.appearsUnwritten(index) else { continue }
                open()
                encoder.histogram(
                    text(family, number, index), rows.snapshot(at: index), exemplars: rows.exemplars(at: index))
            }
        }
    }

    private mutating func text(_ family: MetricFamily, _ number: Int, _ index: Int) -> SeriesText {
        if let known = series[number][index] { return known }
        var bounds: [Double]?
        if case .histogram(let rows) = family.storage { bounds = rows.layout.bounds }
        let new = SeriesText(family.description, labels: family.labels(at: index), bounds: bounds)
        series[number][index] = new
        return new
    }
}

/// A metric that is no instrument: its series are read when an exposition is made.
struct ReadFamily {
    let description: MetricDescription
    /// The values of the labels in the order of the description.
    var samples: [(labels: [String], value: SampleValue)]

    init(_ description: MetricDescription, _ samples: [(labels: [String], value: SampleValue)]) {
        self.description = description
        self.samples = samples
    }

    /// One number without labels; none when there is no value.
    init(_ description: MetricDescription, _ value: Double?) {
        self.init(description, value.map { [([], .number($0))] } ?? [])
    }
}
