import PluginAPI
import Testing

@testable import LiapTui

@Suite("Liap Tui: a turn") struct TurnTests {
    static let hands: [[Piece]] = [
        [.elephantRed, .elephantRed, .soldierRed], [.generalRed, .generalBlack, .soldierBlack],
        [.advisorRed, .advisorRed, .cannonBlack], [.horseRed, .cannonRed, .soldierBlack],
    ]

    func playing(starter: Seat = 0) -> Table {
        var table = Table()
        table.fold(hands: Self.hands, starter: starter)
        return table
    }

    @Test func `refusals name what is wrong and change nothing`() throws {
        var table = playing()
        #expect(table.refusal(of: .play(pieces: [.generalRed]), by: 1) == "not_your_turn")
        #expect(table.refusal(of: .play(pieces: []), by: 0) == "bad_request")
        #expect(table.refusal(of: .play(pieces: Array(repeating: .soldierRed, count: 7)), by: 0) == "bad_request")
        #expect(table.refusal(of: .play(pieces: [.generalRed]), by: 0) == "liap-tui/not_in_hand")
        #expect(table.refusal(of: .play(pieces: [.soldierRed, .soldierRed]), by: 0) == "liap-tui/not_in_hand")
        #expect(table.refusal(of: .play(pieces: [.elephantRed, .soldierRed]), by: 0) == "liap-tui/invalid_lead")
        #expect(table.refusal(of: .declare(value: 1), by: 0) == "wrong_phase")
        #expect(table.refusal(of: .voteRedeal(accept: true), by: 0) == "wrong_phase")
        try table.act(.play(pieces: [.elephantRed, .elephantRed]), by: 0)
        #expect(table.refusal(of: .play(pieces: [.soldierRed]), by: 0) == "not_your_turn")
        #expect(table.refusal(of: .play(pieces: [.generalRed]), by: 1) == "liap-tui/wrong_count")
        #expect(table.state.players.map(\.hand.count) == [1, 3, 3, 3])
    }

    @Test func `a discard stays face down for all but its owner, and the winner takes as many piles as pieces`() throws
    {
        var table = playing()
        try table.act(.play(pieces: [.elephantRed, .elephantRed]), by: 0)
        try table.act(.play(pieces: [.generalBlack, .generalRed]), by: 1)
        #expect(table.view(for: 1).plays[1].pieces == [.generalRed, .generalBlack])
        for viewer in [Viewer.seat(0), .seat(2), .seat(3), .watcher] {
            let play = LiapTui.view(of: table.state, for: viewer).plays[1]
            #expect(play.pieces == nil && play.count == 2 && play.play == .discard)
        }
        try table.act(.play(pieces: [.advisorRed, .advisorRed]), by: 2)
        let events = try table.act(.play(pieces: [.horseRed, .cannonRed]), by: 3)
        #expect(events.turnEnded?.winner == 2)
        #expect(events.turnEnded?.piles == 2)
        #expect(table.state.toAct == [2])
        #expect(table.view(for: 2).plays.isEmpty)
    }

    @Test func `a turn nobody wins gives no piles and leaves the lead`() throws {
        // Nobody can lead with a discard: the fault is put there by hand.
        var table = playing(starter: 1)
        table.fold(.played(seat: 1, count: 2, play: .discard, pieces: [.generalRed, .soldierBlack]))
        try table.act(.play(pieces: [.advisorRed, .cannonBlack]), by: 2)
        try table.act(.play(pieces: [.horseRed, .soldierBlack]), by: 3)
        let ended = try table.act(.play(pieces: [.elephantRed, .soldierRed]), by: 0)
        #expect(ended.last == .turnEnded(winner: .null, piles: 0, captured: [0, 0, 0, 0]))
        #expect(table.state.leader == 1)
    }

    @Test func `a late play is made by a bot, as leader and as follower, and never empty`() throws {
        var table = playing()
        try table.expireTurn(armedBy: .play(pieces: [.elephantRed, .elephantRed]), by: 0)
        #expect(table.state.plays.map(\.pieces.count) == [2, 2])
        for _ in 0..<2 { try table.expire("turn") }
        #expect(table.state.plays.isEmpty)
        let leader = try #require(table.state.leader)
        let events = try table.expire("turn")
        guard case .played(leader, 1, .single, let pieces) = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(pieces.count == 1)
    }

    @Test func `a player who drops, returns or leaves changes nothing`() throws {
        var table = try Table.started(seed: 3)
        while table.match.phase == .playing {
            let before = table.state
            for change in [Presence.dropped, .returned, .left] {
                #expect(try table.run(.presence(change, of: 1)).isEmpty)
            }
            #expect(table.state == before)
            try table.bot()
        }
    }

    @Test func `with a pause the complete turn lies open until its timer runs out`() throws {
        var table = Table { $0.revealMs = 700 }
        table.fold(hands: Self.hands, starter: 0)
        for (seat, piece) in [(Seat(0), Piece.soldierRed), (1, .soldierBlack), (2, .cannonBlack), (3, .soldierBlack)] {
            try table.act(.play(pieces: [piece]), by: seat)
        }
        #expect(table.match.timers.mapValues(\.durationMs) == ["reveal": 700])
        #expect(LiapTui.waitingOn(table.state) == nil)
        #expect(table.view(for: 0).plays.count == 4)
        #expect(table.refusal(of: .play(pieces: [.elephantRed]), by: 0) == "not_your_turn")
        #expect(try table.expire("reveal").turnEnded?.winner == 2)
        #expect(table.match.timers.keys.sorted() == ["turn"])
        #expect(try table.run(.timer("reveal")).isEmpty)
    }
}

extension Table {
    /// Acts, which arms the timer, and lets it run out on the next seat.
    fileprivate mutating func expireTurn(armedBy action: LiapTui.Action, by seat: Seat) throws {
        try act(action, by: seat)
        try expire("turn")
    }
}
