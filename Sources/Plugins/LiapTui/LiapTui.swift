import PluginAPI

/// Liap Tui: four players declare how many of the eight piles of a round they will take, and play for exactly that.
public enum LiapTui: Game {
    public static let manifest = Manifest(
        id: "liap-tui", title: "Liap Tui", version: 1, seats: 4...4, metrics: Metrics.all)

    /// Ends the vote on a redeal.
    static let voteTimer = "vote"
    /// Limits one declaration or one play.
    static let turnTimer = "turn"
    /// Ends the pause after a turn or a round.
    static let revealTimer = "reveal"

    public static func initial(_ options: Options, seats: Int) -> State { State(options: options) }

    public static func start(_ step: inout Step<Self>) throws(Refusal) {
        guard step.filledSeats.count == seatCount else {
            throw .refused("\(seatCount) seats must be filled, not \(step.filledSeats.count)")
        }
        step.deal(round: 1, multiplier: 1)
    }

    public static func decide(_ action: Action, by seat: Seat, _ step: inout Step<Self>) throws(Refusal) {
        switch action {
        case .voteRedeal(let accept): try step.vote(accept, by: seat)
        case .declare(let value): try step.declare(value, by: seat)
        case .play(let pieces): try step.play(pieces, by: seat)
        }
    }

    public static func timer(_ name: String, _ step: inout Step<Self>) {
        switch name {
        case voteTimer where step.state.phase == .preparation && !step.state.weak.isEmpty: step.endVote()
        case turnTimer where step.state.phase == .declaration || step.state.phase == .turn: step.actForLateSeat()
        case revealTimer: step.goOn()
        default: break
        }
    }

    public static func waitingOn(_ state: State) -> Waiting? {
        let seats = state.toAct
        guard !seats.isEmpty else { return nil }
        return switch state.phase {
        case .preparation: Waiting(seats: seats, for: "vote_redeal", timer: voteTimer)
        case .declaration: Waiting(seats: seats, for: "declare", timer: turnTimer)
        case .turn: Waiting(seats: seats, for: "play", timer: turnTimer)
        case .finished: nil
        }
    }

    public static func legalActions(for seat: Seat, in state: State) -> [Action] {
        guard state.toAct.contains(seat) else { return [] }
        return switch state.phase {
        case .preparation: [.voteRedeal(accept: true), .voteRedeal(accept: false)]
        case .declaration: state.declarations(by: seat).map { .declare(value: $0) }
        case .turn: state.legalPlays(by: seat).map { .play(pieces: $0) }
        case .finished: []
        }
    }
}

extension Step<LiapTui> {
    mutating func armTurnTimer() {
        setTimer(LiapTui.turnTimer, after: .milliseconds(state.options.turnMs))
    }

    /// The time of the seat to act has passed: what a bot would choose from that seat's view counts, or else the
    /// first legal action.
    mutating func actForLateSeat() {
        guard let seat = state.toAct.first else { return }
        let move = state.phase == .turn ? "play" : "declare"
        let legal = LiapTui.legalActions(for: seat, in: state)
        let choice = LiapTui.bot(LiapTui.view(of: state, for: .seat(seat)), legal: legal, random: &random)
        for action in [choice].compactMap(\.self) + legal {
            // A refusal emits nothing, so the next action starts from the same state.
            if (try? LiapTui.decide(action, by: seat, &self)) != nil {
                return count(LiapTui.Metrics.forcedMoves, move)
            }
        }
    }
}
