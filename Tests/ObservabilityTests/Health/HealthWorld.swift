@testable import Observability

/// Runs a monitor's checks by manual time against readings that are functions of time.
struct HealthWorld {
    var monitor: HealthMonitor
    private(set) var now: Duration
    /// What each check finds; a check without an entry finds nothing to measure.
    var readings: [String: (Duration) -> CheckReading] = [:]
    /// How long every run takes.
    var took: Duration = .zero
    private(set) var changes: [LevelChange] = []
    private(set) var runs: [(id: String, at: Duration)] = []

    init(_ checks: [HealthCheck], at start: Duration = .seconds(1000), seed: UInt64 = 1) {
        now = start
        monitor = HealthMonitor(checks, at: start, randomSeed: seed)
    }

    mutating func run(for span: Duration) { run(until: now + span) }

    mutating func run(until end: Duration) {
        while let next = monitor.nextDeadline, next <= end {
            now = max(now, next)
            changes += monitor.expire(at: now)
            for id in monitor.due(at: now) { run(id) }
        }
        now = max(now, end)
        changes += monitor.expire(at: now)
    }

    mutating func run(_ id: String) {
        runs.append((id, now))
        monitor.started(id, at: now)
        let reading = readings[id]?(now) ?? .measured([])
        now += took
        changes += monitor.finished(id, reading, took: took, at: now)
    }

    func level(_ id: String) -> HealthLevel? { monitor.report(at: now).check(id)?.level }
}

extension HealthCheck {
    /// A check of one value between 0 and 1 with the bands of memory.
    static func load(
        _ id: String = "load", component: String = "system", isCritical: Bool = true,
        bounds: IntervalBounds = .standard,
        hard: Bool = false
    ) -> HealthCheck {
        HealthCheck(
            id: id, component: component, isCritical: isCritical, bounds: bounds,
            bands: ["load": HealthThresholds.standard.memory], hard: hard ? ["load"] : [])
    }
}

extension CheckReading {
    static func load(_ value: Double) -> CheckReading { .measured([Measurement("load", value, unit: "ratio")]) }
}

/// Luck that repeats itself for the same seed.
typealias SeededLuck = Jitter
