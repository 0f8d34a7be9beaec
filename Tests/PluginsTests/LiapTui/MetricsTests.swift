import PluginAPI
import Testing

@testable import LiapTui

@Suite("PLUGINS.md: what Liap Tui counts") struct MetricsTests {
    private typealias Sums = [String: Int]

    /// What was counted, by metric and value; a histogram by how often something was recorded.
    private func note(_ observations: Observations, in sums: inout Sums) {
        #expect(observations.lost == 0)
        for observation in observations.all {
            let metric = LiapTui.Metrics.all[observation.metric]
            let value = metric.label == nil ? "" : metric.values[observation.value]
            let amount = if case .count(let count) = observation.change { count } else { 1 }
            sums["\(metric.name) \(value)", default: 0] += amount
        }
    }

    /// The same, told by the events alone.
    private func note(_ events: [LiapTui.Event], in sums: inout Sums) {
        for event in events {
            switch event {
            case .played(_, _, let play, _): sums["plays_total \(play.rawValue)", default: 0] += 1
            case .redealt: sums["redeals_total ", default: 0] += 1
            case .roundEnded(let scores):
                sums["rounds_total ", default: 0] += 1
                for score in scores {
                    sums["declarations_total \(score.declared == score.captured ? "hit" : "missed")", default: 0] += 1
                }
            case .gameEnded(_, _, let reason): sums["games_total \(reason.rawValue)", default: 0] += 1
            case .dealt, .redealVoted, .roundStarted, .declared, .turnEnded: break
            }
        }
    }

    @Test(arguments: UInt64(0)..<20) func `over whole games, it counts what the events tell`(seed: UInt64) throws {
        var counted: Sums = [:]
        var told: Sums = [:]
        var match = try Match<LiapTui>(options: BotGameTests.options(seed))
        var moves = 0
        var number: UInt64 = 0
        while match.phase != .finished {
            let key = GameRandom.Key.seeded(seed, step: number)
            let now = Timestamp(unixMilliseconds: Int64(number) * 10)
            let outcome: Match<LiapTui>.Outcome
            if match.phase == .waiting {
                outcome = try match.step(.start, at: now, key: key)
            } else if let seat = LiapTui.waitingOn(match.state)?.seats.last {
                moves += match.state.phase == .preparation ? 0 : 1
                outcome = try #require(try match.botStep(for: seat, at: now, key: key))
            } else {
                outcome = try match.step(.timer("reveal"), at: now, key: key)
            }
            note(outcome.observations, in: &counted)
            note(outcome.events, in: &told)
            match = outcome.match
            number += 1
        }
        let recorded = counted.filter { $0.key.hasPrefix("move_seconds") }.values.reduce(0, +)
        #expect(recorded == moves, "seed \(seed)")
        #expect(counted.filter { !$0.key.hasPrefix("move_seconds") } == told, "seed \(seed)")
    }

    @Test func `a move made for a late seat is counted as forced, and its time is nobody's`() throws {
        var table = Table(seed: 3)
        table.fold(hands: Table.plainHands, starter: 0)
        let outcome = try table.match.step(.timer("turn"), at: table.now, key: .seeded(3, step: 9))
        var counted: Sums = [:]
        note(outcome.observations, in: &counted)
        #expect(counted["forced_moves_total play"] == 1)
        #expect(!counted.keys.contains { $0.hasPrefix("move_seconds") })
        #expect(LiapTui.manifest.metricFault == nil)
    }

    @Test func `votes nobody cast are counted as forced`() throws {
        var table = Table()
        table.fold(.dealt(round: 1, multiplier: 1, hands: Table.plainHands, weak: [1, 2]))
        let outcome = try table.match.step(.timer("vote"), at: table.now, key: .seeded(4, step: 9))
        var counted: Sums = [:]
        note(outcome.observations, in: &counted)
        #expect(counted == ["forced_moves_total vote": 2])
    }

    @Test func `a move's time counts from when the seat was asked`() throws {
        var table = Table()
        table.fold(.dealt(round: 1, multiplier: 1, hands: Table.plainHands, weak: [1]))
        let asked = try table.match.step(.timer("vote"), at: table.now, key: .seeded(5, step: 1)).match
        let seat = try #require(asked.state.toAct.first)
        let outcome = try asked.step(
            .action(.declare(value: 1), by: seat), at: table.now + .milliseconds(1_250), key: .seeded(5, step: 2))
        #expect(outcome.observations.all.map(\.change) == [.record(1.25)])
    }
}
