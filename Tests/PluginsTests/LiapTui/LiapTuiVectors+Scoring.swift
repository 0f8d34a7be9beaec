import PluginAPI
import Testing

@testable import LiapTui

extension LiapTuiVectors {
    func score(_ vector: Vector) throws {
        let declared = try vector.integer("declared")
        let captured = try vector.integer("captured")
        for (scope, name) in [(LiapTui.Options.MultiplierScope.base, "expected"), (.total, "expected_legacy")] {
            guard let expected = vector[name].integer else { continue }
            let score = LiapTui.score(
                declared: declared, captured: captured, multiplier: try vector.integer("multiplier"), scope: scope)
            #expect(score == Int(expected))
        }
    }

    func roundScore(_ vector: Vector) throws {
        for (scope, name) in [(LiapTui.Options.MultiplierScope.base, "gain"), (.total, "gain_legacy")] {
            let players = try vector["players"].list()
            let scores = try playedRound(
                declared: try players.map { try ($0["declared"] ?? .null).asInteger() },
                captured: try players.map { try ($0["captured"] ?? .null).asInteger() },
                totals: try players.map { try ($0["total_before"] ?? .null).asInteger() },
                multiplier: try vector.integer("multiplier"), scope: scope)
            for (score, player) in zip(scores, players) {
                let expected = try #require(vector["expected"][player["player"]?.string ?? ""])
                guard let gain = expected[name]?.integer else { continue }
                #expect(score.gained == Int(gain))
                if scope == .base { #expect(Int64(score.total) == expected["total"]?.integer) }
            }
            if let perfect = vector["perfect_round"].elements {
                let hits = scores.filter { $0.declared == $0.captured && $0.declared > 0 }.map(\.seat)
                #expect(hits == (try perfect.map { try $0.asSeat() }))
            }
        }
    }

    /// The scores of a round that stands as given.
    private func playedRound(
        declared: [Int], captured: [Int], totals: [Int], multiplier: Int, scope: LiapTui.Options.MultiplierScope
    ) throws -> [LiapTui.RoundScore] {
        var table = Table { $0.multiplierScope = scope }
        table.set { state in
            state.multiplier = multiplier
            for seat in state.players.indices {
                state.players[seat].declared = declared[seat]
                state.players[seat].captured = captured[seat]
                state.players[seat].total = totals[seat]
            }
        }
        return LiapTui.roundScores(table.state)
    }

    func gameEnd(_ vector: Vector) throws {
        let totals = try vector["scores"].integersBySeat()
        var options = LiapTui.defaultOptions
        options.scoreLimit = try vector.integer("score_limit")
        options.roundLimit = try vector.integer("round_limit")
        let reason = LiapTui.endReason(totals: totals, round: try vector.integer("round"), options: options)
        #expect((reason != nil) == (try vector.bool("over")))
        #expect(reason?.rawValue == vector["reason"].string)
        let winners = reason == nil ? [] : LiapTui.ranking(totals: totals).filter { $0.rank == 1 }.map(\.seat)
        #expect(winners == (try vector.seats("winners")))
    }

    func ranking(_ vector: Vector) throws {
        let ranking = LiapTui.ranking(totals: try vector["scores"].integersBySeat())
        let expected = try vector["expected"].list().map { place in
            LiapTui.Rank(
                seat: try (place["player"] ?? .null).asSeat(), total: try (place["score"] ?? .null).asInteger(),
                rank: try (place["rank"] ?? .null).asInteger())
        }
        #expect(ranking == expected)
    }

    func gameFold(_ vector: Vector) throws {
        var options = LiapTui.defaultOptions
        if let limit = vector["round_limit"].integer { options.roundLimit = Int(limit) }
        if let limit = vector["score_limit"].integer { options.scoreLimit = Int(limit) }
        var totals = [0, 0, 0, 0]
        var history: [[Int]] = []
        var endedAfter: Int?
        for (index, round) in try vector["rounds"].list().enumerated() where endedAfter == nil {
            let scores = try playedRound(
                declared: try (round["declared"] ?? .null).integersBySeat(),
                captured: try (round["captured"] ?? .null).integersBySeat(), totals: totals,
                multiplier: try (round["multiplier"] ?? .null).asInteger(), scope: .base)
            var table = Table()
            table.fold(.roundEnded(scores: scores))
            totals = table.state.players.map(\.total)
            history.append(totals)
            if LiapTui.endReason(totals: totals, round: index + 1, options: options) != nil { endedAfter = index + 1 }
        }
        #expect(history == (try vector["totals_after_each"].list().map { try $0.integersBySeat() }))
        #expect(endedAfter == vector["ends_after_round"].integer.map(Int.init))
        let winners = endedAfter == nil ? [] : LiapTui.ranking(totals: totals).filter { $0.rank == 1 }.map(\.seat)
        #expect(winners == (try vector.seats("winners")))
    }
}
