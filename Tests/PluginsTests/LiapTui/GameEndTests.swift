import PluginAPI
import Testing

@testable import LiapTui

@Suite("Liap Tui: end of the game") struct GameEndTests {
    /// A table one play of each seat before the end of a round: all four will hit what they declared.
    func lastTurn(totals: [Int], round: Int = 3, _ change: (inout LiapTui.Options) -> Void = { _ in }) -> Table {
        var table = Table(change)
        table.set { $0.round = round - 1 }
        table.fold(
            hands: [[.generalRed], [.soldierBlack], [.soldierBlack], [.soldierBlack]], starter: 0,
            declarations: [1, 1, 3, 3])
        table.set { state in
            for (seat, piles) in [0, 1, 3, 3].enumerated() { state.players[seat].captured = piles }
            for (seat, total) in totals.enumerated() { state.players[seat].total = total }
        }
        return table
    }

    func finish(_ table: inout Table) throws -> [LiapTui.Event] {
        var last: [LiapTui.Event] = []
        for seat in Seat.order(from: 0) {
            last = try table.act(.play(pieces: table.state.players[seat.index].hand), by: seat)
        }
        return last
    }

    @Test func `a tie at the limit is shared`() throws {
        var table = lastTurn(totals: [49, 49, 10, 10])
        let end = try #require(try finish(&table).gameEnded)
        #expect(end.winners == [0, 1])
        #expect(end.ranking.map(\.rank) == [1, 1, 3, 3])
        #expect(end.ranking.map(\.total) == [55, 55, 18, 18])
        #expect(end.reason == .scoreLimit)
        #expect(table.match.phase == .finished)
        #expect(table.match.timers.isEmpty)
        #expect(LiapTui.waitingOn(table.state) == nil)
        let view = LiapTui.view(of: table.state, for: .watcher)
        #expect(view.phase == .finished && view.winners == [0, 1] && view.ranking == end.ranking)
        #expect(table.refusal(of: .declare(value: 1), by: 0) == "wrong_phase")
    }

    @Test func `exactly the limit is enough, one less is not`() throws {
        var table = lastTurn(totals: [44, 0, 0, 0])
        #expect(try finish(&table).gameEnded?.winners == [0])
        table = lastTurn(totals: [43, 0, 0, 0])
        let events = try finish(&table)
        #expect(events.gameEnded == nil)
        #expect(table.state.round == 4 && table.match.phase == .playing)
    }

    @Test func `the last round ends the game whatever the totals`() throws {
        var table = lastTurn(totals: [-30, -20, -20, -40], round: 20)
        let end = try #require(try finish(&table).gameEnded)
        #expect(end.reason == .roundLimit)
        #expect(end.winners == [2])
    }

    @Test func `with a pause the next deal waits, and nobody may act`() throws {
        var table = lastTurn(totals: [0, 0, 0, 0]) { $0.revealMs = 300 }
        _ = try finish(&table)
        #expect(try table.expire("reveal").roundScores != nil)
        #expect(table.state.phase == .preparation && LiapTui.waitingOn(table.state) == nil)
        #expect(table.refusal(of: .voteRedeal(accept: true), by: 0) == "wrong_phase")
        #expect(LiapTui.invariant(table.state) != nil, "a deck of four pieces is no deck")
        let events = try table.expire("reveal")
        #expect(table.state.round == 4)
        guard case .dealt(round: 4, multiplier: 1, _, _) = events.first else {
            Issue.record("\(events)")
            return
        }
    }

    @Test func `the multiplier applies where the options say`() throws {
        for (scope, gained) in [(LiapTui.Options.MultiplierScope.base, 3 * 2 + 5), (.total, (3 + 5) * 2)] {
            var table = lastTurn(totals: [0, 0, 0, 0]) { $0.multiplierScope = scope }
            table.set { $0.multiplier = 2 }
            let score = try #require(try finish(&table).roundScores?[2])
            #expect(score.base == 8 && score.multiplier == 2 && score.gained == gained)
        }
    }
}
