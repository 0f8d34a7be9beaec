import Testing

@testable import Observability

@Suite("Recovery: what a run was worth") struct RecoveryJudgementTests {
    private let memory = Patient.illnesses.first { $0.procedure == "memory_pressure" }!  // it is in the list

    private func ill(_ illness: Patient.Illness) -> Patient {
        var patient = Patient(only: [illness.procedure])
        _ = patient.seconds(60)
        patient.fall(ill: illness)
        return patient
    }

    @Test func `nothing measured afterwards is no success`() throws {
        var patient = ill(memory)
        let order = try patient.nextOrder()
        patient.acted(order, .healing)
        patient.readings[.memoryRatio] = nil
        let run = try patient.end(of: order)
        #expect(run.verdict == .ineffective && run.reason == "not_measured")
        #expect(run.effect?.after == nil && run.ended - run.started == .seconds(60))
    }

    @Test func `half of what was wanted is enough and less is not`() throws {
        for (reading, verdict) in [(0.888, RecoveryRun.Verdict.effective), (0.892, .ineffective)] {
            var patient = ill(memory)
            let order = try patient.nextOrder()
            patient.acted(order, .healing)
            patient.readings[.memoryRatio] = reading  // 0.93 before, 0.85 wanted
            let run = try patient.end(of: order)
            #expect(run.verdict == verdict)
        }
    }

    @Test func `what would have happened anyway is no merit`() throws {
        for isControlled in [false, true] {
            var patient = ill(memory)
            let order = try patient.nextOrder()
            if isControlled { patient.engine.observeControl(of: order.run, 0.93) }
            patient.acted(order, .healing)
            if isControlled { patient.engine.observeControl(of: order.run, 0.72) }
            patient.getWell(of: memory)
            let run = try patient.end(of: order)
            #expect(run.verdict == (isControlled ? .ineffective : .effective))
            #expect((run.effect?.control != nil) == isControlled)
        }
    }

    @Test func `to fall ill more slowly than the control is not to get well`() throws {
        var patient = ill(memory)
        let order = try patient.nextOrder()
        patient.engine.observeControl(of: order.run, 0.80)
        patient.acted(order, .healing)
        patient.engine.observeControl(of: order.run, 0.99)
        patient.readings[.memoryRatio] = 0.94
        let run = try patient.end(of: order)
        #expect(try #require(run.effect?.share) > 1 && run.verdict == .ineffective)
    }

    /// Two of five slow readers are touched; each of the five has a hundred messages waiting.
    ///
    /// - Parameters:
    ///   - touched: what waits for the two afterwards.
    ///   - control: what waits for the other three.
    private func runOnTwoOfFive(touched: Double, control: Double) throws -> RecoveryRun {
        var patient = Patient(only: ["high_pending_messages"])
        _ = patient.seconds(60)
        patient.readings[.pendingMessages] = 500
        let order = try patient.nextOrder()
        let before = RecoveryCohorts(touched: .init(objects: 2, sum: 200), control: .init(objects: 3, sum: 300))
        patient.acted(
            order, ActionReport(.done, touched: 2, eligible: 10, repaired: 2, cohorts: before))
        patient.readings[.pendingMessages] = touched + control
        for _ in 0..<60 {
            patient.engine.observe(
                RecoveryCohorts(touched: .init(objects: 2, sum: touched), control: .init(objects: 3, sum: control)),
                of: order.run)
            _ = patient.second()
        }
        return try patient.end(of: order)
    }

    @Test func `who was touched is judged, against who was left alone`() throws {
        let mended = try runOnTwoOfFive(touched: 0, control: 450)
        #expect(mended.verdict == .effective)
        #expect((mended.effect?.before, mended.effect?.after) == (500, 0), "as if all five had fared like the two")
        #expect(mended.effect?.control == RecoveryEffect.Control(before: 500, after: 750))
        #expect(try runOnTwoOfFive(touched: 200, control: 0).verdict == .ineffective, "those left alone got well")
        #expect(try runOnTwoOfFive(touched: 0, control: 0).verdict == .ineffective, "all would have got well anyway")
    }

    @Test func `where nobody is left alone, the signal is judged`() throws {
        var patient = Patient(only: ["high_pending_messages"])
        patient.readings[.pendingMessages] = 500
        let order = try patient.nextOrder()
        let all = RecoveryCohorts(touched: .init(objects: 5, sum: 500), control: .init())
        patient.acted(order, ActionReport(.done, touched: 5, eligible: 25, repaired: 5, cohorts: all))
        patient.readings[.pendingMessages] = 3
        let run = try patient.end(of: order)
        #expect(run.verdict == .effective && run.effect?.control == nil)
    }

    @Test func `noise of the service level is no harm`() throws {
        var patient = Patient(only: ["memory_pressure"])
        for second in 0..<60 {
            patient.readings[.deliveryErrorRatio] = second % 2 == 0 ? 0 : 0.1
            _ = patient.second()
        }
        patient.fall(ill: memory)
        let order = try patient.nextOrder()
        patient.acted(order, .healing)
        patient.getWell(of: memory)
        patient.readings[.deliveryErrorRatio] = 0.1
        let run = try patient.end(of: order)
        #expect(run.verdict == .effective)
    }

    @Test func `harm that takes a while to show is seen though the target is met at once`() throws {
        var patient = ill(memory)
        let order = try patient.nextOrder()
        patient.acted(order, .healing)
        patient.getWell(of: memory)
        _ = patient.seconds(5)
        patient.readings[.deliveryErrorRatio] = 0.3
        let run = try patient.end(of: order)
        #expect(run.verdict == .harmful)
    }

    @Test(arguments: ["stale_connections", "system_overload"])
    func `a fault that grows on is not called harm of its cure`(_ procedure: String) throws {
        let illness = try #require(Patient.illnesses.first { $0.procedure == procedure })
        var patient = ill(illness)
        let order = try patient.nextOrder()
        patient.acted(order, .healing)
        patient.readings[.failureRatio] = 0.9
        patient.readings[.deliveryErrorRatio] = procedure == "stale_connections" ? 0.9 : 0.001
        patient.readings[.loopLagSeconds] = procedure == "system_overload" ? 2 : 0.002
        let run = try patient.end(of: order)
        #expect(run.verdict == .ineffective && run.reason == "reading_did_not_improve")
    }

    @Test func `harm is seen though nothing was delivered before`() throws {
        var patient = Patient(only: ["memory_pressure"])
        patient.readings[.deliveryErrorRatio] = nil
        _ = patient.seconds(60)
        patient.readings[.memoryRatio] = 0.93
        let order = try patient.nextOrder()
        patient.acted(order, .healing)
        patient.readings[.memoryRatio] = 0.5
        patient.readings[.deliveryErrorRatio] = 0.3
        let run = try patient.end(of: order)
        #expect(run.verdict == .harmful && run.reason == "delivery_error_ratio_rose")
    }

    @Test func `a small first reading is no harm where nothing was delivered before`() throws {
        var patient = Patient(only: ["memory_pressure"])
        patient.readings[.deliveryErrorRatio] = nil
        _ = patient.seconds(60)
        patient.readings[.memoryRatio] = 0.93
        let order = try patient.nextOrder()
        patient.acted(order, .healing)
        patient.readings[.memoryRatio] = 0.5
        patient.readings[.deliveryErrorRatio] = 0.08
        #expect(try patient.end(of: order).verdict == .effective)
    }

    @Test func `a proven repair is a success though too little is delivered afterwards to measure it`() throws {
        let stale = try #require(Patient.illnesses.first { $0.procedure == "stale_connections" })
        var patient = ill(stale)
        let order = try patient.nextOrder()
        patient.acted(order, .healing)
        patient.readings[.failureRatio] = nil
        let run = try patient.end(of: order)
        #expect(run.verdict == .effective && run.effect == nil)
    }

    @Test func `what is not measured any more is no success, and says nothing of before`() throws {
        let stale = try #require(Patient.illnesses.first { $0.procedure == "stale_connections" })
        var patient = ill(stale)
        let order = try patient.nextOrder()
        patient.acted(order, ActionReport(.done, touched: 1, eligible: 10))
        patient.readings[.failureRatio] = nil
        let run = try patient.end(of: order)
        #expect(run.verdict == .ineffective && run.reason == "not_measured")

        var later = ill(memory)
        later.readings = Patient.wellness
        later.readings[.deliveryErrorRatio] = 0.4
        _ = later.seconds(60)
        later.readings[.deliveryErrorRatio] = nil
        _ = later.seconds(61)
        later.fall(ill: memory)
        later.readings[.deliveryErrorRatio] = nil
        let second = try later.nextOrder()
        later.acted(second, .healing)
        later.getWell(of: memory)
        later.readings[.deliveryErrorRatio] = 0.3
        #expect(try later.end(of: second).verdict == .harmful, "a ratio of minutes ago is no excuse")
    }
}
