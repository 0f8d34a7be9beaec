import Testing

@testable import Observability

@Suite("Recovery: what holds whatever happens") struct RecoveryProperties {
    /// An engine in a world that does anything: readings of any height, scopes that come and go, actions that heal,
    /// fail, lie, come late or never.
    private struct World {
        var engine: RecoveryEngine
        var luck: RecoveryLuck
        var now = Duration.zero
        var started: [(order: RecoveryOrder, at: Duration)] = []
        var open: [(order: RecoveryOrder, at: Duration)] = []
        var finished: [RecoveryRun] = []
        /// Until then players are served badly.
        var badSpell = Duration.zero

        init(seed: UInt64) {
            luck = RecoveryLuck(seed)
            engine = RecoveryEngine(luck: RecoveryLuck(seed &+ 1))
        }

        func isOneIn(_ count: Int, _ luck: inout RecoveryLuck) -> Bool { Int.random(in: 0..<count, using: &luck) == 0 }

        mutating func step() {
            now += .milliseconds(Int.random(in: 200...8000, using: &luck))
            var readings: SignalReadings = [:]
            for signal in Signal.allCases where !isOneIn(8, &luck) {
                let usual = Patient.wellness[signal] ?? 0
                let ill = Patient.illnesses.compactMap { $0.ill[signal] }.max() ?? 1
                readings[signal] = isOneIn(50, &luck) ? .nan : [usual, usual, ill, ill * 2].randomElement(using: &luck)
            }
            if isOneIn(100, &luck) { badSpell = now + .seconds(60) }
            readings[.deliveryErrorRatio] = now < badSpell ? 0.3 : 0.001
            readings[.loopLagSeconds] = isOneIn(20, &luck) ? 0.4 : 0.002
            var scopes: ScopeReadings = [:]
            for procedure in engine.procedures where procedure.scope != .server {
                for scope in ["A", "B", "C", "D", "E"] where isOneIn(3, &luck) {
                    scopes[procedure.id, default: [:]][scope] = Double.random(in: 0...40, using: &luck)
                }
            }
            take(engine.observe(readings, scopes: scopes, at: now))
            if isOneIn(10, &luck), let procedure = engine.procedures.randomElement(using: &luck) {
                let scope = procedure.scope == .server ? RecoveryProcedure.serverScope : "B"
                if case .started(let order) = engine.trigger(
                    procedure.id, scope: scope, by: "ops", dryRun: isOneIn(2, &luck), at: now)
                {
                    take([order])
                }
            }
            for (order, began) in open where isOneIn(2, &luck) && now > began {
                open.removeAll { $0.order.run == order.run }
                let eligible = Int.random(in: 0...20, using: &luck)
                let touched = min(eligible, Int.random(in: 0...20, using: &luck))
                let outcome = [.done, .done, .done, ActionReport.Outcome.nothingToDo, .failed("no")]
                    .randomElement(using: &luck)!  // the list has elements
                // Some cures are worse than the illness.
                if isOneIn(4, &luck) { badSpell = now + .seconds(120) }
                engine.acted(
                    order.run,
                    ActionReport(outcome, touched: touched, eligible: eligible, repaired: touched), at: now)
            }
            finished += engine.takeFinished()
        }

        mutating func take(_ orders: [RecoveryOrder]) {
            for order in orders where order.kind == .act {
                started.append((order, now))
                open.append((order, now))
            }
        }
    }

    /// The first is one in which everything happens, so that no test here passes for want of events.
    private static let seeds: [UInt64] = [1] + (0..<3).map { _ in .random(in: 2..<UInt64(Int64.max)) }

    @Test(arguments: seeds) func `never more attempts than allowed, never two of one scope, never too many at once`(
        seed: UInt64
    ) throws {
        var world = World(seed: seed)
        for _ in 0..<1000 {
            world.step()
            let busy = world.engine.status(at: world.now).running.filter { !$0.order.isDryRun && !$0.isOverdue }
            #expect(busy.count <= world.engine.limits.atOnce)
            #expect(Set(busy.map { "\($0.order.procedure) \($0.order.scope)" }).count == busy.count)
        }
        let attempts = world.started.filter { !$0.order.isDryRun }
        #expect(seed != 1 || attempts.count > 50, "the world must try the engine")
        for procedure in world.engine.procedures {
            let own = attempts.filter { $0.order.procedure == procedure.id }
            for (index, last) in own.enumerated() {
                let counted = own[...index].filter { last.at - $0.at <= procedure.attempts.window }
                let ofScope = counted.filter { $0.order.scope == last.order.scope }
                #expect(counted.count <= procedure.attempts.maxAttemptsInAll)
                #expect(ofScope.count <= procedure.attempts.maxAttempts)
                #expect(last.order.attempt == ofScope.count)
                if ofScope.count > 1 {
                    #expect(last.at - ofScope[ofScope.count - 2].at >= procedure.attempts.cooldown)
                }
            }
        }
    }

    @Test(arguments: seeds)
    func `effective only with a better reading or a proven repair; harm always switches off`(
        seed: UInt64
    ) throws {
        var world = World(seed: seed)
        var off: Set<String> = []
        var effective = 0
        for _ in 0..<1000 {
            let before = world.started.count
            world.step()
            for (order, _) in world.started[before...] where !order.isDryRun {
                #expect(!off.contains(order.procedure), "switched off by harm, and ran")
            }
            for run in world.finished {
                if run.verdict == .harmful { off.insert(run.procedure) }
                guard run.verdict == .effective else { continue }
                effective += 1
                #expect(run.report?.outcome == .done)
                if let effect = run.effect {
                    let after = try #require(effect.after)
                    let share = try #require(effect.share)
                    #expect(after < effect.before && share >= 0.5)
                } else {
                    let report = try #require(run.report)
                    #expect(report.repaired > 0)
                }
            }
            world.finished = []
            for procedure in world.engine.status(at: world.now).procedures where off.contains(procedure.procedure.id) {
                #expect(procedure.disabledFor == .disabledByHarm)
            }
        }
        #expect(seed != 1 || !off.isEmpty && effective > 0, "the world must do harm and good")
    }

    @Test(arguments: seeds) func `every order comes to one end, and each has an id of its own`(seed: UInt64) {
        var world = World(seed: seed)
        var ended: [Int: Int] = [:]
        var ids: Set<String> = []
        for _ in 0..<1000 {
            world.step()
            for run in world.finished {
                ended[run.run, default: 0] += 1
                #expect(ids.insert(run.correlationID).inserted)
                #expect(run.ended >= run.started)
            }
            world.finished = []
        }
        // Long enough for everything under way to time out.
        world.now += .seconds(1000)
        _ = world.engine.tick(at: world.now)
        for run in world.engine.takeFinished() { ended[run.run, default: 0] += 1 }
        #expect(world.started.allSatisfy { ended[$0.order.run] == 1 })
        #expect(ended.values.allSatisfy { $0 == 1 })
    }
}
