import PluginAPI
import Testing
import TicTacToe

@Suite("PLUGINS.md: the worked example") struct TicTacToeTests {
    let now = Timestamp(unixMilliseconds: 1_000)

    func started() throws -> Match<TicTacToe> {
        try Match<TicTacToe>().step(.start, at: now, key: .seeded(1, step: 0)).match
    }

    @Test(arguments: UInt64(0)..<200) func `two bots always finish, and perfect defence never loses to itself`(
        seed: UInt64
    ) throws {
        var match = try Match<TicTacToe>().step(.start, at: now, key: .seeded(seed, step: 0)).match
        var number: UInt64 = 1
        var counted: [Observations.Observation] = []
        while match.phase == .playing {
            let turn = try #require(TicTacToe.waitingOn(match.state)?.seats.first)
            let outcome = try #require(try match.botStep(for: turn, at: now, key: .seeded(seed, step: number)))
            counted += outcome.observations.all
            match = outcome.match
            number += 1
        }
        #expect(match.phase == .finished)
        #expect((7...11).contains(match.sequence))
        let winner = TicTacToe.view(of: match.state, for: .watcher).winner.optional
        #expect(counted.map(\.value) == [winner?.index ?? 2])
        #expect(TicTacToe.manifest.metricFault == nil)
    }

    @Test func `a taken field and the wrong turn are refused and change nothing`() throws {
        var match = try started()
        let first = try #require(TicTacToe.waitingOn(match.state)?.seats.first)
        let second: Seat = first == 0 ? 1 : 0
        match = try match.step(.action(.mark(field: 4), by: first), at: now, key: .fresh()).match
        let before = match.state
        #expect(throws: Refusal.notYourTurn()) {
            try match.step(.action(.mark(field: 0), by: first), at: now, key: .fresh())
        }
        #expect(throws: TicTacToe.rule("taken", "field 4 is taken")) {
            try match.step(.action(.mark(field: 4), by: second), at: now, key: .fresh())
        }
        #expect(match.state == before)
    }

    @Test func `nobody acts before the start or after the end`() throws {
        let match = try Match<TicTacToe>()
        #expect(throws: Refusal.wrongPhase("the game has not started")) {
            try match.step(.action(.mark(field: 0), by: 0), at: now, key: .fresh())
        }
    }
}
