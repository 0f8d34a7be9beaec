import PluginAPI
import Testing

@testable import LiapTui

@Suite("Liap Tui: weak hands and redeal") struct RedealTests {
    /// Seats 1 and 2 are asked to vote.
    func voting(weak: [Seat] = [1, 2]) -> Table {
        var table = Table()
        table.fold(.dealt(round: 1, multiplier: 1, hands: Table.plainHands, weak: weak))
        return table
    }

    @Test func `every weak seat is waited for until it has voted`() throws {
        var table = voting()
        #expect(LiapTui.waitingOn(table.state) == Waiting(seats: [1, 2], for: "vote_redeal", timer: "vote"))
        try table.act(.voteRedeal(accept: true), by: 2)
        #expect(LiapTui.waitingOn(table.state)?.seats == [1])
        #expect(table.state.multiplier == 1)
    }

    @Test func `votes of others, second votes and late votes are refused`() throws {
        var table = voting()
        let vote = LiapTui.Action.voteRedeal(accept: true)
        #expect(table.refusal(of: vote, by: 0) == "not_your_turn")
        try table.act(.voteRedeal(accept: false), by: 1)
        #expect(table.refusal(of: vote, by: 1) == "liap-tui/already_voted")
        try table.act(.voteRedeal(accept: false), by: 2)
        #expect(table.refusal(of: vote, by: 2) == "wrong_phase")
    }

    @Test func `only votes are taken while a vote runs`() {
        let table = voting()
        #expect(table.refusal(of: .declare(value: 1), by: 1) == "wrong_phase")
        #expect(table.refusal(of: .play(pieces: [.soldierRed]), by: 1) == "wrong_phase")
    }

    @Test func `who is silent when the time is over has declined`() throws {
        var table = try weakTable()
        let silent = table.state.toAct
        let events = try table.expire("vote")
        let declined = silent.map { LiapTui.Event.redealVoted(seat: $0, accept: false) }
        #expect(Array(events.prefix(declined.count)) == declined)
        #expect(events.roundStarted != nil && events.redealt == nil)
        #expect(table.match.timers.keys.sorted() == ["turn"])
    }

    @Test func `the timer of an earlier vote has no effect later`() throws {
        var table = try weakTable()
        try table.expire("vote")
        #expect(try table.run(.timer("vote")).isEmpty)
        #expect(table.match.timers.keys.sorted() == ["turn"])
    }

    @Test func `a redeal deals again at a higher multiplier, and its asker begins`() throws {
        var table = try weakTable()
        let asker = try #require(table.state.toAct.first)
        for seat in table.state.toAct { try table.act(.voteRedeal(accept: seat == asker), by: seat) }
        #expect(table.state.multiplier == 2)
        while table.state.phase == .preparation { try table.expire("vote") }
        #expect(table.state.starter == asker)
        #expect(table.state.redealBy == asker)
        #expect(table.state.toAct == [asker])
    }

    @Test func `chained redeals add up, and the next round counts once again`() throws {
        var table = try weakTable()
        var redeals = 0
        while table.state.phase == .preparation {
            let seats = table.state.toAct
            for seat in seats { try table.act(.voteRedeal(accept: true), by: seat) }
            redeals += 1
        }
        #expect(table.state.multiplier == redeals + 1)
        while table.state.round == 1 { try table.bot() }
        #expect(table.state.multiplier == 1)
        #expect(table.state.redealBy == nil)
    }

    /// The first seeded game that begins with a vote.
    private func weakTable() throws -> Table {
        for seed in UInt64(0)..<1000 {
            let table = try Table.started(seed: seed)
            if !table.state.weak.isEmpty { return table }
        }
        throw Vector.Malformed(description: "no seed deals a weak hand")
    }
}
