import Testing

@testable import Observability

@Suite("Recovery: each of the nine procedures") struct RecoverySimulation {
    private func ill(_ illness: Patient.Illness) -> Patient {
        var patient = Patient(only: [illness.procedure])
        _ = patient.seconds(60)
        patient.fall(ill: illness)
        return patient
    }

    @Test func `all nine are there`() {
        #expect(Set(StandardProcedures.all.map(\.id)) == Set(Patient.illnesses.map(\.procedure)))
    }

    @Test(arguments: Patient.illnesses) func `it fires on its condition and not before`(_ illness: Patient.Illness) {
        var patient = Patient()
        let whileWell = patient.seconds(60)
        #expect(whileWell.isEmpty)
        patient.fall(ill: illness)
        let orders = patient.seconds(3)
        #expect(orders.contains { $0.procedure == illness.procedure && $0.scope == illness.scope })
        for order in orders where order.procedure == illness.procedure {
            #expect(order.correlationID.count == 32 && order.correlationID.allSatisfy(\.isHexDigit))
            #expect(order.kind == .act && !order.isDryRun && order.attempt == 1)
        }
    }

    @Test(arguments: Patient.illnesses) func `it is held by its cooldown`(_ illness: Patient.Illness) throws {
        var patient = ill(illness)
        let first = try patient.nextOrder()
        let began = patient.now
        patient.acted(first, ActionReport(.failed("no")))
        let cooldown = patient.engine.procedures[0].attempts.cooldown
        while patient.now + .seconds(1) < began + cooldown {
            let orders = patient.second()
            #expect(!orders.contains { $0.kind == .act })
        }
        let refused = patient.engine.takeFinished().filter { $0.verdict == .refused }
        #expect(refused.count == 1, "told once, not every second")
        let isLast = patient.engine.procedures[0].attempts.maxAttempts == 1
        #expect(refused[0].reason == "cooldown")
        let orders = patient.second()
        #expect(orders.count == (isLast ? 0 : 1))
    }

    @Test(arguments: Patient.illnesses) func `it is held by its attempts`(_ illness: Patient.Illness) throws {
        var patient = ill(illness)
        let limits = patient.engine.procedures[0].attempts
        var began: [Duration] = []
        for _ in 0..<3600 {
            for order in patient.second() where order.kind == .act {
                began.append(patient.now)
                patient.acted(order, ActionReport(.failed("no")))
            }
        }
        #expect(began.count == limits.maxAttempts)
        let refused = patient.engine.takeFinished().filter { $0.verdict == .refused }
        #expect(refused.last?.reason == "max_attempts")
        // An hour after the first the next is allowed, and no sooner.
        let next = try patient.nextOrder()
        #expect(next.attempt == limits.maxAttempts)
        #expect(patient.now - began[0] == limits.window + .seconds(1))
    }

    @Test(arguments: Patient.illnesses) func `it is no success when nothing was repaired`(
        _ illness: Patient.Illness
    ) throws {
        var patient = ill(illness)
        let order = try patient.nextOrder()
        patient.acted(order, ActionReport(.nothingToDo, eligible: 10))
        // Even though the reading falls by itself.
        patient.getWell(of: illness)
        let run = try patient.end(of: order)
        #expect(run.verdict == .ineffective)
        #expect(run.reason == "nothing_to_repair")
        #expect(!run.isSuccess)
    }

    @Test(arguments: ["stale_connections", "room_state_corruption", "client_desync", "plugin_fault"])
    func `objects that were touched and not found right are no success, though the reading falls`(
        _ procedure: String
    ) throws {
        let illness = try #require(Patient.illnesses.first { $0.procedure == procedure })
        var patient = ill(illness)
        let order = try patient.nextOrder()
        patient.acted(order, ActionReport(.done, touched: 1, eligible: 10))
        patient.getWell(of: illness)
        let run = try patient.end(of: order)
        #expect(run.verdict == .ineffective && run.reason == "repair_not_proven")
    }

    @Test(arguments: Patient.illnesses) func `it is no success when the reading stays`(
        _ illness: Patient.Illness
    ) throws {
        var patient = ill(illness)
        let order = try patient.nextOrder()
        patient.acted(order, .healing)
        let run = try patient.end(of: order)
        #expect(run.verdict == .ineffective)
        #expect(run.reason == "reading_did_not_improve")
        #expect(try #require(run.effect?.share).magnitude < 1e-9)
    }

    @Test(arguments: Patient.illnesses) func `it is effective when the signal falls`(
        _ illness: Patient.Illness
    ) throws {
        var patient = ill(illness)
        let order = try patient.nextOrder()
        _ = patient.second()
        patient.acted(order, .healing)
        #expect(patient.engine.isVerifying == [patient.engine.procedures[0].component])
        _ = patient.seconds(1)
        patient.getWell(of: illness)
        let acted = patient.now
        let run = try patient.end(of: order)
        let effect = try #require(run.effect)
        #expect(run.verdict == .effective && run.reason == nil)
        let share = try #require(effect.share)
        let after = try #require(effect.after)
        #expect(share >= 1 && effect.before > effect.target && after <= effect.target)
        #expect(patient.engine.isVerifying.isEmpty)
        #expect(patient.now - acted <= .seconds(15), "a target that is held ends the judging early")
    }

    @Test(arguments: Patient.illnesses) func `it is harmful when players are served worse, and switches itself off`(
        _ illness: Patient.Illness
    ) throws {
        var patient = ill(illness)
        let order = try patient.nextOrder()
        patient.acted(order, .healing)
        patient.getWell(of: illness)
        // Failed deliveries are what the stale connections are found by.
        let isOfStale = illness.procedure == "stale_connections"
        patient.readings[isOfStale ? .loopLagSeconds : .deliveryErrorRatio] = 0.2
        let run = try patient.end(of: order)
        #expect(run.verdict == .harmful)
        #expect(run.reason == (isOfStale ? "loop_lag_seconds_rose" : "delivery_error_ratio_rose"))
        patient.fall(ill: illness)
        _ = patient.seconds(7200)
        let later = patient.engine.takeFinished()
        #expect(!later.isEmpty)
        #expect(later.allSatisfy { $0.verdict == .refused && $0.reason == "disabled_by_harm" })
        let disabled = patient.engine.status(at: patient.now).procedures[0]
        #expect(!disabled.isEnabled && disabled.state == .disabled && disabled.disabledFor == .disabledByHarm)

        let isKnown = patient.engine.enable(illness.procedure, true, by: "ops", at: patient.now)
        #expect(isKnown)
        _ = try patient.nextOrder(within: 3)
    }

    @Test(arguments: Patient.illnesses) func `an action that fails is a failure, in its own words`(
        _ illness: Patient.Illness
    ) throws {
        var patient = ill(illness)
        let order = try patient.nextOrder()
        patient.acted(order, ActionReport(.failed("disk is full")))
        let run = try patient.end(of: order)
        #expect(run.verdict == .failed && run.reason == "disk is full")
    }
}
