import PluginAPI
import Testing

@testable import LiapTui

@Suite("PLUGINS.md: Liap Tui, whole games of bots") struct BotGameTests {
    /// 1,000 games in all.
    static let gamesPerCase: UInt64 = 10
    static let cases = (UInt64(0)..<100).map { $0 * gamesPerCase }

    /// Most games are played as they come; every fifth plays another corner of the options.
    static func options(_ seed: UInt64) -> LiapTui.Options {
        var options = LiapTui.defaultOptions
        switch seed % 20 {
        case 4: options.multiplierScope = .total
        case 9: options.revealMs = 1
        case 14: options.roundLimit = 3
        case 19: (options.scoreLimit, options.revealMs) = (10, 500)
        default: break
        }
        return options
    }

    @Test(arguments: cases)
    func `every game ends, each log is legal, and replay of the log is the live state at every event`(
        firstSeed: UInt64
    ) throws {
        for seed in firstSeed..<firstSeed + Self.gamesPerCase {
            let game = try Self.play(seed: seed)
            #expect(game.isOver && game.roundsPlayed > 0, "seed \(seed)")
        }
    }

    /// Plays one game under the eyes of the referee, who has seen all of it at the end.
    static func play(seed: UInt64) throws -> Referee {
        let options = options(seed)
        var referee = Referee(
            scoreLimit: options.scoreLimit, roundLimit: options.roundLimit,
            multipliesBonus: options.multiplierScope == .total)
        var match = try Match<LiapTui>(options: options)
        var replay = match
        var step: UInt64 = 0
        while match.phase != .finished {
            let key = GameRandom.Key.seeded(seed, step: step)
            let now = Timestamp(unixMilliseconds: Int64(step))
            let outcome: Match<LiapTui>.Outcome
            if match.phase == .waiting {
                outcome = try match.step(.start, at: now, key: key)
            } else if let seat = LiapTui.waitingOn(match.state)?.seats.last {
                guard let acted = try match.botStep(for: seat, at: now, key: key) else {
                    Issue.record("seed \(seed), step \(step): nothing to do for \(seat)")
                    return referee
                }
                outcome = acted
            } else {
                try #require(match.timers.keys.sorted() == ["reveal"])
                outcome = try match.step(.timer("reveal"), at: now, key: key)
            }
            for (event, live) in zip(outcome.events, outcome.states) {
                let log = try JSON(parsing: FlatEncoder.encode(event))
                try referee.read(log)
                let replayed = replay.fold(
                    [try FlatDecoder.decode(LiapTui.Event.self, from: log)], phase: .playing, timers: [:])
                // Half a million comparisons: `#expect` would cost more than the games.
                guard replayed == [live], LiapTui.invariant(live) == nil else {
                    Issue.record(
                        "seed \(seed), event \(replay.sequence): \(LiapTui.invariant(live) ?? "replay differs")")
                    return referee
                }
            }
            match = outcome.match
            step += 1
        }
        #expect(match.sequence == replay.sequence)
        return referee
    }
}

@Suite("PLUGINS.md: the referee") struct RefereeTests {
    static func log(seed: UInt64) throws -> [JSON] {
        var table = Table(seed: seed)
        var log: [JSON] = []
        func write(_ events: [LiapTui.Event]) throws {
            for event in events { log.append(try JSON(parsing: FlatEncoder.encode(event))) }
        }
        try write(try table.run(.timer("reveal")))
        while table.match.phase == .playing { try write(try table.bot()) }
        return log
    }

    static func referee() -> Referee { Referee(scoreLimit: 50, roundLimit: 20, multipliesBonus: false) }

    @Test func `calls a foul wherever a number of the log is another one, and wherever an event is missing`() throws {
        let log = try Self.log(seed: 21)
        var referee = Self.referee()
        for (index, event) in log.enumerated() {
            for (place, member) in (event.members ?? []).enumerated() {
                // Another value declared would be legal, and what follows then is judged by it.
                guard let number = member.value.integer, member.key != "value" else { continue }
                var members = event.members ?? []
                members[place] = JSON.Member(member.key, .integer(number + 1))
                var copy = referee
                #expect(throws: Referee.Foul.self, "\(event) with another \(member.key)") {
                    try copy.read(.object(members))
                }
            }
            if index + 1 < log.count {
                var copy = referee
                #expect(throws: Referee.Foul.self, "\(event) missing") { try copy.read(log[index + 1]) }
            }
            try referee.read(event)
        }
        #expect(referee.isOver)
    }
}
