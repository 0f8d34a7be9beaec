@testable import GameServer
import Testing

@testable import Observability

@Suite("Effects that last are asked for again") struct RenewalsTests {
    private func order(_ run: Int) -> RecoveryOrder {
        RecoveryOrder(
            run: run, kind: .act, procedure: "system_overload", action: "protection_mode", scope: "server",
            isDryRun: false, attempt: 1, blastRadius: 1, correlationID: "", playerText: nil)
    }

    @Test func `as long as they are wanted, and before they would end`() {
        var renewals = Renewals(hold: .seconds(60))
        let asked = (0...120).filter { renewals.due([order(1)], at: .seconds($0)) == [order(1)] }
        #expect(asked == [30, 60, 90, 120])
        #expect(renewals.due([], at: .seconds(150)) == [])
    }

    @Test func `each on its own time, and one that was taken back is forgotten`() {
        var renewals = Renewals(hold: .seconds(60))
        #expect(renewals.due([order(1)], at: .seconds(0)) == [])
        #expect(renewals.due([order(1), order(2)], at: .seconds(10)) == [])
        #expect(renewals.due([order(1), order(2)], at: .seconds(30)) == [order(1)])
        #expect(renewals.due([order(2)], at: .seconds(40)) == [order(2)])
        #expect(renewals.due([order(1), order(2)], at: .seconds(50)) == [], "it was put in force anew")
    }
}
