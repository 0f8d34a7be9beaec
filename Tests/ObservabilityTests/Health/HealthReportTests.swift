import Foundation
import Testing

@testable import Observability

@Suite("Health: what is reported") struct HealthReportTests {
    private let facts = ServiceFacts(
        version: "1.2.3", uptime: .seconds(3661), unixMicroseconds: 1_735_234_567_890_000,
        figures: [("active_connections", 42), ("memory_usage_mb", 61.5)])

    private func object(_ bytes: [UInt8]?) throws -> [String: Any] {
        let bytes = try #require(bytes)
        return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    private func world() -> HealthWorld {
        var world = HealthWorld(StandardChecks.all(plugins: ["chess"], hasCertificate: true))
        world.readings[StandardChecks.memory] = { _ in
            .measured([
                Measurement(StandardChecks.Value.memory, 0.921, unit: "ratio"),
                Measurement(StandardChecks.Value.memoryAvailable, 1e9, unit: "bytes"),
            ])
        }
        world.readings[StandardChecks.websocket] = { _ in
            .measured([
                Measurement(StandardChecks.Value.connections, 42), Measurement(StandardChecks.Value.pending, 3),
            ])
        }
        world.readings[StandardChecks.game("chess")] = { _ in .failed("said \"no\"\n") }
        world.run(for: .seconds(2))
        return world
    }

    @Test func `it begins with status, times, uptime, version and service`() throws {
        let world = world()
        let json = try object(world.monitor.report(at: world.now).detailedJSON(facts))
        #expect(json["status"] as? String == "critical")
        #expect(json["timestamp"] as? String == "2024-12-26T17:36:07.890000Z")
        #expect(json["timestamp_unix"] as? Double == 1_735_234_567.89)
        #expect(json["uptime_seconds"] as? Int == 3661)
        #expect(json["uptime_formatted"] as? String == "01:01:01")
        #expect(json["version"] as? String == "1.2.3")
        #expect(json["service"] as? String == "gameserver")
    }

    @Test func `hours of uptime go on beyond a day`() {
        #expect(ServiceFacts(version: "", uptime: .seconds(90_061), unixMicroseconds: 0).uptimeText == "25:01:01")
        #expect(ServiceFacts(version: "", uptime: .seconds(3_600_000), unixMicroseconds: 0).uptimeText == "1000:00:00")
    }

    @Test func `the long form shows each check with value, unit, threshold, message, age and next run`() throws {
        let world = world()
        let json = try object(world.monitor.report(at: world.now).detailedJSON(facts))
        #expect(json["success"] as? Bool == true)
        #expect(json["active_connections"] as? Int == 42)
        let health = try #require(json["health"] as? [String: Any])
        #expect(health["overall_status"] as? String == "critical")
        let metrics = try #require(health["metrics"] as? [String: [String: Any]])
        let memory = try #require(metrics["memory"])
        #expect(memory["name"] as? String == "memory_usage")
        #expect(memory["status"] as? String == "critical")
        #expect(memory["value"] as? Double == 92.1)
        #expect(memory["unit"] as? String == "percent")
        #expect(memory["threshold"] as? Double == 90)
        #expect(memory["message"] as? String == "memory_utilization 92.1 % is above 90 %")
        #expect((memory["age"] as? Double).map { (0...2).contains($0) } == true)
        #expect((memory["next_check_in"] as? Double).map { (0...34).contains($0) } == true)
        #expect((memory["interval_reason"] as? String)?.contains("10 s") == true)
        let websocket = try #require(metrics["websocket"])
        #expect(websocket["status"] as? String == "healthy")
        #expect(websocket["threshold"] as? Double == 100)
        let values = try #require(websocket["measurements"] as? [String: [String: Any]])
        #expect(values["connections"]?["value"] as? Int == 42)
        #expect(values["pending"]?["threshold"] as? Int == 100)
        let game = try #require(metrics["game:chess"])
        #expect(game["status"] as? String == "unknown")
        #expect(game["message"] as? String == "said \"no\"\n")
        #expect(game["value"] is NSNull && game["age"] is NSNull)
    }

    @Test func `simple readers find a map of checks and a map of services`() throws {
        let world = world()
        let json = try object(world.monitor.report(at: world.now).detailedJSON(facts))
        let checks = try #require(json["checks"] as? [String: String])
        #expect(checks["database"] == "healthy" && checks["memory"] == "critical" && checks["game:chess"] == "unknown")
        let services = try #require(json["services"] as? [String: String])
        #expect(services["store"] == "healthy" && services["system"] == "critical")
        let components = try #require(json["components"] as? [String: [String: Any]])
        #expect(components["system"]?["checks"] as? [String] == ["cpu", "memory", "disk"])
        #expect(components["system"]?["critical"] as? Bool == true)
        #expect(Set(components.keys) == Set(services.keys))
        let stability = try #require(json["stability"] as? [String: Any])
        #expect((stability["inputs"] as? [String: Any])?.count == 4)
        let changes = try #require(json["recent_changes"] as? [[String: Any]])
        #expect(changes.first?["to"] as? String == "critical")
    }

    @Test func `one component can be asked for`() throws {
        let world = world()
        let report = world.monitor.report(at: world.now)
        let json = try object(report.componentJSON("websocket", facts))
        #expect(json["status"] as? String == "healthy")
        #expect(json["checks"] as? [String: String] == ["websocket": "healthy", "latency": "healthy"])
        #expect(report.componentJSON("nothing", facts) == nil)
    }

    @Test func `several judged values of one check are objects by name`() throws {
        var world = HealthWorld(StandardChecks.all())
        world.readings[StandardChecks.database] = { _ in
            .measured([
                Measurement(StandardChecks.Value.reachable, 1),
                Measurement(StandardChecks.Value.response, 0.004, unit: "seconds"),
            ])
        }
        world.run(for: .seconds(1))
        let json = try object(world.monitor.report(at: world.now).componentJSON("store", facts))
        let database = try #require((json["metrics"] as? [String: [String: Any]])?["database"])
        #expect(database["value"] as? [String: Double] == ["reachable": 1, "response": 0.004])
        #expect(database["threshold"] as? [String: Double] == ["reachable": 0.5, "response": 0.5])
        #expect(database["unit"] as? [String: String] == ["reachable": "count", "response": "seconds"])
    }

    @Test func `the draft form says pass, warn or fail of every value`() throws {
        let world = world()
        let json = try object(world.monitor.report(at: world.now).draftJSON(facts))
        #expect(json["status"] as? String == "fail")
        #expect(json["output"] as? String == "memory: memory_utilization 92.1 % is above 90 %")
        let checks = try #require(json["checks"] as? [String: [[String: Any]]])
        let memory = try #require(checks["memory:memory_utilization"]?.first)
        #expect(memory["status"] as? String == "fail" && memory["observedValue"] as? Double == 92.1)
        #expect(memory["componentType"] as? String == "system" && memory["observedUnit"] as? String == "percent")
        #expect(memory["time"] != nil)
        #expect(checks["memory:memory_available"]?.first?["status"] as? String == "pass")
        #expect(checks["game:chess:status"]?.first?["status"] as? String == "fail")
        #expect(checks["database:status"]?.first?["componentType"] as? String == "datastore")
    }

    @Test func `the history is paged text of levels and values`() throws {
        var world = world()
        world.run(for: .seconds(100))
        let report = world.monitor.report(at: world.now)
        let json = try object(report.historyJSON(.hour, after: 3, limit: 5, facts))
        #expect(json["first"] as? Int == 4 && json["count"] as? Int == 5 && json["next"] as? Int == 8)
        #expect(json["overall"] as? [String] == Array(repeating: "critical", count: 5))
        let values = try #require(json["values"] as? [String: [Any]])
        #expect((values["memory.memory_utilization"]?.first as? Double).map { abs($0 - 0.921) < 1e-6 } == true)
        #expect(values["cpu.cpu_utilization"]?.first is NSNull)
        // 102 s after the start it is 17:36:07.89; step 4 began 62 s earlier.
        #expect(json["start"] as? String == "2024-12-26T17:35:05.890000Z")
    }

    @Test func `more values than the ceiling and longer messages are cut`() throws {
        var world = HealthWorld([.load()])
        let many = (0..<100).map { Measurement("m\($0)", 1, message: String(repeating: "x", count: 10_000)) }
        world.readings["load"] = { _ in .judged(.warning, String(repeating: "y", count: 10_000), many) }
        world.run(for: .seconds(2))
        let check = try #require(world.monitor.report(at: world.now).check("load"))
        #expect(check.measurements.count == CheckReading.maxMeasurements)
        #expect(check.message.count == CheckReading.maxMessage)
        #expect(check.measurements.allSatisfy { $0.message.count == CheckReading.maxMessage })
    }

    @Test func `a trend is shown with its time to the threshold`() throws {
        var world = HealthWorld([.load()])
        let start = world.now
        world.readings["load"] = { .load(0.4 + ($0 - start).seconds * 0.0001) }
        world.run(for: .seconds(1200))
        let measurement = try #require(world.monitor.report(at: world.now).check("load")?.measurements.first)
        #expect(abs(try #require(measurement.slopePerSecond) - 0.0001) < 1e-6)
        let left = try #require(measurement.timeToThreshold).seconds
        #expect(abs(left - (3500 - 1200)) < 60)
    }
}
