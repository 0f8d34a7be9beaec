import Foundation
import Testing

@testable import Observability

/// The original server's answers, given its thresholds and interval parameters as data.
@Suite("Vectors: health") struct HealthVectors {
    private static let url = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Vectors/liap-tui.json")

    private static func vectors(_ kind: String) throws -> [[String: Any]] {
        let file = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
        let all = try #require(file?["vectors"] as? [[String: Any]])
        let own = all.filter { $0["kind"] as? String == kind }
        try #require(!own.isEmpty)
        return own
    }

    /// Those of the original server, where they differ: no leave thresholds, no holds, CPU and pending messages never
    /// beyond a warning.
    private static let bands: HealthThresholds = {
        var bands = HealthThresholds.standard
        bands.cpu = HealthBand(.above, warning: 0.80)
        bands.memory = HealthBand(.above, warning: 0.68, critical: 0.85)
        bands.disk = HealthBand(.above, warning: 0.72, critical: 0.90)
        bands.pendingMessages = HealthBand(.above, warning: 100)
        return bands
    }()

    /// One result is enough, in and out.
    private static let atOnce = HealthCheck.Agreement(needed: 1, of: 1, toLeave: 1)

    @Test func `health_level`() throws {
        for vector in try Self.vectors("health_level") {
            let metric = try #require(vector["metric"] as? String)
            let value = try #require(vector["value"] as? NSNumber).doubleValue
            let (id, measurement) =
                switch metric {
                case "memory": (StandardChecks.memory, Measurement(StandardChecks.Value.memory, value / 100))
                case "disk": (StandardChecks.disk, Measurement(StandardChecks.Value.disk, value / 100))
                case "cpu": (StandardChecks.cpu, Measurement(StandardChecks.Value.cpu, value / 100))
                case "database_accessible":
                    (StandardChecks.database, Measurement(StandardChecks.Value.reachable, value))
                default: (StandardChecks.websocket, Measurement(StandardChecks.Value.pending, value))
                }
            var world = HealthWorld(
                StandardChecks.all(Self.bands).map { check in
                    var check = check
                    check.agreement = Self.atOnce
                    return check
                })
            world.readings[id] = { _ in .measured([measurement]) }
            world.run(for: .zero)
            #expect(world.level(id)?.name == vector["expected"] as? String, "\(vector["id"] ?? "")")
        }
    }

    @Test func `health_overall`() throws {
        for vector in try Self.vectors("health_overall") {
            let levels = try #require(vector["levels"] as? [String]).map { name in
                HealthLevel.allCases.first { $0.name == name }
            }
            var world = HealthWorld(
                levels.indices.map { index in
                    HealthCheck(id: "\(index)", component: "\(index)", isCritical: true, hard: [HealthCheck.verdict])
                })
            for (index, level) in levels.enumerated() {
                let level = try #require(level)
                world.readings["\(index)"] = { _ in .judged(level, "given") }
            }
            world.run(for: .zero)
            #expect(world.monitor.overall.name == vector["expected"] as? String, "\(vector["id"] ?? "")")
        }
    }

    /// The original's loops. Ours caps the interval by level as well, which it did not.
    private static let loops: [String: IntervalBounds] = [
        "system": bounds(30, 10, 120, growth: 1.2, after: 5),
        "websocket": bounds(60, 15, 300, growth: 1.5, after: 3),
        "database": bounds(120, 30, 600, growth: 1.3, after: 5),
        "game": bounds(90, 30, 300, shrink: 0.8, growth: 1.2, after: 0),
    ]

    private static func bounds(
        _ base: Int, _ floor: Int, _ ceiling: Int, shrink: Double = 0.5, growth: Double, after: Int
    ) -> IntervalBounds {
        IntervalBounds(
            base: .seconds(base), floor: .seconds(floor), ceiling: .seconds(ceiling), shrink: shrink, growth: growth,
            growAfter: after, warningCap: nil, criticalCap: nil)
    }

    @Test func `adaptive_interval`() throws {
        for vector in try Self.vectors("adaptive_interval") {
            let id = vector["id"] as? String ?? ""
            let bounds = try #require(Self.loops[vector["loop"] as? String ?? ""], "\(id)")
            #expect(bounds.base.seconds == vector["start_s"] as? Double, "\(id)")
            var interval = AdaptiveInterval(bounds)
            let after = try #require(vector["checks"] as? [String]).map { check in
                interval.record(
                    check == "ok" ? .level(.healthy) : check == "error" ? .failed(check) : .level(.warning))
                return interval.current.seconds
            }
            let expected = try #require(vector["interval_after"] as? [Double])
            #expect(after.count == expected.count, "\(id)")
            for (ours, theirs) in zip(after, expected) { #expect(abs(ours - theirs) < 0.051, "\(id)") }
        }
    }
}
