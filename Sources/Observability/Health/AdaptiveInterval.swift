/// The time between two runs of one check: shorter on trouble, longer after a run of healthy results.
public struct AdaptiveInterval: Sendable, Equatable {
    public let bounds: IntervalBounds
    /// Within the bounds, before jitter.
    public private(set) var current: Duration
    /// Why it is what it is, in words.
    public private(set) var explanation: String
    private var healthyRun = 0

    public init(_ bounds: IntervalBounds) {
        self.bounds = bounds
        current = bounds.base
        explanation = "\(bounds.base.words): the start value"
    }

    /// What came of one run.
    public enum Outcome: Sendable, Equatable {
        case level(HealthLevel)
        /// An error or a timeout, with its reason.
        case failed(String)
    }

    /// - Parameters:
    ///   - reason: what made the level, for the explanation.
    ///   - timeToThreshold: until the trend passes the next threshold; nil for no such trend.
    public mutating func record(_ outcome: Outcome, reason: String = "", timeToThreshold: Duration? = nil) {
        let because = reason.isEmpty ? "" : ": \(reason)"
        switch outcome {
        case .failed(let reason):
            current = bounds.base
            healthyRun = 0
            explanation = "back to \(current.words): \(reason)"
        case .level(.unknown):
            current = bounds.base
            healthyRun = 0
            explanation = "back to \(current.words)\(because)"
        case .level(let level) where level != .healthy:
            let shorter = max(bounds.floor, current * bounds.shrink)
            healthyRun = 0
            explanation = "\(shorter == current ? "stays at" : "shortened to") \(shorter.words)\(because)"
            current = shorter
            capAt(level)
        case .level:
            healthyRun += 1
            guard healthyRun > bounds.growAfter else { break }
            let longer = min(bounds.ceiling, current * bounds.growth)
            explanation =
                longer == current
                ? "\(longer.words): the longest allowed, \(healthyRun) healthy results in a row"
                : "lengthened to \(longer.words): \(healthyRun) healthy results in a row"
            current = longer
        }
        if let timeToThreshold, timeToThreshold < current * 3 {
            current = max(bounds.floor, timeToThreshold / 3)
            explanation = "\(current.words): the trend passes the threshold in \(timeToThreshold.words)"
        }
    }

    private mutating func capAt(_ level: HealthLevel) {
        guard let cap = bounds.cap(level), max(cap, bounds.floor) < current else { return }
        current = max(cap, bounds.floor)
        explanation = "\(current.words): the longest allowed while \(level.name)"
    }
}

/// Spreads the runs of many checks, the same way for the same seed.
///
/// - Source: SplitMix64, after Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators".
struct Jitter: Sendable, RandomNumberGenerator {
    /// Most of an interval that is added or taken away.
    static let share = 0.1
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func spread(_ interval: Duration) -> Duration {
        interval * Double.random(in: 1 - Self.share...1 + Self.share, using: &self)
    }
}

extension Duration {
    /// `2.5 s`, `12 min`, `3.4 h`, `8 d`: for sentences, not for machines.
    var words: String {
        let (value, unit) =
            switch seconds {
            case ..<120: (seconds, "s")
            case ..<7200: (seconds / 60, "min")
            case ..<172_800: (seconds / 3600, "h")
            default: (seconds / 86_400, "d")
            }
        let tenths = (value * 10).rounded() / 10
        return "\(Int(exactly: tenths).map(String.init) ?? "\(tenths)") \(unit)"
    }
}
