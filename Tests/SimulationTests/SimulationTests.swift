import Testing

@testable import TestSupport

@Suite("Design, Promises: a seeded world with faults") struct SimulationTests {
    @Test(arguments: Seeds.thisRun)
    func `nobody is told what is not stored, misses an event, repeats one or waits forever`(seed: UInt64) {
        let simulation = Simulation(seed: seed)
        simulation.run(steps: 2_000)
        simulation.finish()
        simulation.world.end()
        #expect(simulation.oracle.faults.prefix(3) == [], "seed \(seed)")
    }
}
