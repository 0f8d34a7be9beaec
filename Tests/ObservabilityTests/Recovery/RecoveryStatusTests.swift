import Foundation
import Testing

@testable import Observability

@Suite("Recovery: status and settings") struct RecoveryStatusTests {
    /// 2024-12-26T17:36:07Z, when the manual time below began.
    private let origin = 1_735_234_567_000_000

    private func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    private func afterTwoRuns() throws -> Patient {
        let memory = try #require(Patient.illnesses.first { $0.procedure == "memory_pressure" })
        var patient = Patient()
        _ = patient.seconds(60)
        for isHealing in [true, false] {
            patient.fall(ill: memory)
            let order = try patient.nextOrder()
            patient.acted(order, isHealing ? .healing : ActionReport(.failed("said \"no\"\n")))
            patient.getWell(of: memory)
            _ = try patient.end(of: order)
            _ = patient.second()
        }
        return patient
    }

    @Test func `the status has the members its first readers know`() throws {
        var patient = try afterTwoRuns()
        _ = patient.engine.trigger(
            "memory_pressure", by: "ops", dryRun: true, context: ["why": "a \u{7} bell"], at: patient.now)
        let status = patient.engine.status(at: patient.now)
        let json = try object(status.json(origin: origin))
        #expect(json["success"] as? Bool == true && json["is_active"] as? Bool == true)
        #expect(json["total_procedures"] as? Int == 9)
        #expect(json["recent_attempts"] as? Int == 2 && json["success_rate"] as? Double == 50)
        let procedures = try #require(json["procedures"] as? [String: [String: Any]])
        #expect(Set(procedures.keys) == Set(StandardProcedures.all.map(\.id)))
        let memory = try #require(procedures["memory_pressure"])
        #expect(memory["max_attempts"] as? Int == 3 && memory["cooldown_seconds"] as? Int == 60)
        #expect(memory["severity"] as? String == "high" && memory["recent_attempts"] as? Int == 2)
        #expect(memory["description"] as? String != nil && memory["state"] as? String == "cooling")

        let history = try #require(json["recent_history"] as? [[String: Any]])
        #expect(history.map { $0["success"] as? Bool } == [false, true], "newest first")
        #expect(history[0]["error_message"] as? String == "said \"no\"\n")
        #expect(history[1]["error_message"] is NSNull && history[1]["verdict"] as? String == "effective")
        #expect(history[1]["action"] as? String == "free_memory")
        let context = try #require(history[1]["context"] as? [String: Any])
        #expect(context["memory_ratio"] as? Double == 0.93)
        let started = try #require(history[1]["timestamp"] as? Double)
        #expect(started == 1_735_234_567 + 1061)
        #expect(history[1]["timestamp_iso"] as? String == "2024-12-26T17:53:48.000000Z")
        #expect((json["running"] as? [Any])?.count == 1)
    }

    @Test func `the rate of nothing is zero, and of two in three 66.7`() throws {
        let empty = try object(RecoveryEngine().status(at: .zero).json(origin: origin))
        #expect(empty["success_rate"] as? Double == 0 && empty["recent_attempts"] as? Int == 0)
        var engine = RecoveryEngine(StandardProcedures.all.filter { $0.id == "memory_pressure" })
        var now = Duration.zero
        for isHealing in [true, true, false] {
            now += .seconds(100)
            let orders = engine.observe([.memoryRatio: 0.95], at: now)
            engine.acted(try #require(orders.first).run, .healing, at: now)
            for _ in 0..<40 {
                now += .seconds(1)
                _ = engine.observe([.memoryRatio: isHealing ? 0.5 : 0.95], at: now)
            }
        }
        let json = try object(engine.status(at: now).json(origin: origin))
        #expect(json["success_rate"] as? Double == 66.7)
        #expect(json["recent_attempts"] as? Int == 3 && json["failed_attempts"] as? Int == 1)
    }

    @Test func `ten runs are shown and a thousand kept`() throws {
        var limits = RecoveryLimits()
        limits.history = 20
        var engine = RecoveryEngine(limits: limits)
        for second in 0..<50 {
            if case .started(let order) = engine.trigger(
                "memory_pressure", by: "ops", dryRun: true, at: .seconds(second))
            {
                engine.acted(order.run, ActionReport(.done), at: .seconds(second))
            }
        }
        let status = engine.status(at: .seconds(60))
        #expect(status.history.count == 20 && status.history.first?.run == 50)
        let json = try object(status.json(origin: origin))
        #expect((json["recent_history"] as? [Any])?.count == 10)
        #expect(engine.takeFinished().count == 20 && engine.takeFinished().isEmpty)
        #expect(RecoveryLimits().history == 1000)
    }

    // MARK: Settings

    @Test(arguments: RecoverySettings.names) func `every name that can be set sets something`(_ name: String) throws {
        var settings = RecoverySettings()
        try settings.set("reconnect_storm", name, to: name == "enabled" ? 0 : name == "blast_radius" ? 0.5 : 7)
        #expect(settings != RecoverySettings())
    }

    @Test func `a number is set for the signal that is named`() throws {
        var settings = RecoverySettings()
        try settings.set("system_overload", "threshold.memory_ratio", to: 0.98)
        try settings.set("memory_pressure", "max_attempts", to: 7)
        let overload = try #require(settings.procedures.first { $0.id == "system_overload" })
        #expect(overload.trigger.conditions.map(\.threshold) == [0.95, 0.98])
        let memory = try #require(settings.procedures.first { $0.id == "memory_pressure" })
        #expect(memory.attempts.maxAttempts == 7 && memory.attempts.maxAttemptsInAll == 7)
    }

    @Test(arguments: [
        ("memory_pressure", "colour", 1, RecoverySettingsError.unknownName("colour")),
        ("memory", "samples", 1, .unknownProcedure("memory")),
        ("memory_pressure", "samples", 0, .outOfRange("samples", 0)),
        ("memory_pressure", "samples", 1.5, .outOfRange("samples", 1.5)),
        ("memory_pressure", "blast_radius", 1.01, .outOfRange("blast_radius", 1.01)),
        ("memory_pressure", "threshold", .infinity, .outOfRange("threshold", .infinity)),
        ("memory_pressure", "threshold.cpu_ratio", 1, .unknownName("threshold.cpu_ratio")),
        ("memory_pressure", "release_seconds", 5, .unknownName("release_seconds")),
        ("memory_pressure", "cooldown_seconds", 1e300, .outOfRange("cooldown_seconds", 1e300)),
    ]) func `what cannot be set is told`(
        _ procedure: String, _ name: String, _ value: Double, _ expected: RecoverySettingsError
    ) {
        var settings = RecoverySettings()
        #expect(throws: expected) { try settings.set(procedure, name, to: value) }
        #expect(settings == RecoverySettings())
    }

    @Test func `the defaults are the promised ones and aim beyond their thresholds`() throws {
        try RecoverySettings().validate()
        let promised: [String: (Int, Int)] = [
            "stale_connections": (5, 30), "high_pending_messages": (3, 60), "room_state_corruption": (2, 120),
            "client_desync": (3, 30), "memory_pressure": (3, 60), "system_overload": (1, 300),
            "database_connection_loss": (5, 10), "reconnect_storm": (3, 60), "plugin_fault": (3, 60),
        ]
        for procedure in StandardProcedures.all {
            let (attempts, cooldown) = try #require(promised[procedure.id])
            #expect(procedure.attempts.maxAttempts == attempts)
            #expect(procedure.attempts.cooldown == .seconds(cooldown))
            #expect(procedure.attempts.window == .seconds(3600))
            if let next = procedure.escalation?.procedure { #expect(promised[next] != nil) }
        }
        var settings = RecoverySettings()
        try settings.set("memory_pressure", "threshold", to: 0.8)
        #expect(throws: RecoverySettingsError.targetBeyondThreshold("memory_pressure", .memoryRatio)) {
            try settings.validate()
        }
    }
}
