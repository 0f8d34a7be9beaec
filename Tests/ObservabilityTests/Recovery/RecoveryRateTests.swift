import Testing

@testable import Observability

@Suite("Recovery: what is usual") struct RecoveryRateTests {
    @Test func `a rate window counts the last sixty seconds and no other`() {
        var window = RateWindow()
        for second in 0..<200 { window.add(2, at: .seconds(second)) }
        #expect(window.perMinute(at: .seconds(199)) == 120)
        #expect(window.perMinute(at: .seconds(229)) == 60)
        #expect(window.perMinute(at: .seconds(258)) == 2)
        #expect(window.perMinute(at: .seconds(259)) == 0)
        #expect(window.perMinute(at: .seconds(1_000_000)) == 0)
    }

    @Test(arguments: [UInt64.random(in: 0...UInt64(Int64.max))]) func `a rate window agrees with counting`(seed: UInt64)
    {
        var luck = RecoveryLuck(seed)
        var window = RateWindow()
        var now = -100
        var events: [Int] = []
        for _ in 0..<2000 {
            now += Int.random(in: 0...5, using: &luck) == 0 ? Int.random(in: 0...150, using: &luck) : 1
            window.add(at: .seconds(now))
            events.append(now)
            #expect(window.perMinute(at: .seconds(now)) == events.count { now - $0 < 60 })
        }
    }

    @Test func `at a cold start only the floor decides`() {
        var baseline = ReconnectBaseline()
        baseline.observe(total: 0, at: .zero)
        baseline.observe(total: 50, at: .seconds(10))
        #expect(baseline.ratio(at: .seconds(10)) == 4 && baseline.usual(at: .seconds(10)) == nil)
        baseline.observe(total: 51, at: .seconds(11))
        #expect(baseline.ratio(at: .seconds(11)) > 4)
    }

    /// Opens `perMinute` connections for some minutes, measured each second.
    private func run(
        _ baseline: inout ReconnectBaseline, _ total: inout Double, perMinute: Double, minutes: Int, from: inout Int
    ) {
        for _ in 0..<minutes * 60 {
            from += 1
            total += perMinute / 60
            baseline.observe(total: Int(total), at: .seconds(from))
        }
    }

    @Test func `what is usual for a busy server is no storm, and five times that is one`() throws {
        var (baseline, total, now) = (ReconnectBaseline(), 0.0, 0)
        baseline.observe(total: 0, at: .zero)
        run(&baseline, &total, perMinute: 300, minutes: 60, from: &now)
        #expect(abs(try #require(baseline.usual(at: .seconds(now))) - 300) < 3)
        #expect(abs(baseline.ratio(at: .seconds(now)) - 1) < 0.05)
        run(&baseline, &total, perMinute: 1800, minutes: 1, from: &now)
        #expect(baseline.ratio(at: .seconds(now)) > 4)
        // What stays is the new usual before the hour is over.
        run(&baseline, &total, perMinute: 1800, minutes: 30, from: &now)
        #expect(baseline.ratio(at: .seconds(now)) < 4)
    }

    @Test func `a quiet server has no storm below the floor`() {
        var (baseline, total, now) = (ReconnectBaseline(), 0.0, 0)
        baseline.observe(total: 0, at: .zero)
        run(&baseline, &total, perMinute: 1, minutes: 60, from: &now)
        run(&baseline, &total, perMinute: 45, minutes: 1, from: &now)
        #expect(baseline.ratio(at: .seconds(now)) < 4)
        run(&baseline, &total, perMinute: 120, minutes: 1, from: &now)
        #expect(baseline.ratio(at: .seconds(now)) > 4)
    }

    @Test func `the mean forgets with its time constant`() throws {
        var (baseline, total, now) = (ReconnectBaseline(), 0.0, 0)
        baseline.observe(total: 0, at: .zero)
        run(&baseline, &total, perMinute: 600, minutes: 600, from: &now)
        run(&baseline, &total, perMinute: 0, minutes: 60, from: &now)
        #expect(abs(try #require(baseline.usual(at: .seconds(now))) - 600 / 2.718281828) < 2)
    }

    @Test func `a counter that begins anew adds what it shows`() {
        var baseline = ReconnectBaseline()
        baseline.observe(total: 1000, at: .zero)
        baseline.observe(total: 30, at: .seconds(1))
        #expect(baseline.opensPerMinute(at: .seconds(1)) == 30)
    }
}
