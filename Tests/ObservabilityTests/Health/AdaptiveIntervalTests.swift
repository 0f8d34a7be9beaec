import Testing

@testable import Observability

@Suite("Health: adaptive intervals") struct AdaptiveIntervalTests {
    private func intervals(
        _ outcomes: [AdaptiveInterval.Outcome], _ bounds: IntervalBounds = .standard
    ) -> [Double] {
        var interval = AdaptiveInterval(bounds)
        return outcomes.map { outcome in
            interval.record(outcome)
            return (interval.current.seconds * 1000).rounded() / 1000
        }
    }

    @Test func `trouble halves it down to the floor`() {
        #expect(intervals(Array(repeating: .level(.warning), count: 4)) == [15, 10, 10, 10])
    }

    @Test func `more than five healthy results in a row lengthen it by a fifth, up to the ceiling`() {
        let healthy = Array(repeating: AdaptiveInterval.Outcome.level(.healthy), count: 14)
        let expected = [30, 30, 30, 30, 30, 36, 43.2, 51.84, 62.208, 74.65, 89.58, 107.495, 120, 120]
        #expect(intervals(healthy) == expected)
    }

    @Test func `an error or a timeout puts it back to its base and ends the healthy run`() {
        let healthy = Array(repeating: AdaptiveInterval.Outcome.level(.healthy), count: 7)
        #expect(intervals(healthy + [.failed("x")] + healthy).suffix(8) == [30, 30, 30, 30, 30, 30, 36, 43.2])
        #expect(intervals([.level(.warning), .level(.warning), .failed("x")]) == [15, 10, 30])
    }

    @Test func `a level has a longest interval`() {
        let slow = IntervalBounds(base: .seconds(400), floor: .seconds(10), ceiling: .seconds(600))
        #expect(intervals([.level(.warning)], slow) == [60])
        #expect(intervals([.level(.critical)], slow) == [30])
        let high = IntervalBounds(base: .seconds(400), floor: .seconds(100), ceiling: .seconds(600))
        #expect(intervals([.level(.critical), .level(.critical)], high) == [100, 100])
    }

    @Test func `a threshold the trend passes within three intervals shortens it`() {
        var interval = AdaptiveInterval(.standard)
        interval.record(.level(.healthy), timeToThreshold: .seconds(91))
        #expect(interval.current == .seconds(30))
        interval.record(.level(.healthy), timeToThreshold: .seconds(60))
        #expect(interval.current == .seconds(20))
        interval.record(.level(.healthy), timeToThreshold: .seconds(6))
        #expect(interval.current == .seconds(10))
        #expect(interval.explanation == "10 s: the trend passes the threshold in 6 s")
    }

    @Test func `it says why it is what it is`() {
        var interval = AdaptiveInterval(.standard)
        #expect(interval.explanation == "30 s: the start value")
        interval.record(.level(.warning), reason: "memory 80 % is above 75 %")
        #expect(interval.explanation == "shortened to 15 s: memory 80 % is above 75 %")
        interval.record(.failed("no answer within 5 s"))
        #expect(interval.explanation == "back to 30 s: no answer within 5 s")
        for _ in 0..<6 { interval.record(.level(.healthy)) }
        #expect(interval.explanation == "lengthened to 36 s: 6 healthy results in a row")
    }

    @Test func `jitter moves a run by a tenth at most, both ways, the same for the same seed`() {
        var (one, same) = (Jitter(seed: 7), Jitter(seed: 7))
        let spread = (0..<1000).map { _ in one.spread(.seconds(100)).seconds }
        #expect(spread == (0..<1000).map { _ in same.spread(.seconds(100)).seconds })
        #expect(spread.allSatisfy { (90...110).contains($0) })
        #expect(spread.min()! < 91 && spread.max()! > 109)
    }
}
