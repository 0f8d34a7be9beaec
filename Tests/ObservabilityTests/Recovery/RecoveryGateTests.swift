import Testing

@testable import Observability

@Suite("Recovery: the gate") struct RecoveryGateTests {
    private let limits = AttemptLimits(2, inAll: 3, every: .seconds(10), window: .seconds(100))

    @Test func `each scope has a cooldown and attempts of its own`() {
        var gate = RecoveryGate(limits)
        gate.record("A", at: .seconds(0))
        #expect(gate.refusal(of: "A", at: .seconds(9))?.reason == .cooldown)
        #expect(gate.refusal(of: "B", at: .seconds(9)) == nil)
        gate.record("A", at: .seconds(10))
        #expect(gate.refusal(of: "A", at: .seconds(20))?.reason == .maxAttempts)
        #expect(gate.refusal(of: "B", at: .seconds(20)) == nil)
    }

    @Test func `all scopes together have a limit`() {
        var gate = RecoveryGate(limits)
        for (second, scope) in ["A", "B", "C"].enumerated() { gate.record(scope, at: .seconds(second)) }
        #expect(gate.refusal(of: "D", at: .seconds(3))?.reason == .maxAttemptsInAll)
        #expect(gate.refusal(of: "D", at: .seconds(100))?.reason == .maxAttemptsInAll)
        #expect(gate.refusal(of: "D", at: .seconds(101)) == nil)
    }

    @Test func `it opens at the moment it names`() throws {
        var gate = RecoveryGate(limits)
        gate.record("A", at: .seconds(0))
        gate.record("A", at: .seconds(10))
        gate.record("B", at: .seconds(11))
        for (scope, now) in [("A", 15), ("A", 50), ("B", 12), ("C", 12)] {
            let until = try #require(gate.refusal(of: scope, at: .seconds(now))).until
            #expect(gate.refusal(of: scope, at: until - .nanoseconds(1)) != nil)
            let then = gate.refusal(of: scope, at: until)
            #expect(then == nil || (then?.until ?? .zero) > until)
        }
        #expect(gate.refusal(of: "A", at: .seconds(15))?.until == .seconds(20))
        #expect(gate.refusal(of: "A", at: .seconds(50))?.until == .seconds(100) + .nanoseconds(1))
    }

    @Test func `a cooldown longer than the window still holds`() {
        var gate = RecoveryGate(AttemptLimits(1, every: .seconds(300), window: .seconds(100)))
        gate.record("A", at: .seconds(0))
        gate.record("B", at: .seconds(250))
        #expect(gate.refusal(of: "A", at: .seconds(299))?.reason == .cooldown)
        #expect(gate.refusal(of: "A", at: .seconds(351)) == nil)
    }
}
