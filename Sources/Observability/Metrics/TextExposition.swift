/// Prometheus text 0.0.4 or OpenMetrics 1.0 under construction; every line ended.
///
/// - Source: Prometheus documentation, "Exposition formats"; OpenMetrics 1.0.
struct TextExposition: ExpositionEncoder {
    private let isOpenMetrics: Bool
    private var bytes: [UInt8] = []

    init(isOpenMetrics: Bool, capacity: Int) {
        self.isOpenMetrics = isOpenMetrics
        bytes.reserveCapacity(capacity)
    }

    mutating func open(_ family: FamilyText) {
        bytes.append(contentsOf: isOpenMetrics ? family.openMetrics : family.text)
    }

    mutating func sample(_ series: SeriesText, _ value: SampleValue, exemplar: ExemplarSlot.Content?) {
        line(series.lines[0], value, exemplar)
    }

    mutating func histogram(
        _ series: SeriesText, _ snapshot: HistogramSnapshot, exemplars: [ExemplarSlot.Content?]
    ) {
        let buckets = snapshot.cumulative
        for (index, count) in buckets.enumerated() {
            bytes.append(contentsOf: series.lines[index])
            bytes.append(integer: count)
            if isOpenMetrics, index < exemplars.count, let exemplar = exemplars[index] {
                append(exemplar, scale: snapshot.layout.scale)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        line(series.lines[buckets.count], snapshot.sumValue)
        line(series.lines[buckets.count + 1], .integer(buckets[buckets.count - 1]))
    }

    mutating func finish() -> [UInt8] {
        if isOpenMetrics { bytes.append(contentsOf: "# EOF\n".utf8) }
        return bytes
    }

    private mutating func line(_ name: [UInt8], _ value: SampleValue, _ exemplar: ExemplarSlot.Content? = nil) {
        bytes.append(contentsOf: name)
        switch value {
        case .integer(let value): bytes.append(integer: value)
        case .nanoseconds(let value): bytes.append(nanoseconds: value)
        case .number(let value): bytes.append(number: value)
        }
        if isOpenMetrics, let exemplar { append(exemplar, scale: 1) }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// ` # {labels} value timestamp`
    private mutating func append(_ exemplar: ExemplarSlot.Content, scale: Double) {
        bytes.append(contentsOf: " # ".utf8)
        if exemplar.labels.isEmpty { bytes.append(contentsOf: "{}".utf8) }
        bytes.append(labels: exemplar.labels)
        bytes.append(UInt8(ascii: " "))
        bytes.append(number: Double(exemplar.value) / scale)
        bytes.append(UInt8(ascii: " "))
        bytes.append(nanoseconds: exemplar.milliseconds &* 1_000_000)
    }
}

extension HistogramSnapshot {
    var sumValue: SampleValue {
        let sum = cells[layout.binCount]
        return switch layout.scale {
        case 1e9: .nanoseconds(sum)
        case 1: .integer(sum)
        default: .number(Double(sum) / layout.scale)
        }
    }
}

extension ExemplarSlot.Content {
    /// Only those that say something.
    var labels: [(name: String, value: String)] {
        [(name: "trace_id", value: traceID), (name: "event", value: event)].filter { !$0.value.isEmpty }
    }
}
