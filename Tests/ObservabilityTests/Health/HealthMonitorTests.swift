import Testing

@testable import Observability

@Suite("Health: the monitor") struct HealthMonitorTests {
    @Test func `before the first result nobody knows, and every check is due`() {
        let world = HealthWorld([.load("a"), .load("b", component: "store")])
        #expect(world.monitor.overall == .unknown)
        #expect(world.monitor.level(of: "store") == .unknown)
        #expect(world.monitor.level(of: "nothing") == .unknown)
        #expect(world.monitor.due(at: world.now) == ["a", "b"])
        #expect(world.monitor.nextDeadline == world.now)
    }

    @Test func `a change of level says what changed, from what, to what and why`() throws {
        var world = HealthWorld([.load()])
        world.readings["load"] = { .load($0 < .seconds(1100) ? 0.5 : 0.921) }
        world.run(for: .seconds(300))
        #expect(world.changes.map(\.to) == [.healthy, .critical])
        let change = try #require(world.changes.last)
        #expect(change.component == "system" && change.check == "load" && change.from == .healthy)
        #expect(change.reason == "load 92.1 % is above 90 %")
        #expect(change.componentLevel == .critical && change.overall == .critical)
        #expect(world.monitor.report(at: world.now).changes == world.changes)
    }

    @Test func `a failed check is unknown at once, and knows again with its next result`() {
        var world = HealthWorld([.load()])
        world.readings["load"] = { _ in .load(0.95) }
        world.run(for: .seconds(2))
        #expect(world.monitor.overall == .critical)
        world.readings["load"] = { _ in .failed("no such file") }
        world.run(for: .seconds(40))
        #expect(world.monitor.overall == .unknown)
        #expect(world.changes.last?.reason == "no such file")
        #expect(world.monitor.report(at: world.now).check("load")?.interval == .seconds(30))
        // What was critical before stays so until it has been good three times.
        world.readings["load"] = { _ in .load(0.1) }
        world.run(for: .seconds(33))
        #expect(world.changes.map(\.to).prefix(3) == [.critical, .unknown, .critical])
    }

    @Test func `a value that is not a number is a failure`() {
        var world = HealthWorld([.load()])
        world.readings["load"] = { _ in .load(.nan) }
        world.run(for: .seconds(1))
        #expect(world.monitor.overall == .unknown)
        #expect(world.monitor.report(at: world.now).check("load")?.counts.failed == 1)
    }

    @Test func `a run over its time is unknown, is not started again until it returns, and then soon`() {
        var world = HealthWorld([.load()])
        world.readings["load"] = { _ in .load(0.5) }
        world.run(for: .seconds(20))
        let due = world.monitor.nextDeadline!
        world.run(until: due - .milliseconds(1))
        world.monitor.started("load", at: due)
        #expect(world.monitor.nextDeadline == due + .seconds(5))
        #expect(world.monitor.expire(at: due + .milliseconds(4999)).isEmpty)
        let changes = world.monitor.expire(at: due + .seconds(5))
        #expect(changes.map(\.to) == [.unknown])
        #expect(changes.first?.reason == "no answer within 5 s")
        #expect(world.monitor.due(at: due + .seconds(10_000)).isEmpty)
        #expect(world.monitor.nextDeadline == nil)
        let back = due + .seconds(600)
        #expect(world.monitor.finished("load", .load(0.5), took: .seconds(600), at: back).isEmpty)
        #expect(world.monitor.overall == .unknown)
        #expect(world.monitor.nextDeadline! <= back + .seconds(10))
        world.run(until: back + .seconds(11))
        #expect(world.monitor.overall == .healthy)
        let check = world.monitor.report(at: world.now).check("load")
        #expect(check?.counts.timeouts == 1)
    }

    @Test func `an answer that came too late counts as a timeout even if nobody watched the clock`() {
        var monitor = HealthMonitor([.load()], at: .zero, randomSeed: 1)
        monitor.started("load", at: .zero)
        #expect(monitor.finished("load", .load(0.5), took: .seconds(6), at: .seconds(6)).isEmpty)
        #expect(monitor.overall == .unknown)
    }

    @Test func `a result older than three intervals is stale`() {
        var world = HealthWorld([.load()])
        world.run(for: .zero)
        #expect(world.monitor.overall == .healthy)
        // The caller has no thread for it any more.
        #expect(world.monitor.expire(at: world.now + .seconds(89)).isEmpty)
        #expect(world.monitor.report(at: world.now + .seconds(91)).overall == .unknown)
        let changes = world.monitor.expire(at: world.now + .seconds(91))
        #expect(changes.map(\.reason) == ["stale: no result for 91 s"])
    }

    @Test func `an optional part counts for a warning at most, a critical one for what it is`() {
        for (level, isCritical, expected) in [
            (HealthLevel.critical, false, HealthLevel.warning), (.warning, false, .warning),
            (.critical, true, .critical),
            (.unknown, false, .warning), (.unknown, true, .unknown),
        ] {
            var world = HealthWorld([.load(), .load("other", component: "other", isCritical: isCritical, hard: true)])
            world.readings["other"] = { _ in
                level == .unknown ? .failed("x") : .load(level == .critical ? 0.95 : 0.8)
            }
            world.run(for: .seconds(1))
            #expect(world.monitor.overall == expected)
            #expect(world.monitor.level(of: "other") == level)
        }
    }

    @Test func `knowing the worst outranks not knowing`() {
        #expect(HealthLevel.worst([.unknown, .critical, .warning]) == .critical)
        #expect(HealthLevel.worst([.unknown, .warning]) == .unknown)
        #expect(HealthLevel.worst([]) == .healthy)
    }

    @Test func `a verdict of the check itself counts beside the bands`() {
        var world = HealthWorld([.load()])
        world.readings["load"] = { _ in .judged(.warning, "two keys are unknown", [Measurement("load", 0.1)]) }
        world.run(for: .seconds(2))
        #expect(world.monitor.overall == .warning)
        #expect(world.changes.last?.reason == "two keys are unknown")
        world.readings["load"] = { _ in .judged(.healthy, "fine", [Measurement("load", 0.95)]) }
        world.run(for: .seconds(60))
        #expect(world.monitor.overall == .critical)
        world.readings["load"] = { _ in .judged(.unknown, "cannot tell") }
        world.run(for: .seconds(60))
        #expect(world.monitor.overall == .unknown)
    }

    @Test func `nothing to measure is healthy, also after trouble`() {
        var world = HealthWorld([.load()])
        world.readings["load"] = { _ in .load(0.8) }
        world.run(for: .seconds(2))
        #expect(world.monitor.overall == .warning)
        world.readings["load"] = { _ in .measured([]) }
        world.run(for: .seconds(60))
        #expect(world.monitor.overall == .healthy)
    }

    @Test(arguments: [0, 1, 250, 500, 750, 999, 1000], [0, 10, 300])
    func `with a hint within a second, a fault is a change of level within two, whatever the interval`(
        hintAfter: Int, took: Int
    ) throws {
        let bounds = IntervalBounds(base: .seconds(300), floor: .seconds(100), ceiling: .seconds(3600))
        for offset in 0..<40 {
            var world = HealthWorld([.load(bounds: bounds)], seed: UInt64(offset))
            world.took = .milliseconds(took)
            // Long enough to have grown; then a fault at any distance from the last run.
            world.run(for: .seconds(20_000))
            let last = try #require(world.runs.last).at
            let fault = max(world.now, last) + .milliseconds(offset * 37)
            world.readings["load"] = { .load($0 >= fault ? 0.95 : 0.5) }
            world.run(until: fault + .milliseconds(hintAfter))
            world.monitor.hint("load", reason: "watermark", at: world.now)
            world.run(until: fault + .seconds(4))
            let change = try #require(world.changes.last)
            #expect(change.to == .critical)
            #expect(change.at <= fault + .seconds(2), "after \(change.at - fault)")
        }
    }

    @Test func `a hint that comes while the check runs makes it run again`() {
        var world = HealthWorld([.load()])
        world.run(for: .seconds(10))
        let start = world.monitor.nextDeadline!
        world.monitor.started("load", at: start)
        world.monitor.hint("load", reason: "burst", at: start + .milliseconds(10))
        _ = world.monitor.finished("load", .load(0.5), took: .milliseconds(20), at: start + .milliseconds(20))
        #expect(world.monitor.nextDeadline == start + .seconds(1))
    }

    @Test func `a storm of hints runs a check once a second`() {
        var world = HealthWorld([.load()])
        for _ in 0..<1000 {
            world.run(for: .milliseconds(10))
            world.monitor.hint("load", reason: "burst", at: world.now)
            world.monitor.hint("nobody", reason: "burst", at: world.now)
        }
        #expect((10...12).contains(world.runs.count))
        #expect(world.monitor.report(at: world.now).check("load")?.hint == "burst")
    }

    @Test func `a component whose recovery is verified is checked every second, and no longer than that`() {
        var world = HealthWorld([.load("a", component: "store"), .load("b", component: "system")])
        world.run(for: .seconds(30))
        world.monitor.setRecovering("store", true, at: world.now)
        let before = world.runs.count
        world.run(for: .seconds(20))
        #expect((18...24).contains(world.runs[before...].count { $0.id == "a" }))
        #expect(world.runs[before...].count { $0.id == "b" } <= 1)
        let check = world.monitor.report(at: world.now).check("a")
        #expect(check?.explanation == "1 s: a recovery of store is being verified")
        world.monitor.setRecovering("store", false, at: world.now)
        let after = world.runs.count
        world.run(for: .seconds(60))
        #expect(world.runs[after...].count { $0.id == "a" } <= 3)
    }

    @Test func `the reason says where a value stands on its way up and back`() {
        var world = HealthWorld([.load(bounds: .standard)])
        func reason() -> String? { world.monitor.report(at: world.now).check("load")?.message }
        world.readings["load"] = { _ in .load(0.8) }
        world.run(for: .seconds(2))
        #expect(reason() == "load 80 % is above 75 %")
        world.readings["load"] = { _ in .load(0.72) }
        world.run(for: .seconds(15))
        #expect(reason() == "load 72 %, still above 70 %")
        world.readings["load"] = { _ in .load(0.5) }
        world.run(for: .seconds(15))
        #expect(reason() == "load 50 %, no longer above 70 %")
        world.run(for: .seconds(40))
        #expect(reason() == "load 50 %")
    }

    @Test func `an idle monitor has nothing to do most of the time`() {
        var world = HealthWorld(StandardChecks.all(plugins: ["chess"]))
        world.run(for: .seconds(600))
        let before = world.runs.count
        world.run(for: .seconds(600))
        // Nine checks at two minutes, two that run seldom.
        #expect(world.runs.count - before <= 9 * 7 + 3 * 4)
    }

    @Test func `a disk that fills is a warning a day before it is full`() throws {
        var world = HealthWorld(StandardChecks.all().filter { $0.id == StandardChecks.disk })
        let start = world.now
        // From 30 % at 4 points an hour: full after 17.5 h.
        world.readings["disk"] = { now in
            .measured([.init(StandardChecks.Value.disk, 0.3 + 0.04 * (now - start).seconds / 3600, unit: "ratio")])
        }
        world.run(for: .seconds(14 * 60))
        #expect(world.monitor.overall == .healthy)
        world.run(for: .seconds(10 * 60))
        #expect(world.monitor.overall == .warning)
        let reason = try #require(world.changes.last?.reason)
        #expect(reason.hasPrefix("disk_utilization 31"))
        #expect(reason.contains("reaches 100 % in 17"))
    }

    @Test func `an early warning is taken back only when the limit is well out of sight`() throws {
        let band = HealthThresholds.standard.disk
        var measure = WatchedMeasure(name: "disk", band: band, check: .load())
        var value = 0.3
        var last = HealthLevel.unknown
        var takenBack: Duration?
        for minute in 0..<200 {
            // Full after 17.5 h; then slower and slower.
            value += (minute < 60 ? 0.04 : 0.04 * 60 / Double(minute)) / 60
            measure.record(Measurement("disk", value, unit: "ratio"), at: .seconds(minute * 60))
            if last == .warning, measure.state.level == .healthy {
                takenBack = measure.trend.timeToReach(1, at: .seconds(minute * 60))
            }
            last = measure.state.level
            if minute == 60 { #expect(last == .warning) }
        }
        #expect(try #require(takenBack) >= .seconds(30 * 3600))
    }
}
