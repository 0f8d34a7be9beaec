/// How often a duration fell into each of a fixed row of buckets, and the sum of all.
///
/// The count is the sum of the buckets, so the `+Inf` bucket and `_count` always agree.
public struct Histogram: Sendable {
    public let description: MetricDescription
    /// Upper bounds in nanoseconds, ascending, each inside its bucket.
    let bounds: [Int]
    private let cells: MetricCells

    init(_ description: MetricDescription, bounds: [Duration]) {
        self.description = description
        self.bounds = bounds.map(\.nanoseconds)
        precondition(!bounds.isEmpty && self.bounds == self.bounds.sorted())
        cells = MetricCells(count: bounds.count + 2)
    }

    /// Counts one duration; a negative one counts as zero.
    public func record(_ duration: Duration, by writer: MetricWriter? = nil) {
        let nanoseconds = max(0, duration.nanoseconds)
        var bucket = 0
        while bucket < bounds.count, nanoseconds > bounds[bucket] { bucket += 1 }
        cells.add(1, at: bucket, by: writer)
        cells.add(nanoseconds, at: bounds.count + 1, by: writer)
    }

    /// How many durations were at most each bound, and last how many there were.
    public var cumulative: [Int] {
        var sum = 0
        return (0...bounds.count).map { bucket in
            sum += cells.value(at: bucket)
            return sum
        }
    }

    public var sum: Duration { .nanoseconds(cells.value(at: bounds.count + 1)) }
}

extension Duration {
    /// Whole nanoseconds; holds 292 years.
    var nanoseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) &* 1_000_000_000 &+ Int(attoseconds / 1_000_000_000)
    }

    var seconds: Double { Double(nanoseconds) / 1e9 }
}
