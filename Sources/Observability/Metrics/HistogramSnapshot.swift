/// What a histogram had counted at one moment; a plain value, so that two moments can be subtracted.
public struct HistogramSnapshot: Sendable {
    let layout: HistogramLayout
    /// One number for each bin, then the sum in fine units.
    var cells: [Int]

    init(_ layout: HistogramLayout) {
        self.layout = layout
        cells = Array(repeating: 0, count: layout.binCount + 1)
    }

    /// Values recorded.
    public var count: Int { cells[..<layout.binCount].reduce(0, &+) }

    /// In the metric's unit.
    public var sum: Double { Double(cells[layout.binCount]) / layout.scale }

    public var mean: Double? { count > 0 ? sum / Double(count) : nil }

    /// What was recorded since an earlier moment of the same histogram.
    public func subtracting(_ earlier: HistogramSnapshot) -> HistogramSnapshot {
        combined(with: earlier) { max(0, $0 &- $1) }
    }

    /// Both together; the two have the same bounds.
    public func merging(_ other: HistogramSnapshot) -> HistogramSnapshot { combined(with: other, &+) }

    private func combined(with other: HistogramSnapshot, _ combine: (Int, Int) -> Int) -> HistogramSnapshot {
        precondition(cells.count == other.cells.count && layout.bounds == other.layout.bounds)
        var result = self
        for index in cells.indices { result.cells[index] = combine(cells[index], other.cells[index]) }
        return result
    }

    /// The value below which a share of all values lies, within the width of a bin, at most 9 %.
    ///
    /// - Parameter share: 0 to 1.
    /// - Returns: in the metric's unit; nil when nothing was recorded.
    public func quantile(_ share: Double) -> Double? {
        let count = count
        guard count > 0 else { return nil }
        let rank = min(max(share, 0), 1) * Double(count)
        var below = 0
        for bin in 0..<layout.binCount where cells[bin] > 0 {
            let upTo = below + cells[bin]
            if Double(upTo) >= rank || upTo == count {
                let lower = bin == 0 ? 0 : Double(layout.uppers[bin - 1])
                guard bin < layout.binCount - 1 else { return lower / layout.scale }
                let within = (rank - Double(below)) / Double(cells[bin])
                return (lower + (Double(layout.uppers[bin]) - lower) * min(max(within, 0), 1)) / layout.scale
            }
            below = upTo
        }
        return nil
    }

    /// The share of values above a limit in the metric's unit; exact when the limit is a classic bound.
    public func share(above limit: Double) -> Double {
        let count = count
        guard count > 0 else { return 0 }
        let limit = Int((limit * layout.scale).rounded())
        var above = 0
        for bin in 0..<layout.binCount where layout.uppers[bin] > limit { above += cells[bin] }
        return Double(above) / Double(count)
    }

    /// How many values were at most each classic bound, and last how many there were.
    public var cumulative: [Int] {
        var buckets = Array(repeating: 0, count: layout.bucketCount)
        for bin in 0..<layout.binCount { buckets[layout.classic[bin]] += cells[bin] }
        for index in 1..<buckets.count { buckets[index] += buckets[index - 1] }
        return buckets
    }

    /// Values of zero.
    var zeros: Int { cells[0] }

    /// The native buckets that are not empty, ascending.
    var native: [(index: Int, count: Int)] {
        var buckets: [(index: Int, count: Int)] = []
        for bin in 1..<layout.binCount where cells[bin] > 0 {
            if let last = buckets.last, last.index == layout.native[bin] {
                buckets[buckets.count - 1].count += cells[bin]
            } else {
                buckets.append((layout.native[bin], cells[bin]))
            }
        }
        return buckets
    }
}
