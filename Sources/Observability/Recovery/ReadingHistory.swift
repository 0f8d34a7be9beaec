/// Readings of the last minute, for what was before: mean and noise.
struct ReadingHistory: Sendable {
    private struct Sample: Sendable {
        let at: Duration
        let value: Double
    }

    /// Above it the oldest go, whatever their age.
    static let maxSamples = 128

    let span: Duration
    /// Oldest first.
    private var samples: [Sample] = []

    init(span: Duration) { self.span = span }

    /// What is not a number is not a reading.
    mutating func record(_ value: Double, at now: Duration) {
        guard value.isFinite else { return }
        forget(at: now)
        if samples.count == Self.maxSamples { samples.removeFirst() }
        samples.append(Sample(at: now, value: value))
    }

    /// Lets go of what is too old; also for a signal that is not measured any more.
    mutating func forget(at now: Duration) { samples.removeFirst(samples.prefix { now - $0.at > span }.count) }

    /// - Returns: nil when there is no sample since then.
    func mean(since: Duration = .nanoseconds(Int64.min)) -> Double? {
        var mean = RunningMean()
        for sample in samples where sample.at >= since { mean.add(sample.value) }
        return mean.value
    }

    /// Standard deviation of the population; 0 for less than two samples.
    var deviation: Double {
        guard samples.count > 1, let mean = mean() else { return 0 }
        let squares = samples.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) }
        return (squares / Double(samples.count)).squareRoot()
    }
}

/// The mean of what was added, without keeping it.
struct RunningMean: Sendable {
    private(set) var count = 0
    private var sum = 0.0

    mutating func add(_ value: Double) {
        count += 1
        sum += value
    }

    var value: Double? { count == 0 ? nil : sum / Double(count) }
}
