import Testing

@testable import Observability

@Suite("Recovery: effects that last until they are taken back") struct RecoveryReleaseTests {
    private let overload = Patient.illnesses.first { $0.procedure == "system_overload" }!  // it is in the list
    private let storm = Patient.illnesses.first { $0.procedure == "reconnect_storm" }!  // it is in the list
    private let memory = Patient.illnesses.first { $0.procedure == "memory_pressure" }!  // it is in the list

    private func ill(_ illness: Patient.Illness, only: Set<String>? = nil) -> Patient {
        var patient = Patient(only: only ?? [illness.procedure])
        _ = patient.seconds(60)
        patient.fall(ill: illness)
        return patient
    }

    @Test func `protection stays while it is needed and is taken back after a quiet minute`() throws {
        var patient = ill(overload)
        let order = try patient.nextOrder()
        patient.acted(order, .healing)
        let whileIll = patient.seconds(300)
        #expect(whileIll.isEmpty)
        #expect(patient.engine.status(at: patient.now).procedures[0].state == .inEffect)
        patient.getWell(of: overload)
        _ = patient.seconds(30)
        patient.readings[.cpuRatio] = 0.9
        _ = patient.second()
        patient.getWell(of: overload)
        let stillOn = patient.seconds(60)
        #expect(stillOn.isEmpty, "the minute begins again")
        let release = patient.second()
        #expect(release.map(\.kind) == [.release] && release[0].run == order.run)
        #expect(release[0].correlationID == order.correlationID)
    }

    @Test func `what lasts is in force from its report until it is taken back`() throws {
        var patient = ill(overload)
        let order = try patient.nextOrder()
        #expect(patient.engine.inForce == [], "nobody has said that it was done")
        patient.acted(order, .healing)
        #expect(patient.engine.inForce == [order])
        patient.getWell(of: overload)
        _ = patient.seconds(59)
        #expect(patient.engine.inForce == [order])
        _ = patient.seconds(2)
        #expect(patient.engine.inForce == [])
    }

    @Test func `what goes on is told from the first moment to the last, whatever ended it`() throws {
        func going(_ patient: Patient) -> [Int] { ["system_overload", "memory_pressure"].map(patient.engine.goingOn) }
        var patient = ill(overload)
        let order = try patient.nextOrder()
        #expect(going(patient) == [1, 0] && patient.engine.isInForce("system_overload"))
        patient.acted(order, .healing)
        #expect(going(patient) == [1, 0], "judged and in force is one run")
        _ = patient.seconds(120)
        #expect(going(patient) == [1, 0] && patient.engine.isInForce("system_overload"), "judged, and still in force")
        patient.getWell(of: overload)
        _ = patient.seconds(61)
        #expect(going(patient) == [0, 0] && !patient.engine.isInForce("system_overload"))

        var failing = ill(overload)
        failing.acted(try failing.nextOrder(), ActionReport(.failed("no loop takes orders")))
        #expect(going(failing) == [0, 0] && !failing.engine.isInForce("system_overload"))

        var dry = Patient()
        _ = dry.engine.trigger("system_overload", by: "ops", dryRun: true, at: dry.now)
        #expect(going(dry) == [0, 0] && !dry.engine.isInForce("system_overload"))
    }

    @Test func `protection ends when it does harm, is switched off, or has lasted an hour`() throws {
        var harmed = ill(overload)
        harmed.acted(try harmed.nextOrder(), .healing)
        harmed.readings[.deliveryErrorRatio] = 0.5
        let afterHarm = harmed.seconds(120)
        #expect(afterHarm.map(\.kind) == [.release])

        var switchedOff = ill(overload)
        switchedOff.acted(try switchedOff.nextOrder(), .healing)
        _ = switchedOff.engine.enable("system_overload", false, by: "ops", at: switchedOff.now)
        let afterSwitch = switchedOff.second()
        #expect(afterSwitch.map(\.kind) == [.release])

        var acting = ill(overload)
        let order = try acting.nextOrder()
        _ = acting.engine.enable("system_overload", false, by: "ops", at: acting.now)
        acting.acted(order, .healing)
        let afterActing = acting.second()
        #expect(afterActing.map(\.kind) == [.release], "switched off while it acted")

        var endless = ill(overload)
        endless.acted(try endless.nextOrder(), .healing)
        let afterAnHour = endless.seconds(3600)
        #expect(afterAnHour.first?.kind == .release)
    }

    @Test func `what failed is taken back, since a part of the server may have done it`() throws {
        for report in [ActionReport(.failed("a loop takes no orders"), touched: 1, eligible: 1), .init(.nothingToDo)] {
            var patient = ill(overload)
            let order = try patient.nextOrder()
            patient.acted(order, report)
            let then = patient.second()
            #expect(then.map(\.kind) == [.release] && then.first?.run == order.run)
        }
        var other = ill(memory)
        other.acted(try other.nextOrder(), ActionReport(.failed("no")))
        let nothing = other.second()
        #expect(nothing.isEmpty, "there is nothing that lasts")
    }

    @Test func `what outlasts its time is taken back at once, and once more when it comes back`() throws {
        var patient = ill(overload)
        let order = try patient.nextOrder()
        patient.getWell(of: overload)
        let whileLate = patient.seconds(60)
        #expect(whileLate.map(\.kind) == [.release] && whileLate.first?.run == order.run)
        patient.acted(order, .healing)
        let late = patient.second()
        #expect(late.map(\.kind) == [.release] && late.first?.run == order.run)
    }

    @Test func `what failed is taken back before what it gives way to begins`() throws {
        var patient = ill(storm, only: ["reconnect_storm", "system_overload"])
        for _ in 0..<3 {
            let order = try patient.nextOrder()
            #expect(order.procedure == "reconnect_storm")
            patient.acted(order, ActionReport(.failed("no")))
        }
        let then = patient.second()
        #expect(then.map(\.kind) == [.release, .act])
        #expect(then.map(\.procedure) == ["reconnect_storm", "system_overload"])
    }

    @Test func `what takes effect after it was given up and forgiven is taken back once more`() throws {
        var patient = ill(overload)
        let order = try patient.nextOrder()
        patient.getWell(of: overload)
        let run = try patient.end(of: order)
        #expect(run.reason == "timed_out")
        _ = patient.engine.enable("system_overload", true, by: "ops", at: patient.now)
        let forgiven = patient.second()
        #expect(forgiven.map(\.kind) == [.release])
        for expected in [[RecoveryOrder.Kind.release], []] {
            patient.acted(order, .healing)
            let late = patient.second()
            #expect(late.map(\.kind) == expected)
        }
    }

    @Test func `what a later run has put in force is not taken back for an earlier one`() throws {
        var patient = ill(storm)
        let order = try patient.nextOrder()
        _ = try patient.end(of: order)
        _ = patient.engine.enable("reconnect_storm", true, by: "ops", at: patient.now)
        let later = try patient.nextOrder()
        #expect(later.run != order.run)
        patient.acted(later, .healing)
        patient.acted(order, .healing)
        let then = patient.second()
        #expect(then.isEmpty)
    }
}
