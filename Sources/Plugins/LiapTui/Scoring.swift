import PluginAPI

extension LiapTui {
    /// What a round brought one seat.
    public struct RoundScore: Codable, Sendable, Equatable {
        public var seat: Seat
        public var declared: Int
        public var captured: Int
        /// Points without the multiplier.
        public var base: Int
        public var multiplier: Int
        public var gained: Int
        /// All points after this round.
        public var total: Int
    }

    /// A place in the final order; equal totals share a rank and the next rank is skipped.
    public struct Rank: Codable, Sendable, Equatable {
        public var seat: Seat
        public var total: Int
        public var rank: Int
    }

    /// Points of one seat for one round.
    ///
    /// - Source: the rules, "Scoring".
    static func score(declared: Int, captured: Int, multiplier: Int, scope: Options.MultiplierScope) -> Int {
        guard declared == captured else { return -abs(declared - captured) * multiplier }
        if scope == .total { return (declared == 0 ? zeroHit : declared + hitBonus) * multiplier }
        return declared == 0 ? zeroHit : declared * multiplier + hitBonus
    }

    private static let zeroHit = 3
    private static let hitBonus = 5

    /// The scores of the round that `state` has just played to its end.
    static func roundScores(_ state: State) -> [RoundScore] {
        state.players.enumerated().map { index, player in
            let declared = player.declared ?? 0
            let gained = score(
                declared: declared, captured: player.captured, multiplier: state.multiplier,
                scope: state.options.multiplierScope)
            return RoundScore(
                seat: Seat(index), declared: declared, captured: player.captured,
                base: score(declared: declared, captured: player.captured, multiplier: 1, scope: .base),
                multiplier: state.multiplier, gained: gained, total: player.total + gained)
        }
    }

    /// Why the game is over after `round`; nil when it goes on.
    static func endReason(totals: [Int], round: Int, options: Options) -> EndReason? {
        if totals.contains(where: { $0 >= options.scoreLimit }) { return .scoreLimit }
        return round >= options.roundLimit ? .roundLimit : nil
    }

    /// The final order; seats of one rank stand in seat order.
    static func ranking(totals: [Int]) -> [Rank] {
        totals.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.map { seat, total in
            Rank(seat: Seat(seat), total: total, rank: 1 + totals.count { $0 > total })
        }
    }
}
