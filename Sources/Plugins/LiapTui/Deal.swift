import PluginAPI

extension LiapTui {
    /// A hand without a piece above nine points may ask for a redeal.
    static func isWeak(_ hand: [Piece]) -> Bool { hand.allSatisfy { $0.points <= 9 } }

    /// Who begins a round: the first of these that applies.
    ///
    /// - Source: the rules, "Starter of a round".
    static func starter(
        round: Int, redealBy: Seat?, generalRedHolder: Seat?, lastTurnWinner: Seat?
    ) -> (seat: Seat, reason: StarterReason) {
        if let redealBy { return (redealBy, .acceptedRedeal) }
        if round == 1, let generalRedHolder { return (generalRedHolder, .hasGeneralRed) }
        if let lastTurnWinner { return (lastTurnWinner, .wonLastTurn) }
        return (0, .default)
    }

    /// The first in play order who voted for a redeal; nil when nobody did.
    static func accepter(of votes: [Vote], starter: Seat?) -> Seat? {
        Seat.order(from: starter).first { seat in votes.contains(Vote(seat: seat, accept: true)) }
    }
}

extension Step<LiapTui> {
    /// Shuffles and deals, then asks the weak, or begins the round when nobody is.
    mutating func deal(round: Int, multiplier: Int) {
        let deck = Piece.deck.shuffled(using: &random)
        let hands = stride(from: 0, to: deck.count, by: LiapTui.handSize).map {
            deck[$0..<$0 + LiapTui.handSize].sorted()
        }
        let weak = hands.indices.filter { LiapTui.isWeak(hands[$0]) }.map { Seat($0) }
        emit(.dealt(round: round, multiplier: multiplier, hands: hands, weak: weak))
        if weak.isEmpty {
            beginDeclarations()
        } else {
            setTimer(LiapTui.voteTimer, after: .milliseconds(state.options.voteMs))
        }
    }

    mutating func vote(_ accept: Bool, by seat: Seat) throws(Refusal) {
        guard state.phase == .preparation, !state.weak.isEmpty else { throw .wrongPhase("no vote is running") }
        guard state.weak.contains(seat) else { throw .notYourTurn("only weak hands vote on a redeal") }
        guard state.toAct.contains(seat) else { throw LiapTui.rule("already_voted", "your vote stands already") }
        emit(.redealVoted(seat: seat, accept: accept))
        settleVote()
    }

    /// The time for votes has passed: who is silent has declined.
    mutating func endVote() {
        let late = state.toAct
        for seat in late { emit(.redealVoted(seat: seat, accept: false)) }
        count(LiapTui.Metrics.forcedMoves, "vote", by: late.count)
        settleVote()
    }

    private mutating func settleVote() {
        guard state.toAct.isEmpty else { return }
        cancelTimer(LiapTui.voteTimer)
        if let accepter = LiapTui.accepter(of: state.votes, starter: state.starter) {
            emit(.redealt(starter: accepter, multiplier: state.multiplier + 1))
            count(LiapTui.Metrics.redeals)
            deal(round: state.round, multiplier: state.multiplier)
        } else {
            beginDeclarations()
        }
    }

    private mutating func beginDeclarations() {
        let holder = state.players.firstIndex { $0.hand.contains(.generalRed) }
        let (starter, reason) = LiapTui.starter(
            round: state.round, redealBy: state.redealBy, generalRedHolder: holder.map { Seat($0) },
            lastTurnWinner: state.lastTurnWinner)
        emit(.roundStarted(round: state.round, starter: starter, reason: reason, order: Seat.order(from: starter)))
        armTurnTimer()
    }
}
