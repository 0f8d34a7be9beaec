import Testing

@testable import Observability

@Suite("Health: bands and hysteresis") struct HealthBandTests {
    private let memory = HealthThresholds.standard.memory
    private let delivery = HealthThresholds.standard.deliveryRatio

    @Test(arguments: [
        (0.5, HealthLevel.healthy), (0.75, .healthy), (0.7501, .warning), (0.9, .warning), (0.9001, .critical),
        (.infinity, .critical), (.nan, .unknown),
    ])
    func `only a value strictly beyond a threshold is at its level`(value: Double, expected: HealthLevel) {
        #expect(memory.entered(value) == expected)
    }

    @Test func `where low is bad, below is beyond`() {
        #expect(delivery.entered(0.95) == .healthy)
        #expect(delivery.entered(0.949) == .warning)
        #expect(delivery.held(0.96) == .warning)
        #expect(delivery.held(0.97) == .healthy)
    }

    @Test func `a leave threshold on the wrong side of its enter threshold never lets a level flap`() {
        let band = HealthBand(.above, warning: 0.5, leaveWarning: 0.8)
        #expect(band.entered(0.6) == .warning)
        #expect(band.held(0.6) == .warning)
    }

    /// The levels after each value, one result per second.
    private func levels(
        _ values: [Double], _ band: HealthBand, _ agreement: HealthCheck.Agreement = .standard
    ) -> [HealthLevel] {
        var state = MeasuredLevel(agreement, warningHold: band.warningHold, criticalHold: band.criticalHold)
        return values.enumerated().map { second, value in
            state.record(entered: band.entered(value), held: band.held(value), at: .seconds(second))
            return state.level
        }
    }

    @Test func `two of the last three results raise a level, one does not`() {
        #expect(levels([0.5, 0.8, 0.5, 0.5, 0.8], memory).allSatisfy { $0 == .healthy })
        #expect(levels([0.5, 0.8, 0.5, 0.8], memory).last == .warning)
        #expect(levels([0.5, 0.95, 0.95], memory).last == .critical)
        #expect(levels([0.5, 0.8, 0.95], memory).last == .warning)
        #expect(levels([0.5, 0.8, 0.95, 0.95], memory).last == .critical)
    }

    @Test func `one result is enough for a hard fault`() {
        #expect(levels([0.5, 0.95], memory, .hard) == [.healthy, .critical])
    }

    @Test func `a level falls one step after three results in a row below its leave threshold`() {
        let up = [0.95, 0.95]
        #expect(levels(up + [0.86, 0.86, 0.86, 0.86], memory).last == .critical)
        #expect(levels(up + [0.84, 0.84], memory).last == .critical)
        #expect(levels(up + [0.84, 0.84, 0.86, 0.84, 0.84], memory).last == .critical)
        #expect(levels(up + [0.84, 0.84, 0.84], memory).last == .warning)
        #expect(levels(up + [0.1, 0.1, 0.1], memory).last == .warning)
        #expect(levels(up + [0.1, 0.1, 0.1, 0.1, 0.1], memory).last == .warning)
        #expect(levels(up + [0.1, 0.1, 0.1, 0.1, 0.1, 0.1], memory).last == .healthy)
        #expect(levels(up + [0.1, 0.1, 0.1, 0.72, 0.72, 0.72, 0.72], memory).last == .warning)
    }

    @Test func `nothing is assumed of a first bad result`() {
        #expect(levels([0.95, 0.5], memory) == [.unknown, .healthy])
        #expect(levels([0.95, 0.95], memory) == [.unknown, .critical])
        #expect(levels([0.5], memory) == [.healthy])
    }

    @Test func `a level with a hold needs the value to stay there`() {
        let cpu = HealthBand(
            .above, warning: 0.8, leaveWarning: 0.7, critical: 0.9, leaveCritical: 0.8, warningHold: .seconds(3),
            criticalHold: .seconds(6))
        let steady = levels(Array(repeating: 0.95, count: 8), cpu)
        #expect(steady == [.unknown, .healthy, .healthy, .warning, .warning, .warning, .critical, .critical])
        #expect(levels([0.5, 0.85, 0.85, 0.5, 0.85, 0.85, 0.85], cpu).last == .healthy)
    }

    @Test func `a result worse than the level asks for another one`() {
        var state = MeasuredLevel(.standard, warningHold: .seconds(30))
        state.record(entered: .healthy, held: .healthy, at: .zero)
        #expect(state.wanted == .whenever)
        state.record(entered: .warning, held: .warning, at: .seconds(10))
        #expect(state.wanted == .soon)
        state.record(entered: .warning, held: .warning, at: .seconds(11))
        #expect(state.wanted == .at(.seconds(40)))
        state.record(entered: .warning, held: .warning, at: .seconds(40))
        #expect(state.level == .warning)
        #expect(state.wanted == .whenever)
    }
}
