import Testing

@testable import Observability

@Suite("Health: trends") struct TrendTests {
    /// Noise of about one standard deviation `share`, from a sum of uniform values.
    private func noise(_ share: Double, _ luck: inout Jitter) -> Double {
        let sum = (0..<12).reduce(0.0) { total, _ in total + Double.random(in: 0...1, using: &luck) }
        return (sum - 6) * share
    }

    @Test(arguments: 1...25 as ClosedRange<UInt64>)
    func `a leak under noise is predicted within thirty percent`(seed: UInt64) throws {
        var luck = Jitter(seed: seed)
        // 0.40 to 0.75 in 70 min, noise of half a point, looked at every 30 s with jitter.
        let slope = 0.35 / 4200
        var trend = Trend(spacing: .seconds(5))
        var now = Duration.zero
        while now < .seconds(2400) {
            trend.add(0.40 + slope * now.seconds + noise(0.005, &luck), at: now)
            now += luck.spread(.seconds(30))
        }
        let truth = 4200 - now.seconds
        let predicted = try #require(trend.timeToReach(0.75, at: now)).seconds
        #expect(abs(predicted - truth) <= 0.3 * truth, "seed \(seed): \(predicted) s, truth \(truth) s")
    }

    @Test func `an outlier does not bend the line`() throws {
        var trend = Trend(spacing: .seconds(5))
        for step in 0..<20 { trend.add(step == 13 ? 0.99 : 0.01 * Double(step), at: .seconds(step * 60)) }
        let predicted = try #require(trend.timeToReach(0.5, at: .seconds(19 * 60))).seconds
        #expect(abs(predicted - 31 * 60) < 30)
    }

    @Test func `noise alone is hardly ever a trend`() {
        let steady = (1...120 as ClosedRange<UInt64>).count { seed in
            var luck = Jitter(seed: seed)
            var trend = Trend(spacing: .zero)
            for step in 0..<32 { trend.add(0.5 + noise(0.05, &luck), at: .seconds(step * 30)) }
            return trend.slopePerSecond != nil
        }
        #expect(steady <= 4, "\(steady) of 120")
    }

    @Test func `few samples, a flat line and a value moving away predict nothing`() {
        var trend = Trend(spacing: .zero)
        for step in 0..<5 { trend.add(Double(step), at: .seconds(step)) }
        #expect(trend.timeToReach(100, at: .seconds(5)) == nil)
        var flat = Trend(spacing: .zero)
        for step in 0..<30 { flat.add(0.5, at: .seconds(step)) }
        #expect(flat.slopePerSecond == nil)
        var falling = Trend(spacing: .zero)
        for step in 0..<30 { falling.add(1 - 0.01 * Double(step), at: .seconds(step)) }
        #expect(falling.timeToReach(2, at: .seconds(30)) == nil)
        #expect(falling.timeToReach(0.5, at: .seconds(30)) != nil)
    }

    @Test func `a burst of runs counts as one sample, and the oldest samples go`() {
        var trend = Trend(spacing: .seconds(5))
        for tenth in 0..<100 { trend.add(1, at: .milliseconds(tenth * 100)) }
        #expect(trend.watched == .seconds(5))
        for minute in 1...100 { trend.add(1, at: .seconds(minute * 60)) }
        #expect(trend.watched == .seconds(60 * (Trend.maxSamples - 1)))
    }
}
