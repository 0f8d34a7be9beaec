import Testing

@testable import Observability

@Suite("Health: stability score") struct StabilityScoreTests {
    @Test(arguments: [
        (StabilityScore.Inputs(), 100.0),
        (.init(notHealthyShare: 0.5), 80),
        (.init(recoveries: 3), 87.5),
        (.init(recoveries: 60), 75),
        (.init(burnRate: 3), 90),
        (.init(restarts: 1), 95),
        (.init(notHealthyShare: 1, recoveries: 9, burnRate: 14.4, restarts: 5), 0),
        (.init(burnRate: .nan), 80),
    ])
    func `it is a hundred less what each input takes away`(inputs: StabilityScore.Inputs, expected: Double) {
        let score = StabilityScore(inputs)
        #expect(abs(score.value - expected) < 1e-9)
        #expect(abs(100 - score.deductions.reduce(0) { $0 + $1.points } - score.value) < 1e-9)
    }

    @Test func `the hour's share comes from what the monitor saw`() {
        var world = HealthWorld([.load()])
        world.readings["load"] = { $0 < .seconds(1600) ? .load(0.5) : .load(0.8) }
        world.monitor.stability = .init(recoveries: 2)
        world.run(for: .seconds(3000))
        let stability = world.monitor.report(at: world.now).stability
        // Unhealthy for 2400 s of the last 3600, late by the interval of about two minutes at most.
        #expect((0.62...0.68).contains(stability.inputs.notHealthyShare))
        #expect(stability.inputs.recoveries == 2)
        #expect(world.monitor.score == stability, "the score alone, without a report around it")
    }
}
