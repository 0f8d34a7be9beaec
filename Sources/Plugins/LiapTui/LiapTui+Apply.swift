import PluginAPI

extension LiapTui {
    public static func apply(_ event: Event, to state: inout State) {
        switch event {
        case .dealt(let round, let multiplier, let hands, let weak):
            state.beginDeal(round: round, multiplier: multiplier, hands: hands, weak: weak)
        case .redealVoted(let seat, let accept):
            state.votes.append(Vote(seat: seat, accept: accept))
        case .redealt(let starter, let multiplier):
            state.redealBy = starter
            state.starter = starter
            state.multiplier = multiplier
        case .roundStarted(_, let starter, _, _):
            state.phase = .declaration
            state.starter = starter
            state.weak = []
            state.votes = []
        case .declared(let seat, let value):
            state.players[seat.index].declared = value
            state.players[seat.index].zeroStreak = value == 0 ? state.players[seat.index].zeroStreak + 1 : 0
            if state.toAct.isEmpty {
                state.phase = .turn
                state.leader = state.starter
            }
        case .played(let seat, _, let play, let pieces):
            let hand = state.players[seat.index].hand
            state.players[seat.index].hand = hand.removing(pieces) ?? hand
            state.plays.append(TablePlay(seat: seat, play: play, pieces: pieces))
        case .turnEnded(let winner, _, let captured):
            for (seat, piles) in captured.enumerated() { state.players[seat].captured = piles }
            if let winner = winner.optional {
                state.leader = winner
                state.lastTurnWinner = winner
            }
            state.past += state.plays
            state.plays = []
        case .roundEnded(let scores):
            for score in scores { state.players[score.seat.index].total = score.total }
            state.phase = .preparation
            state.starter = state.lastTurnWinner
            state.leader = nil
        case .gameEnded(let ranking, let winners, _):
            state.phase = .finished
            state.result = Result(ranking: ranking, winners: winners)
        }
    }
}

extension LiapTui.State {
    fileprivate mutating func beginDeal(round: Int, multiplier: Int, hands: [[Piece]], weak: [Seat]) {
        if round != self.round {
            redealBy = nil
            starter = lastTurnWinner
        }
        self.round = round
        self.multiplier = multiplier
        self.weak = weak
        phase = .preparation
        votes = []
        leader = nil
        plays = []
        past = []
        for (seat, hand) in hands.enumerated() {
            players[seat].hand = hand
            players[seat].declared = nil
            players[seat].captured = 0
        }
    }
}
