/// The Prometheus protobuf form under construction: one length-prefixed `MetricFamily` after the other.
///
/// A histogram carries its classic buckets and, beside them, its native ones.
///
/// - Source: prometheus/client_model:io/prometheus/client/metrics.proto.
struct ProtobufExposition: ExpositionEncoder {
    private var bytes: [UInt8] = []
    /// The family being built; its length must be known before it is written.
    private var family: [UInt8] = []
    private var metric: [UInt8] = []
    private var kind = MetricDescription.Kind.gauge

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func open(_ family: FamilyText) {
        close()
        kind = family.description.kind
        self.family.append(contentsOf: family.protobuf)
    }

    mutating func sample(_ series: SeriesText, _ value: SampleValue, exemplar: ExemplarSlot.Content?) {
        metric.removeAll(keepingCapacity: true)
        metric.append(contentsOf: series.protobuf)
        // Counter and Gauge alike: one double, field 1; 9 bytes. A counter's exemplar is field 2.
        var tail: [UInt8] = []
        if let exemplar { tail.append(field: 2, message: Self.message(exemplar, scale: 1)) }
        metric.append(tag: kind == .counter ? 3 : 2, wire: 2)
        metric.append(varint: UInt64(9 + tail.count))
        metric.append(field: 1, double: value.double)
        metric.append(contentsOf: tail)
        family.append(field: 4, message: metric)
    }

    mutating func histogram(
        _ series: SeriesText, _ snapshot: HistogramSnapshot, exemplars: [ExemplarSlot.Content?]
    ) {
        let layout = snapshot.layout
        let buckets = snapshot.cumulative
        var message: [UInt8] = []
        message.reserveCapacity(512)
        message.append(field: 1, varint: UInt64(buckets[buckets.count - 1]))
        message.append(field: 2, double: snapshot.sum)
        for (index, count) in buckets.enumerated() {
            var bucket: [UInt8] = []
            bucket.append(field: 1, varint: UInt64(count))
            bucket.append(field: 2, double: index < layout.bounds.count ? layout.bounds[index] : .infinity)
            if index < exemplars.count, let exemplar = exemplars[index] {
                bucket.append(field: 3, message: Self.message(exemplar, scale: layout.scale))
            }
            message.append(field: 3, message: bucket)
        }
        appendNative(snapshot, to: &message)
        for exemplar in exemplars.compactMap({ $0 }) {
            message.append(field: 16, message: Self.message(exemplar, scale: layout.scale))
        }
        metric.removeAll(keepingCapacity: true)
        metric.append(contentsOf: series.protobuf)
        metric.append(field: 7, message: message)
        family.append(field: 4, message: metric)
    }

    mutating func finish() -> [UInt8] {
        close()
        return bytes
    }

    private mutating func close() {
        guard !family.isEmpty else { return }
        bytes.append(varint: UInt64(family.count))
        bytes.append(contentsOf: family)
        family.removeAll(keepingCapacity: true)
    }

    /// Gaps of at most this many empty buckets are written as zeros, dearer ones begin a new span.
    private static let maxGap = 2

    private func appendNative(_ snapshot: HistogramSnapshot, to message: inout [UInt8]) {
        message.append(field: 5, zigzag: HistogramLayout.schema)
        message.append(field: 6, double: HistogramLayout.zeroThreshold)
        message.append(field: 7, varint: UInt64(snapshot.zeros))
        var spans: [(offset: Int, length: Int)] = []
        var deltas: [UInt8] = []
        var next = 0
        var previous = 0
        for (index, count) in snapshot.native {
            if !spans.isEmpty, index - next <= Self.maxGap {
                for _ in next..<index {
                    deltas.append(varint: Protobuf.zigzag(-previous))
                    previous = 0
                }
                spans[spans.count - 1].length += index - next + 1
            } else {
                spans.append((spans.isEmpty ? index : index - next, 1))
            }
            deltas.append(varint: Protobuf.zigzag(count - previous))
            previous = count
            next = index + 1
        }
        for span in spans {
            var body: [UInt8] = []
            body.append(field: 1, zigzag: span.offset)
            body.append(field: 2, varint: UInt64(span.length))
            message.append(field: 12, message: body)
        }
        if !deltas.isEmpty { message.append(field: 13, message: deltas) }
    }

    private static func message(_ exemplar: ExemplarSlot.Content, scale: Double) -> [UInt8] {
        var message: [UInt8] = []
        for label in exemplar.labels { message.append(field: 1, message: Protobuf.pair(label.name, label.value)) }
        message.append(field: 2, double: Double(exemplar.value) / scale)
        var time: [UInt8] = []
        let (seconds, rest) = exemplar.milliseconds.quotientAndRemainder(dividingBy: 1000)
        time.append(field: 1, varint: UInt64(bitPattern: Int64(seconds)))
        time.append(field: 2, varint: UInt64(max(0, rest) * 1_000_000))
        message.append(field: 3, message: time)
        return message
    }
}
