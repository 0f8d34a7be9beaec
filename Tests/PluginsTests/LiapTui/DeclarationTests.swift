import PluginAPI
import Testing

@testable import LiapTui

@Suite("Liap Tui: declaration") struct DeclarationTests {
    func declaring(prior: [Int] = []) -> Table {
        var table = Table()
        table.fold(hands: Table.plainHands, starter: 2, declarations: prior)
        return table
    }

    @Test func `seats declare once, in order from the starter`() throws {
        var table = declaring()
        #expect(LiapTui.waitingOn(table.state) == Waiting(seats: [2], for: "declare", timer: "turn"))
        #expect(table.refusal(of: .declare(value: 1), by: 3) == "not_your_turn")
        try table.act(.declare(value: 1), by: 2)
        #expect(table.refusal(of: .declare(value: 1), by: 2) == "not_your_turn")
        #expect(table.state.toAct == [3])
        #expect(table.refusal(of: .play(pieces: [.generalRed]), by: 3) == "wrong_phase")
    }

    @Test(arguments: [-1, 9, 10, 100, Int.max, Int.min]) func `a value outside 0 to 8 is malformed`(value: Int) {
        #expect(declaring().refusal(of: .declare(value: value), by: 2) == "bad_request")
    }

    @Test func `two rounds of zeros forbid a third, across rounds`() throws {
        var table = declaring()
        for round in 1...2 {
            if round > 1 { table.fold(hands: Table.plainHands, starter: 2, declarations: []) }
            #expect(table.view(for: 2).legal?.declare.contains(0) == true)
            try table.act(.declare(value: 0), by: 2)
        }
        table.fold(hands: Table.plainHands, starter: 2, declarations: [])
        #expect(table.refusal(of: .declare(value: 0), by: 2) == "liap-tui/declare_zero")
        try table.act(.declare(value: 1), by: 2)
        #expect(table.state.players[2].zeroStreak == 0)
    }

    @Test func `both limits hold together for the last seat`() {
        var table = declaring(prior: [3, 2, 2])
        table.set { $0.players[1].zeroStreak = 2 }
        #expect(table.view(for: 1).legal?.declare == [2, 3, 4, 5, 6, 7, 8])
        #expect(table.refusal(of: .declare(value: 0), by: 1) == "liap-tui/declare_zero")
        #expect(table.refusal(of: .declare(value: 1), by: 1) == "liap-tui/declare_total")
    }

    @Test func `a late declaration is made by a bot, legally, and the next seat gets the whole time`() throws {
        var table = declaring(prior: [3, 2])
        table.set { $0.players[0].zeroStreak = 2 }
        try table.act(.declare(value: 2), by: 0)
        #expect(table.match.timers["turn"]?.deadline == table.now + .seconds(60))
        let events = try table.expire("turn")
        guard case .declared(seat: 1, let value) = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(value != 1)
        #expect(table.state.phase == .turn)
        #expect(table.match.timers["turn"]?.deadline == table.now + .seconds(60))
    }
}
