import PluginAPI

extension LiapTui {
    public enum Phase: String, Codable, Sendable {
        /// Dealt, and the weak vote; or the pause between two rounds.
        case preparation
        case declaration, turn, finished
    }

    /// One seat's play in a turn.
    struct TablePlay: Codable, Sendable, Equatable {
        var seat: Seat
        /// The type that binds the turn, or a discard.
        var play: PlayType
        var pieces: [Piece]

        /// A discard stays face down for the others, also later.
        var isFaceUp: Bool { play != .discard }
    }

    struct Player: Codable, Sendable, Equatable {
        /// Strongest first.
        var hand: [Piece] = []
        var declared: Int?
        /// Piles taken in this round.
        var captured = 0
        /// Points of all rounds so far.
        var total = 0
        /// Zeros declared in a row, across rounds.
        var zeroStreak = 0
    }

    /// The truth, all hands included.
    public struct State: Codable, Sendable, Equatable {
        let options: Options
        var phase = Phase.preparation
        /// Counted from 1; 0 before the first deal.
        var round = 0
        var multiplier = 1
        /// Who begins the round, as far as that is known.
        var starter: Seat?
        /// The last whose wish for a redeal was granted in this round.
        var redealBy: Seat?
        /// Winner of the last turn that had one.
        var lastTurnWinner: Seat?
        /// Seats asked to vote; empty when no vote runs.
        var weak: [Seat] = []
        var votes: [Vote] = []
        var players: [Player]
        /// Who leads the running turn.
        var leader: Seat?
        /// The plays of the running turn.
        var plays: [TablePlay] = []
        /// The plays of this round's earlier turns.
        var past: [TablePlay] = []
        var result: Result?

        init(options: Options) {
            self.options = options
            players = Array(repeating: Player(), count: LiapTui.seatCount)
        }

        /// Pieces every play of the running turn must have; nil before the lead.
        var required: Int? { plays.first?.pieces.count }

        /// Seats that may act now, ascending.
        var toAct: [Seat] {
            switch phase {
            case .preparation: return weak.filter { seat in !votes.contains { $0.seat == seat } }
            case .declaration:
                let order = Seat.order(from: starter)
                return [order.first { players[$0.index].declared == nil }].compactMap(\.self)
            case .turn: return plays.count < LiapTui.seatCount ? [Seat.order(from: leader)[plays.count]] : []
            case .finished: return []
            }
        }
    }

    struct Vote: Codable, Sendable, Equatable {
        var seat: Seat
        var accept: Bool
    }

    /// How the game ended.
    struct Result: Codable, Sendable, Equatable {
        var ranking: [Rank]
        var winners: [Seat]
    }

    static let seatCount = 4
    static let handSize = 8
}

extension Seat {
    /// All seats in play order; from seat 0 when no first one is known.
    static func order(from first: Seat?) -> [Seat] {
        (0..<LiapTui.seatCount).map { Seat(((first?.index ?? 0) + $0) % LiapTui.seatCount) }
    }
}
