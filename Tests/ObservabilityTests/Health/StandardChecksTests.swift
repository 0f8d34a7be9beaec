import Testing

@testable import Observability

@Suite("Health: the standard checks") struct StandardChecksTests {
    private func level(_ id: String, _ name: String, _ value: Double, for span: Duration = .seconds(2)) -> HealthLevel?
    {
        var world = HealthWorld(StandardChecks.all(plugins: ["chess"], hasCertificate: true))
        world.readings[id] = { _ in .measured([Measurement(name, value)]) }
        world.run(for: span)
        return world.level(id)
    }

    @Test func `a server without traffic is healthy`() {
        var world = HealthWorld(StandardChecks.all(plugins: ["chess"], hasCertificate: true))
        world.run(for: .seconds(2))
        #expect(world.monitor.overall == .healthy)
    }

    @Test(arguments: [
        (StandardChecks.memory, StandardChecks.Value.memory, 0.76, 0.91),
        (StandardChecks.disk, StandardChecks.Value.disk, 0.81, 0.91),
        (StandardChecks.websocket, StandardChecks.Value.connectionsRatio, 0.81, 1.0),
        (StandardChecks.latency, StandardChecks.Value.handling, 0.051, 0.201),
        (StandardChecks.latency, StandardChecks.Value.roundTrip, 0.21, 1.01),
        (StandardChecks.database, StandardChecks.Value.response, 0.6, 2.5),
        (StandardChecks.loops, StandardChecks.Value.lag, 0.06, 0.3),
        (StandardChecks.rateLimiter, StandardChecks.Value.refused, 0.21, 0.51),
        (StandardChecks.certificate, StandardChecks.Value.daysLeft, 13.9, 2.9),
        (StandardChecks.game("chess"), StandardChecks.Value.faults, 1, 6),
    ])
    func `a value beyond a band is at its level`(id: String, name: String, warning: Double, critical: Double) {
        #expect(level(id, name, warning) == .warning)
        #expect(level(id, name, critical) == .critical)
    }

    @Test func `cpu counts when it stays`() {
        #expect(level(StandardChecks.cpu, StandardChecks.Value.cpu, 0.85, for: .seconds(29)) == .healthy)
        #expect(level(StandardChecks.cpu, StandardChecks.Value.cpu, 0.85, for: .seconds(32)) == .warning)
        #expect(level(StandardChecks.cpu, StandardChecks.Value.cpu, 0.95, for: .seconds(59)) == .warning)
        #expect(level(StandardChecks.cpu, StandardChecks.Value.cpu, 0.95, for: .seconds(62)) == .critical)
    }

    @Test func `pending messages warn above a hundred and never go past it`() {
        #expect(level(StandardChecks.websocket, StandardChecks.Value.pending, 100) == .healthy)
        #expect(level(StandardChecks.websocket, StandardChecks.Value.pending, 1e6) == .warning)
    }

    @Test(arguments: [StandardChecks.database, StandardChecks.selfTest])
    func `one failed attempt to reach is enough`(id: String) {
        #expect(level(id, StandardChecks.Value.reachable, 0, for: .zero) == .critical)
    }

    @Test func `a game in trouble warns, it does not take the server out of service`() {
        var world = HealthWorld(StandardChecks.all(plugins: ["chess"]))
        world.readings[StandardChecks.game("chess")] = { _ in
            .measured([Measurement(StandardChecks.Value.faults, 100)])
        }
        world.run(for: .seconds(2))
        #expect(world.monitor.level(of: "game:chess") == .critical)
        #expect(world.monitor.overall == .warning)
    }

    @Test func `every threshold has its way back on the good side`() {
        for check in StandardChecks.all(plugins: ["chess"], hasCertificate: true) {
            for (name, band) in check.bands {
                let sign = band.direction == .above ? 1.0 : -1
                for (enter, leave) in [
                    (band.enterWarning, band.leaveWarning), (band.enterCritical, band.leaveCritical),
                ] {
                    if let enter, let leave { #expect((enter - leave) * sign >= 0, "\(check.id) \(name)") }
                }
                if let warning = band.enterWarning, let critical = band.enterCritical {
                    #expect((critical - warning) * sign > 0, "\(check.id) \(name)")
                }
            }
        }
    }
}
