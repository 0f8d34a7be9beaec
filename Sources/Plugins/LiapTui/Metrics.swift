import PluginAPI

extension LiapTui {
    /// What is counted about the games played.
    enum Metrics {
        static let plays = PluginMetric.counter(
            0, "plays_total", "Plays on the table, by what they counted as.", label: "play",
            values: PlayType.allCases.map(\.rawValue))
        static let rounds = PluginMetric.counter(1, "rounds_total", "Rounds played to their end.")
        static let redeals = PluginMetric.counter(2, "redeals_total", "Deals that a weak hand had dealt again.")
        static let declarations = PluginMetric.counter(
            3, "declarations_total", "Declarations as the round's end judged them.", label: "result",
            values: ["hit", "missed"])
        static let forcedMoves = PluginMetric.counter(
            4, "forced_moves_total", "Moves made for a seat whose time had passed.", label: "move",
            values: ["vote", "declare", "play"])
        /// Of those who moved in time; a person and a bot alike.
        static let moveSeconds = PluginMetric.histogram(
            5, "move_seconds", "From asking a seat to its move, pauses left out.",
            bounds: [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300], label: "move", values: ["declare", "play"])
        static let games = PluginMetric.counter(
            6, "games_total", "Games played to their end, by what ended them.", label: "end",
            values: EndReason.allCases.map(\.rawValue))

        static let all = [plays, rounds, redeals, declarations, forcedMoves, moveSeconds, games]
    }
}

extension Step<LiapTui> {
    /// A seat has moved; nothing is known of its time when the turn's timer has run out.
    mutating func recordMove(_ move: String) {
        if let elapsed = elapsed(of: LiapTui.turnTimer) { record(LiapTui.Metrics.moveSeconds, elapsed, move) }
    }

    /// The round's scores, seat by seat.
    mutating func countRound(_ scores: [LiapTui.RoundScore]) {
        count(LiapTui.Metrics.rounds)
        let hits = scores.count { $0.declared == $0.captured }
        count(LiapTui.Metrics.declarations, "hit", by: hits)
        count(LiapTui.Metrics.declarations, "missed", by: scores.count - hits)
    }
}
