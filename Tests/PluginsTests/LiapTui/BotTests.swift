import PluginAPI
import Testing

@testable import LiapTui

@Suite("Liap Tui: bots") struct BotTests {
    /// What became of some seats over several games.
    struct Record {
        var rounds = 0
        var hits = 0
        var gained = 0
        var wins = 0
        var games = 0

        var hitRate: Double { Double(hits) / Double(max(1, rounds)) }
        var gainPerRound: Double { Double(gained) / Double(max(1, rounds)) }
        var winRate: Double { Double(wins) / Double(max(1, games)) }
    }

    /// Plays games in which the seats of `bots` choose as bots do and the others take any legal action.
    static func play(seeds: Range<UInt64>, bots: Set<Seat>) throws -> (bots: Record, others: Record) {
        var records = (bots: Record(), others: Record())
        for seed in seeds {
            var table = try Table.started(seed: seed)
            var luck = GameRandom(seed: ~seed)
            while table.match.phase == .playing {
                let seat = try #require(LiapTui.waitingOn(table.state)?.seats.first)
                let legal = LiapTui.legalActions(for: seat, in: table.state)
                let choice =
                    bots.contains(seat)
                    ? LiapTui.bot(table.view(for: seat), legal: legal, random: &luck)
                    : legal.randomElement(using: &luck)
                let events = try table.act(try #require(choice), by: seat)
                for score in events.roundScores ?? [] {
                    if bots.contains(score.seat) { records.bots.add(score) } else { records.others.add(score) }
                }
            }
            let winners = try #require(table.state.result?.winners)
            records.bots.games += 1
            records.bots.wins += winners.allSatisfy(bots.contains) ? 1 : 0
        }
        return records
    }

    @Test func `four bots hit their declaration in more than half of the rounds, random players in one of nine`() throws
    {
        // Measured over 400 games: bots 0.65 and +3.9 points a round, random players 0.11 and -2.7.
        let bots = try Self.play(seeds: 100..<130, bots: [0, 1, 2, 3]).bots
        #expect(bots.hitRate > 0.55, "\(bots)")
        #expect(bots.gainPerRound > 3, "\(bots)")
        let random = try Self.play(seeds: 100..<106, bots: []).others
        #expect(random.hitRate < 0.2, "\(random)")
        #expect(bots.hitRate > 3 * random.hitRate, "\(bots) \(random)")
    }

    @Test func `a bot beats three random players`() throws {
        // Measured over 400 games: every one won, hits in 0.60 of the rounds.
        let bot = try Self.play(seeds: 200..<220, bots: [2]).bots
        #expect(bot.winRate >= 0.9, "\(bot)")
        #expect(bot.hitRate > 0.5, "\(bot)")
    }

    @Test func `a bot's choice is legal in every phase, without a second try`() throws {
        for seed in UInt64(300)..<310 {
            var table = try Table.started(seed: seed)
            var luck = GameRandom(seed: seed)
            while let seat = LiapTui.waitingOn(table.state)?.seats.last {
                let legal = LiapTui.legalActions(for: seat, in: table.state)
                let choice = try #require(LiapTui.bot(table.view(for: seat), legal: legal, random: &luck))
                #expect(legal.contains(choice))
                try table.act(choice, by: seat)
            }
            #expect(table.match.phase == .finished)
        }
    }

    @Test func `every legal action is taken, and no two are alike`() throws {
        var table = try Table.started(seed: 5)
        while let seat = LiapTui.waitingOn(table.state)?.seats.first {
            let legal = LiapTui.legalActions(for: seat, in: table.state)
            #expect(Set(legal).count == legal.count)
            for action in legal { #expect(table.refusal(of: action, by: seat) == nil) }
            for other in Seat.order(from: 0) where !table.state.toAct.contains(other) {
                #expect(LiapTui.legalActions(for: other, in: table.state).isEmpty)
            }
            try table.bot()
        }
    }
}

extension BotTests.Record {
    fileprivate mutating func add(_ score: LiapTui.RoundScore) {
        rounds += 1
        hits += score.declared == score.captured ? 1 : 0
        gained += score.gained
    }
}
