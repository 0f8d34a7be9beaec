extension LiapTui {
    public static func invariant(_ state: State) -> String? {
        guard state.round > 0 else { return nil }
        var pieces: [Piece] = []
        for player in state.players { pieces += player.hand }
        for play in state.past { pieces += play.pieces }
        for play in state.plays { pieces += play.pieces }
        if pieces.count != Piece.deck.count || Tally(pieces) != Tally(Piece.deck) {
            return "hands and plays of round \(state.round) are not the whole deck"
        }
        let atTurnStart = state.players.indices.map { index in
            state.players[index].hand.count
                + (state.plays.first { $0.seat.index == index }?.pieces.count ?? 0)
        }
        guard let handSize = atTurnStart.first, atTurnStart.allSatisfy({ $0 == handSize }) else {
            return "hands of \(atTurnStart) pieces at the start of a turn"
        }
        let piles = state.players.reduce(0) { $0 + $1.captured }
        // A turn nobody won gives its piles to nobody.
        if piles > LiapTui.handSize - handSize { return "\(piles) piles taken with \(handSize) pieces in hand" }
        if state.plays.contains(where: { $0.pieces.count != state.required }) { return "plays of different sizes" }
        if state.multiplier < 1 { return "multiplier \(state.multiplier)" }
        let declared = state.players.compactMap(\.declared)
        if declared.contains(where: { !(0...LiapTui.handSize).contains($0) }) { return "declared \(declared)" }
        if declared.count == LiapTui.seatCount, declared.reduce(0, +) == LiapTui.handSize {
            return "declared \(declared), exactly \(LiapTui.handSize) in all"
        }
        if state.phase == .turn, declared.count < LiapTui.seatCount { return "a turn before all have declared" }
        if let result = state.result, result.ranking.contains(where: { $0.total != state.players[$0.seat.index].total })
        {
            return "the ranking does not show the totals"
        }
        return (state.phase == .finished) == (state.result != nil) ? nil : "finished without a result, or the reverse"
    }
}
