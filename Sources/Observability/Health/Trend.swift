/// Where a value is heading: a robust line through its newest samples.
///
/// The slope is the median of the slopes between all pairs (Theil–Sen), so single outliers do not bend it; it counts
/// only when the samples rise or fall too steadily for chance (Mann–Kendall).
public struct Trend: Sendable, Equatable {
    /// Samples kept; the oldest goes first.
    static let maxSamples = 32
    static let minSamples = 6
    /// Standard deviations by which the order of the samples must differ from a random one: 1 chance in 200.
    private static let significance = 2.58

    private struct Sample: Equatable {
        var at: Duration
        var value: Double
    }

    /// Samples closer to the last one are left out, lest a burst of runs push the time before it out of sight.
    private let spacing: Duration
    private var samples: [Sample] = []
    private var line: Line?

    /// The line itself: `value` now is `level + slope * seconds since the newest sample`.
    private struct Line: Equatable {
        var slope: Double
        var level: Double
        var isSteady: Bool
    }

    init(spacing: Duration) { self.spacing = spacing }

    /// From the oldest sample kept to the newest.
    public var watched: Duration {
        guard let first = samples.first, let last = samples.last else { return .zero }
        return last.at - first.at
    }

    /// Change per second; nil when there is no steady trend.
    public var slopePerSecond: Double? { line.flatMap { $0.isSteady ? $0.slope : nil } }

    mutating func add(_ value: Double, at now: Duration) {
        guard value.isFinite else { return }
        if let last = samples.last, now - last.at < spacing { return }
        if samples.count == Self.maxSamples { samples.removeFirst() }
        samples.append(Sample(at: now, value: value))
        line = fitted()
    }

    /// How long until the line reaches a threshold it has not reached yet; nil when it never does, or within a year.
    public func timeToReach(_ threshold: Double, at now: Duration) -> Duration? {
        guard let line, line.isSteady, line.slope != 0, let newest = samples.last else { return nil }
        let value = line.level + line.slope * (now - newest.at).seconds
        let seconds = (threshold - value) / line.slope
        guard seconds > 0, seconds < 365 * 86_400 else { return nil }
        return .seconds(seconds)
    }

    private func fitted() -> Line? {
        guard samples.count >= Self.minSamples, let newest = samples.last else { return nil }
        var slopes: [Double] = []
        slopes.reserveCapacity(samples.count * (samples.count - 1) / 2)
        var order = 0
        for (index, later) in samples.enumerated() {
            for earlier in samples[..<index] {
                slopes.append((later.value - earlier.value) / (later.at - earlier.at).seconds)
                order += later.value > earlier.value ? 1 : later.value < earlier.value ? -1 : 0
            }
        }
        let slope = Self.median(&slopes)
        var levels = samples.map { $0.value + slope * (newest.at - $0.at).seconds }
        let count = Double(samples.count)
        let deviation = (count * (count - 1) * (2 * count + 5) / 18).squareRoot()
        let isSteady = Double(abs(order)) >= Self.significance * deviation && (order > 0) == (slope > 0) && slope != 0
        return Line(slope: slope, level: Self.median(&levels), isSteady: isSteady)
    }

    private static func median(_ values: inout [Double]) -> Double {
        values.sort()
        let middle = values.count / 2
        return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
    }
}
