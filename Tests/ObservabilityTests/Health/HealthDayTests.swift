import Testing

@testable import Observability

@Suite("Health: a simulated day") struct HealthDayTests {
    /// A load that drifts, jumps and lies now and then; every run of it is written down.
    private final class Fault {
        var luck: SeededLuck
        var value = 0.5
        var results: [CheckReading] = []

        init(seed: UInt64) { luck = SeededLuck(seed: seed) }

        func reading() -> CheckReading {
            switch Double.random(in: 0..<1, using: &luck) {
            case ..<0.02: value = Double.random(in: 0...1, using: &luck)
            case ..<0.03: results.append(.failed("lost"))
            default: value = min(1, max(0, value + Double.random(in: -0.02...0.02, using: &luck)))
            }
            if results.last != .failed("lost") || Bool.random(using: &luck) { results.append(.load(value)) }
            return results.last!
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `no level skips its hysteresis, no interval leaves its bounds, nothing is stale`(seed: UInt64) throws {
        let check = HealthCheck.load()
        let band = try #require(check.bands["load"])
        let fault = Fault(seed: seed)
        var luck = SeededLuck(seed: seed &* 31)
        var monitor = HealthMonitor([check], at: .zero, randomSeed: seed)
        var now = Duration.zero
        var level = HealthLevel.unknown
        var measured: [Double] = []
        var lastMeasuredLevel = HealthLevel.healthy
        var changes = 0
        var staleBefore = Duration.zero
        while now < .seconds(86_400) {
            let next = try #require(monitor.nextDeadline)
            now = max(now, next)
            for change in monitor.expire(at: now) {
                Issue.record("seed \(seed): \(change.reason) at \(now)")
            }
            for id in monitor.due(at: now) {
                monitor.started(id, at: now)
                let took = Duration.milliseconds(Int.random(in: 0...4900, using: &luck))
                now += took
                let reading = fault.reading()
                if case .measured(let values) = reading { measured.append(values[0].value) }
                for change in monitor.finished(id, reading, took: took, at: now) {
                    changes += 1
                    #expect(change.from == level, "seed \(seed)")
                    level = change.to
                }
                staleBefore = now
                let report = try #require(monitor.report(at: now).check("load"))
                #expect(report.interval >= check.bounds.floor && report.interval <= check.bounds.ceiling)
                let wait = try #require(report.nextCheckIn)
                #expect(wait <= check.bounds.ceiling * 1.1)
                if case .failed = reading {
                    #expect(level == .unknown, "seed \(seed)")
                    #expect(report.interval == check.bounds.base)
                } else if level != .unknown {
                    try expectHysteresis(from: lastMeasuredLevel, to: level, measured, band, seed)
                    lastMeasuredLevel = level
                }
            }
            if Int.random(in: 0..<20, using: &luck) == 0 { monitor.hint("load", reason: "seen", at: now) }
        }
        #expect(staleBefore > .seconds(86_000))
        #expect(changes > 10, "seed \(seed): a day in which nothing happens shows nothing")
    }

    private func expectHysteresis(
        from: HealthLevel, to: HealthLevel, _ measured: [Double], _ band: HealthBand, _ seed: UInt64
    ) throws {
        let recent = measured.suffix(3)
        if to.severity > from.severity {
            let agreeing = recent.count { band.entered($0).severity >= to.severity }
            #expect(agreeing >= 2, "seed \(seed): \(from) to \(to) on \(Array(recent))")
        } else if to.severity < from.severity {
            #expect(to == from.relieved, "seed \(seed): \(from) to \(to)")
            #expect(recent.allSatisfy { band.held($0).severity < from.severity }, "seed \(seed): \(Array(recent))")
        }
    }
}
