import Testing

@testable import Observability

@Suite("Recovery: the engine") struct RecoveryEngineTests {
    private let memory = Patient.illnesses.first { $0.procedure == "memory_pressure" }!  // it is in the list
    private let storm = Patient.illnesses.first { $0.procedure == "reconnect_storm" }!  // it is in the list
    private let rooms = Patient.illnesses.first { $0.procedure == "room_state_corruption" }!  // it is in the list

    private func ill(_ illness: Patient.Illness, only: Set<String>? = nil) -> Patient {
        var patient = Patient(only: only ?? [illness.procedure])
        _ = patient.seconds(60)
        patient.fall(ill: illness)
        return patient
    }

    // MARK: By hand

    @Test func `a person passes the same gate and is told when it opens`() throws {
        var patient = Patient()
        _ = patient.seconds(60)
        let answer = patient.engine.trigger(
            "memory_pressure", by: "ops", context: ["ticket": "42"], at: patient.now)
        guard case .started(let order) = answer else { throw Patient.NothingCame() }
        patient.acted(order, .healing)
        #expect(
            patient.engine.trigger("memory_pressure", by: "ops", at: patient.now).refusal == "running")
        let run = try patient.end(of: order)
        // It was well before, so nothing can have become better.
        #expect(run.verdict == .ineffective && run.reason == "was_within_target")
        #expect(run.cause == .manual(by: "ops") && run.context == ["ticket": "42"])

        let began = run.started
        let again = patient.engine.trigger("memory_pressure", by: "ops", at: patient.now)
        guard case .refused(let refused, let until) = again else { throw Patient.NothingCame() }
        #expect(refused.verdict == .refused && refused.reason == "cooldown" && !refused.isAttempt)
        #expect(until == began + .seconds(60))
        #expect(patient.engine.takeFinished().map(\.run) == [refused.run])
    }

    @Test func `what does not exist, or needs to know where, is told`() {
        var engine = RecoveryEngine()
        #expect(engine.trigger("defragment", by: "ops", at: .zero) == .unknownProcedure)
        #expect(engine.trigger("client_desync", by: "ops", at: .zero) == .wrongScope(expected: .connection))
        #expect(
            engine.trigger("memory_pressure", scope: "K3QX", by: "ops", at: .zero) == .wrongScope(expected: .server))
        let isKnown = engine.enable("defragment", true, by: "ops", at: .zero)
        #expect(!isKnown)
    }

    @Test func `a dry run passes every gate, uses no attempt and is no success`() throws {
        var patient = ill(memory)
        _ = patient.engine.enable("memory_pressure", false, by: "ops", at: patient.now)
        for _ in 0..<5 {
            let answer = patient.engine.trigger("memory_pressure", by: "ops", dryRun: true, at: patient.now)
            guard case .started(let order) = answer else { throw Patient.NothingCame() }
            #expect(order.isDryRun)
            patient.acted(order, ActionReport(.done, touched: 7, eligible: 9))
            let run = try patient.end(of: order)
            #expect(run.verdict == .dryRun && !run.isSuccess && !run.isAttempt && run.report?.touched == 7)
        }
        let status = patient.engine.status(at: patient.now)
        #expect(status.attempts == 0 && status.successRate == 0 && status.procedures[0].recentAttempts == 0)
        _ = patient.engine.enable("memory_pressure", true, by: "ops", at: patient.now)
        _ = try patient.nextOrder(within: 1)
    }

    @Test func `a dry run that never comes back leaves nothing behind`() throws {
        var patient = Patient()
        let answer = patient.engine.trigger("system_overload", by: "ops", dryRun: true, at: patient.now)
        guard case .started(let order) = answer else { throw Patient.NothingCame() }
        let run = try patient.end(of: order)
        #expect(run.verdict == .failed && run.reason == "timed_out" && !run.isAttempt)
        let status = patient.engine.status(at: patient.now)
        #expect(status.running.isEmpty && status.attempts == 0)
        patient.acted(order, .healing)
        let orders = patient.second()
        #expect(orders.isEmpty)
    }

    @Test func `a run names who asked for it`() throws {
        var patient = ill(memory, only: ["memory_pressure", "system_overload"])
        guard case .started(let byHand) = patient.engine.trigger("system_overload", by: "ops", at: patient.now) else {
            Issue.record("refused")
            return
        }
        patient.acted(byHand, ActionReport(.failed("no")))
        #expect(patient.engine.takeFinished().map(\.cause.actor) == ["ops"])
        let byItself = try patient.nextOrder()
        patient.acted(byItself, ActionReport(.failed("no")))
        #expect(patient.engine.takeFinished().map(\.cause.actor) == ["trigger"])
        #expect(RecoveryRun.Cause.escalation(from: 7).actor == "run 7")
    }

    @Test func `what is switched off does not run, by itself or by hand`() {
        var patient = ill(memory)
        _ = patient.engine.enable("memory_pressure", false, by: "ops", at: patient.now)
        let orders = patient.seconds(600)
        #expect(orders.isEmpty)
        let told = patient.engine.takeFinished()
        #expect(told.map(\.reason) == ["disabled_by_operator"])
        #expect(
            patient.engine.trigger("memory_pressure", by: "ops", at: patient.now).refusal == "disabled_by_operator")
    }

    @Test func `inactive means that people decide`() throws {
        var patient = ill(memory)
        patient.engine.isActive = false
        let orders = patient.seconds(600)
        #expect(orders.isEmpty && patient.engine.takeFinished().map(\.reason) == ["inactive"])
        guard case .started = patient.engine.trigger("memory_pressure", by: "ops", at: patient.now) else {
            throw Patient.NothingCame()
        }
    }

    // MARK: Many at once

    @Test func `a hundred corrupt rooms are healed two at a time, each once, and the server keeps a place`() throws {
        var patient = Patient()
        _ = patient.seconds(60)
        var corrupt = Set((100..<200).map { "R\($0)" })
        var healed: [String] = []
        for second in 0..<600 where !corrupt.isEmpty {
            patient.readings[.corruptRooms] = Double(corrupt.count)
            patient.readings[.memoryRatio] = second >= 20 ? 0.95 : 0.4
            patient.scopes = ["room_state_corruption": Dictionary(uniqueKeysWithValues: corrupt.map { ($0, 1) })]
            let orders = patient.second()
            if second == 20 {
                #expect(orders.contains { $0.procedure == "memory_pressure" }, "the last place is the server's")
            }
            for order in orders where order.procedure == "room_state_corruption" {
                corrupt.remove(order.scope)
                healed.append(order.scope)
                patient.acted(order, ActionReport(.done, touched: 1, eligible: 1, repaired: 1))
            }
            let busy = patient.engine.status(at: patient.now).running
            #expect(busy.count <= 3 && busy.count { $0.order.procedure == "room_state_corruption" } <= 2)
        }
        #expect(healed.count == 100 && Set(healed).count == 100)
        let told = patient.engine.takeFinished().filter { $0.procedure == "room_state_corruption" }
        #expect(told.count { $0.verdict == .refused } <= 1, "waiting for a place is told once, not for each room")
        #expect(told.count { $0.verdict == .effective } >= 97)
    }

    @Test func `the gravest comes first`() throws {
        var patient = Patient()
        _ = patient.seconds(60)
        for illness in Patient.illnesses where illness.isOfServer {
            patient.readings.merge(illness.ill) { $1 }
        }
        let orders = patient.seconds(3)
        #expect(orders.prefix(1).map(\.procedure) == ["memory_pressure"])
        #expect(orders.count == 3)
    }

    @Test func `a repair that nobody proved is none`() throws {
        var patient = ill(rooms)
        let order = try patient.nextOrder()
        patient.acted(order, ActionReport(.done, touched: 1, eligible: 1))
        patient.getWell(of: rooms)
        let run = try patient.end(of: order)
        #expect(run.verdict == .ineffective && run.reason == "repair_not_proven")
    }

    @Test func `a repair nobody had called for counts when it is proven`() throws {
        var patient = Patient()
        _ = patient.seconds(60)
        let answer = patient.engine.trigger("room_state_corruption", scope: "K3QX", by: "ops", at: patient.now)
        guard case .started(let order) = answer else { throw Patient.NothingCame() }
        patient.acted(order, .healing)
        let run = try patient.end(of: order)
        #expect(run.verdict == .effective && run.effect == nil)
    }

    // MARK: Bounds

    @Test func `an action that reaches further than it may has failed`() throws {
        var procedures = StandardProcedures.all.filter { $0.id == "high_pending_messages" }
        procedures[0].blastRadius = 0.2
        var engine = RecoveryEngine(procedures)
        let orders = engine.observe([.pendingMessages: 200], at: .seconds(1))
        let order = try #require(orders.first)
        #expect(order.maxTouched(of: 20) == 4 && order.maxTouched(of: 3) == 1 && order.maxTouched(of: 0) == 0)
        engine.acted(order.run, ActionReport(.done, touched: 5, eligible: 20), at: .seconds(2))
        #expect(engine.takeFinished().map(\.reason) == ["blast_radius_exceeded"])
    }

    @Test func `an action that never comes back has failed and bars its scope until it does`() throws {
        var patient = ill(storm)
        let order = try patient.nextOrder()
        #expect(patient.engine.nextDeadline == patient.now + .seconds(30))
        let run = try patient.end(of: order)
        #expect(run.verdict == .failed && run.reason == "timed_out")
        #expect(patient.engine.isVerifying.isEmpty && patient.engine.nextDeadline == nil)
        let orders = patient.seconds(600)
        #expect(orders.isEmpty)
        // Late it did put admission control in force, which nobody would judge: it is taken back.
        let isTaken = patient.engine.acted(order.run, .healing, at: patient.now)
        #expect(!isTaken)
        let then = patient.second()
        #expect(then.map(\.kind) == [.release, .act] && then[0].run == order.run && then[1].run != order.run)
    }

    @Test func `a condition that flickers is refused once for each cooldown`() throws {
        var patient = ill(memory)
        patient.acted(try patient.nextOrder(), ActionReport(.failed("no")))
        for second in 0..<58 {
            if second % 2 == 0 { patient.fall(ill: memory) } else { patient.getWell(of: memory) }
            _ = patient.second()
        }
        #expect(patient.engine.takeFinished().map(\.verdict) == [.failed, .refused])
    }

    // MARK: Ladder

    @Test func `what does not help twice gives way to the next procedure`() throws {
        var patient = ill(memory, only: ["memory_pressure", "system_overload"])
        var last: RecoveryRun?
        for _ in 0..<2 {
            let order = try patient.nextOrder()
            #expect(order.procedure == "memory_pressure")
            patient.acted(order, ActionReport(.nothingToDo))
            last = patient.engine.takeFinished().first { $0.run == order.run }
        }
        #expect(last?.escalatedTo == "system_overload")
        let order = try patient.nextOrder(within: 1)
        #expect(order.procedure == "system_overload")
        patient.acted(order, .healing)
        let run = try patient.end(of: order)
        #expect(run.cause == .escalation(from: try #require(last).run))
    }

    @Test func `nothing is escalated once the condition is gone`() throws {
        var patient = ill(memory, only: ["memory_pressure", "system_overload"])
        for isStillIll in [false, true] {
            patient.fall(ill: memory)
            let order = try patient.nextOrder()
            // The first run counts as one without effect only as long as its condition holds.
            if !isStillIll { patient.getWell(of: memory) }
            _ = patient.second()
            patient.acted(order, ActionReport(.nothingToDo))
            _ = patient.second()
        }
        let runs = patient.engine.takeFinished().filter(\.isAttempt)
        #expect(runs.count == 2 && runs.allSatisfy { $0.escalatedTo == nil })

        var procedures = StandardProcedures.all.filter { ["memory_pressure", "system_overload"].contains($0.id) }
        procedures[0].escalation?.after = 1
        for isStillIll in [false, true] {
            var engine = RecoveryEngine(procedures)
            let orders = engine.observe([.memoryRatio: 0.95], at: .seconds(1))
            let order = try #require(orders.first)
            _ = engine.observe([.memoryRatio: isStillIll ? 0.95 : 0.5], at: .seconds(2))
            engine.acted(order.run, ActionReport(.nothingToDo), at: .seconds(3))
            let next = engine.tick(at: .seconds(3)).map(\.procedure)
            #expect(next == (isStillIll ? ["system_overload"] : []))
        }
    }
}

extension TriggerAnswer {
    fileprivate var refusal: String? { if case .refused(let run, _) = self { run.reason } else { nil } }
}
