import PluginAPI

extension LiapTui {
    public enum Action: Codable, Sendable, Hashable {
        case voteRedeal(accept: Bool)
        case declare(value: Int)
        case play(pieces: [Piece])
    }

    public enum StarterReason: String, Codable, Sendable {
        case acceptedRedeal = "accepted_redeal"
        case hasGeneralRed = "has_general_red"
        case wonLastTurn = "won_last_turn"
        case `default`
    }

    public enum EndReason: String, Codable, Sendable, CaseIterable {
        case scoreLimit = "score_limit"
        case roundLimit = "round_limit"
    }

    public enum Event: Codable, Sendable, Equatable {
        case dealt(round: Int, multiplier: Int, hands: [[Piece]], weak: [Seat])
        case redealVoted(seat: Seat, accept: Bool)
        case redealt(starter: Seat, multiplier: Int)
        case roundStarted(round: Int, starter: Seat, reason: StarterReason, order: [Seat])
        case declared(seat: Seat, value: Int)
        case played(seat: Seat, count: Int, play: PlayType, pieces: [Piece])
        case turnEnded(winner: Nullable<Seat>, piles: Int, captured: [Int])
        case roundEnded(scores: [RoundScore])
        case gameEnded(ranking: [Rank], winners: [Seat], reason: EndReason)
    }

    /// An event as one viewer may see it: hands and discards of others are left out.
    public enum EventView: Encodable, Sendable, Equatable {
        case dealt(round: Int, multiplier: Int, hand: [Piece]?, weak: [Seat])
        case redealVoted(seat: Seat, accept: Bool)
        case redealt(starter: Seat, multiplier: Int)
        case roundStarted(round: Int, starter: Seat, reason: StarterReason, order: [Seat])
        case declared(seat: Seat, value: Int)
        case played(seat: Seat, count: Int, play: PlayType, pieces: [Piece]?)
        case turnEnded(winner: Nullable<Seat>, piles: Int, captured: [Int])
        case roundEnded(scores: [RoundScore])
        case gameEnded(ranking: [Rank], winners: [Seat], reason: EndReason)
    }

    public static func view(of event: Event, for viewer: Viewer, in state: State) -> EventView? {
        switch event {
        case .dealt(let round, let multiplier, let hands, let weak):
            .dealt(round: round, multiplier: multiplier, hand: viewer.seat.map { hands[$0.index] }, weak: weak)
        case .played(let seat, let count, let play, let pieces):
            .played(
                seat: seat, count: count, play: play,
                pieces: play != .discard || viewer == .seat(seat) ? pieces : nil)
        case .redealVoted(let seat, let accept): .redealVoted(seat: seat, accept: accept)
        case .redealt(let starter, let multiplier): .redealt(starter: starter, multiplier: multiplier)
        case .roundStarted(let round, let starter, let reason, let order):
            .roundStarted(round: round, starter: starter, reason: reason, order: order)
        case .declared(let seat, let value): .declared(seat: seat, value: value)
        case .turnEnded(let winner, let piles, let captured):
            .turnEnded(winner: winner, piles: piles, captured: captured)
        case .roundEnded(let scores): .roundEnded(scores: scores)
        case .gameEnded(let ranking, let winners, let reason):
            .gameEnded(ranking: ranking, winners: winners, reason: reason)
        }
    }
}
