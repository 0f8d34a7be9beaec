import Testing

@testable import Observability

@Suite("Recovery: what a restart must not forget") struct RecoveryRestartTests {
    @Test func `a restart forgets neither attempts nor harm`() throws {
        let storeLoss = Patient.illnesses.first { $0.procedure == "database_connection_loss" }!  // it is in the list
        var patient = Patient(only: ["database_connection_loss", "memory_pressure"])
        for ago in [50, 40, 30, 20, 11] {
            patient.engine.restore(
                "database_connection_loss", scope: "server", verdict: .failed, ago: .seconds(ago), at: patient.now)
        }
        patient.engine.restore(
            "memory_pressure", scope: "server", verdict: .harmful, ago: .seconds(7200), at: patient.now)
        patient.fall(ill: storeLoss)
        patient.readings[.memoryRatio] = 0.99
        let orders = patient.second()
        #expect(orders.isEmpty)
        #expect(Set(patient.engine.takeFinished().map(\.reason)) == ["max_attempts", "disabled_by_harm"])
    }

    @Test func `a clock that was set back bars nothing for longer than its cooldown`() throws {
        var patient = Patient(only: ["memory_pressure"])
        patient.engine.restore(
            "memory_pressure", scope: "server", verdict: .failed, ago: .seconds(-86_400), at: patient.now)
        patient.readings[.memoryRatio] = 0.99
        let early = patient.seconds(59)
        #expect(early.isEmpty)
        #expect(patient.second().map(\.procedure) == ["memory_pressure"])
    }

    @Test func `a harm is as old as its verdict, and one that lies in the future is of now`() {
        for (ago, at) in [(100, 930), (-500, 1000)] {
            var patient = Patient(only: ["memory_pressure"])
            patient.engine.restore(
                "memory_pressure", scope: "server", verdict: .harmful, ago: .seconds(ago), lasted: .seconds(30),
                at: patient.now)
            let status = patient.engine.status(at: patient.now).procedures[0]
            #expect(status.disabledFor == .disabledByHarm && status.disabledAt == .seconds(at))
        }
    }

    @Test func `what operators switched stays switched over a restart, but for what the configuration switches off`() {
        var patient = Patient(only: ["memory_pressure"])
        func restore(isEnabled: Bool, _ ago: Int) {
            patient.engine.restore(
                "memory_pressure", isEnabled: isEnabled, by: "ops", ago: .seconds(ago), at: patient.now)
        }
        var status: RecoveryStatus.Procedure { patient.engine.status(at: patient.now).procedures[0] }
        restore(isEnabled: false, 60)
        #expect(status.disabledBy == "ops" && status.disabledAt == .seconds(940))
        restore(isEnabled: true, 50)
        #expect(status.isEnabled)

        var procedures = StandardProcedures.all.filter { $0.id == "memory_pressure" }
        procedures[0].isEnabled = false
        patient.engine = RecoveryEngine(procedures)
        restore(isEnabled: true, 50)
        #expect(status.disabledBy == "configuration")
    }

    @Test func `what was switched since the restart is not switched by what is older`() {
        for isEnabled in [true, false] {
            var patient = Patient(only: ["memory_pressure"])
            let isKnown = patient.engine.enable("memory_pressure", isEnabled, by: "ana", at: patient.now)
            #expect(isKnown)
            patient.engine.restore(
                "memory_pressure", scope: "server", verdict: .harmful, ago: .seconds(60), at: patient.now)
            patient.engine.restore(
                "memory_pressure", isEnabled: !isEnabled, by: "ops", ago: .seconds(50), at: patient.now)
            let status = patient.engine.status(at: patient.now).procedures[0]
            #expect(status.isEnabled == isEnabled && status.disabledBy == (isEnabled ? nil : "ana"))
            #expect(status.recentAttempts == 1, "an attempt is one all the same")
        }
    }

    @Test func `runs are numbered on from where the store ended`() throws {
        var engine = RecoveryEngine()
        for run in [4709, 4710, 3] { engine.continueNumbers(after: run) }
        let orders = engine.observe([.memoryRatio: 0.99], at: .zero)
        #expect(orders.map(\.run) == [4711])
    }
}
