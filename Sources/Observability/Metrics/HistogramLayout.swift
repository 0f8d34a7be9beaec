import Foundation

/// The bins of a histogram, and which of them a value falls into.
///
/// Bins grow by 2^(1/8), those of a native histogram of schema 3, and are cut once more at each classic bound. So every
/// value lies in exactly one classic and one native bucket, and both come from one row of numbers. Values are whole
/// numbers of a fine unit: nanoseconds for a metric in seconds.
final class HistogramLayout: @unchecked Sendable {
    // Safe to share: everything is set once, and what the pointers lead to is freed by the last owner.

    /// Native resolution: buckets to a doubling are 2 to the power of it.
    static let schema = 3
    static let zeroThreshold = 0x1p-128
    /// Bins end at 2 to the power of it, in fine units; values beyond fall into the last bin.
    private static let maxExponent = 57

    /// Fine units to one unit of the metric.
    let scale: Double
    /// Classic upper bounds in the metric's unit, without the infinite one.
    let bounds: [Double]
    /// Largest value of each bin, in fine units; the first bin holds zero, the last has no end.
    let uppers: UnsafeBufferPointer<Int>
    /// The classic bucket each bin lies in; the last bucket is the infinite one.
    let classic: UnsafeBufferPointer<Int>
    /// The native bucket each bin lies in; the first bin's is not used, it is the zero bucket.
    let native: [Int]
    /// For each sixteenth of each doubling, the first bin that may hold a value of it.
    let starts: UnsafeBufferPointer<UInt16>

    convenience init(_ description: MetricDescription) {
        self.init(bounds: description.bounds, scale: description.unit == .seconds ? 1e9 : 1)
    }

    /// - Parameter scale: fine units to one unit of the metric; bounds are whole numbers of fine units.
    init(bounds: [Double], scale: Double) {
        precondition(!bounds.isEmpty && bounds == bounds.sorted() && Set(bounds).count == bounds.count)
        self.scale = scale
        self.bounds = bounds
        let edges = bounds.map { Int(($0 * scale).rounded()) }
        let top = Self.largestExponent(scale: scale, edges: edges)
        var uppers = [0]
        var native = [0]
        var index = Int((-log2(scale)).rounded(.down)) * 8
        var edge = 0
        while index <= top * 8 {
            // The classic bounds below this native boundary cut its bucket.
            let boundary = Int((Self.boundary(index) * scale).rounded(.down))
            while edge < edges.count, edges[edge] < boundary {
                if edges[edge] > uppers[uppers.count - 1] {
                    uppers.append(edges[edge])
                    native.append(index)
                }
                edge += 1
            }
            if boundary > uppers[uppers.count - 1] {
                uppers.append(boundary)
                native.append(index)
            }
            index += 1
        }
        uppers.append(.max)
        native.append(index)
        self.uppers = Self.kept(uppers)
        self.native = native
        classic = Self.kept(Self.places(of: uppers, among: edges))
        starts = Self.kept(Self.starts(uppers))
    }

    deinit {
        uppers.deallocate()
        classic.deallocate()
        starts.deallocate()
    }

    /// A row that is read without counting references to it.
    private static func kept<Number>(_ row: [Number]) -> UnsafeBufferPointer<Number> {
        let copy = UnsafeMutableBufferPointer<Number>.allocate(capacity: row.count)
        _ = copy.initialize(fromContentsOf: row)
        return UnsafeBufferPointer(copy)
    }

    /// The classic bucket of each bin.
    private static func places(of uppers: [Int], among edges: [Int]) -> [Int] {
        var edge = 0
        return uppers.map { upper in
            while edge < edges.count, upper > edges[edge] { edge += 1 }
            return edge
        }
    }

    /// For each sixteenth of each doubling the first bin whose largest value is in it or beyond.
    private static func starts(_ uppers: [Int]) -> [UInt16] {
        var bin = 0
        return (0..<64 * 16).map { slot in
            let exponent = slot >> 4
            guard exponent <= maxExponent else { return UInt16(uppers.count - 1) }
            // In sixteenths, as a slot need not begin at a whole number.
            let lowest = (16 + (slot & 15)) << exponent
            while uppers[bin] < Int.max, uppers[bin] << 4 < lowest { bin += 1 }
            return UInt16(bin)
        }
    }

    /// The upper boundary of a native bucket: 2^(index/8), exact where it is a whole power.
    static func boundary(_ index: Int) -> Double {
        index & 7 == 0 ? exp2(Double(index >> 3)) : exp2(Double(index) / 8)
    }

    /// The last boundary: at least 12 days of seconds, 1 TiB of bytes, and beyond every classic bound.
    private static func largestExponent(scale: Double, edges: [Int]) -> Int {
        let usual = scale == 1e9 ? 20 : 40
        let needed = Int(log2(Double(edges.last ?? 1) / scale).rounded(.up)) + 1
        let possible = Int((Double(maxExponent) - log2(scale)).rounded(.down))
        return min(max(usual, needed), possible)
    }

    var binCount: Int { uppers.count }
    var bucketCount: Int { bounds.count + 1 }
}
