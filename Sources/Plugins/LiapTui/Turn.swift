import PluginAPI

extension LiapTui {
    /// The play that holds a turn: the first combination binds the type, a later one needs more strength.
    ///
    /// - Returns: its place in `plays` and what it is; nil when no play forms anything.
    /// - Source: the rules, "Comparing".
    static func holder(of plays: [[Piece]]) -> (place: Int, combination: Combination)? {
        var holder: (place: Int, combination: Combination)?
        for (place, pieces) in plays.enumerated() {
            guard let combination = Combination(pieces) else { continue }
            if holder.map({ combination.beats($0.combination) }) ?? true { holder = (place, combination) }
        }
        return holder
    }
}

extension LiapTui.State {
    /// What `pieces` count as in the running turn: the binding type, or a discard.
    func type(of pieces: [Piece]) -> PlayType {
        guard let combination = Combination(pieces) else { return .discard }
        let binding = LiapTui.holder(of: plays.map(\.pieces))?.combination.type
        return binding == nil || binding == combination.type ? combination.type : .discard
    }

    /// Every play `seat` may make now, equal ones once.
    func legalPlays(by seat: Seat) -> [[Piece]] {
        guard phase == .turn, toAct == [seat] else { return [] }
        let hand = players[seat.index].hand
        guard let required else { return Combination.all(in: hand) }
        return hand.selections(of: required)
    }
}

extension [Piece] {
    /// Every choice of `count` pieces of a sorted hand, choices of equal kinds once.
    func selections(of count: Int) -> [[Piece]] {
        guard count > 0 else { return [[]] }
        guard count <= self.count else { return [] }
        var found: [[Piece]] = []
        for index in indices where index == startIndex || self[index] != self[index - 1] {
            for rest in Array(self[(index + 1)...]).selections(of: count - 1) { found.append([self[index]] + rest) }
        }
        return found
    }
}

extension Step<LiapTui> {
    mutating func play(_ given: [Piece], by seat: Seat) throws(Refusal) {
        guard state.phase == .turn else { throw .wrongPhase("it is not the time to play") }
        guard state.toAct == [seat] else { throw .notYourTurn() }
        guard (1...Combination.largest).contains(given.count) else {
            throw .badRequest("pieces: \(given.count) is outside 1 to \(Combination.largest)")
        }
        let pieces = given.sorted()
        if let required = state.required, pieces.count != required {
            throw LiapTui.rule("wrong_count", "this turn asks for \(required), not \(pieces.count)")
        }
        guard state.players[seat.index].hand.removing(pieces) != nil else {
            throw LiapTui.rule("not_in_hand", "your hand does not hold all of these")
        }
        guard state.required != nil || Combination(pieces) != nil else {
            throw LiapTui.rule("invalid_lead", "the leader must play a combination")
        }
        let type = state.type(of: pieces)
        emit(.played(seat: seat, count: pieces.count, play: type, pieces: pieces))
        count(LiapTui.Metrics.plays, type.rawValue)
        recordMove("play")
        if state.plays.count < LiapTui.seatCount {
            armTurnTimer()
        } else {
            pauseOrGoOn()
        }
    }

    /// A complete turn or round is shown for a while, when the options say so, before the game goes on.
    private mutating func pauseOrGoOn() {
        cancelTimer(LiapTui.turnTimer)
        if state.options.revealMs > 0 {
            setTimer(LiapTui.revealTimer, after: .milliseconds(state.options.revealMs))
        } else {
            goOn()
        }
    }

    /// What follows the pause: the end of the turn, or the next round's deal.
    mutating func goOn() {
        if state.phase == .turn, state.plays.count == LiapTui.seatCount {
            endTurn()
        } else if state.phase == .preparation, state.weak.isEmpty {
            deal(round: state.round + 1, multiplier: 1)
        }
    }

    private mutating func endTurn() {
        let holder = LiapTui.holder(of: state.plays.map(\.pieces))
        let winner = holder.map { state.plays[$0.place].seat }
        let piles = winner == nil ? 0 : state.required ?? 0
        var captured = state.players.map(\.captured)
        if let winner { captured[winner.index] += piles }
        emit(.turnEnded(winner: Nullable(winner), piles: piles, captured: captured))
        if state.players.allSatisfy(\.hand.isEmpty) {
            endRound()
        } else {
            armTurnTimer()
        }
    }

    private mutating func endRound() {
        let scores = LiapTui.roundScores(state)
        emit(.roundEnded(scores: scores))
        countRound(scores)
        let totals = state.players.map(\.total)
        if let reason = LiapTui.endReason(totals: totals, round: state.round, options: state.options) {
            let ranking = LiapTui.ranking(totals: totals)
            let winners = ranking.filter { $0.rank == 1 }.map(\.seat)
            emit(.gameEnded(ranking: ranking, winners: winners, reason: reason))
            count(LiapTui.Metrics.games, reason.rawValue)
            finish()
        } else {
            pauseOrGoOn()
        }
    }
}
