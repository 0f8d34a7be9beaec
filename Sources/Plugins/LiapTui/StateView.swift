import PluginAPI

extension LiapTui {
    /// What one viewer may know of the game.
    ///
    /// - Source: docs/PROTOCOL.md, "Liap Tui".
    public struct StateView: Encodable, Sendable, Equatable {
        public struct SeatView: Encodable, Sendable, Equatable {
            public var seat: Seat
            public var handCount: Int
            public var declared: Nullable<Int>
            public var captured: Int
            public var total: Int
            public var zeroStreak: Int
        }

        public struct PlayView: Encodable, Sendable, Equatable {
            public var seat: Seat
            public var count: Int
            public var play: PlayType
            /// Nil while face down for this viewer.
            public var pieces: [Piece]?
        }

        public struct Legal: Encodable, Sendable, Equatable {
            /// Values the viewer may declare; empty in other phases.
            public var declare: [Int]
            /// Pieces the viewer's play must have; nil for a leader.
            public var mustPlay: Int?
        }

        public var phase: Phase
        public var round: Int
        public var multiplier: Int
        public var starter: Nullable<Seat>
        public var leader: Nullable<Seat>
        public var required: Nullable<Int>
        public var toAct: [Seat]
        /// Nil for a watcher.
        public var hand: [Piece]?
        public var seats: [SeatView]
        public var plays: [PlayView]
        /// Nil for who may not act.
        public var legal: Legal?
        public var ranking: [Rank]?
        public var winners: [Seat]?
        /// The viewer's seat; nil for a watcher. Not sent: a client knows where it sits.
        var seat: Seat?
        /// Pieces of this round's earlier turns that the viewer has seen: turned up, or their own discards.
        /// Not sent: the events told every client. Bots remember by it.
        var seen: [Piece]

        enum CodingKeys: String, CodingKey {
            case phase, round, multiplier, starter, leader, required, toAct, hand, seats, plays, legal, ranking, winners
        }
    }

    public static func view(of state: State, for viewer: Viewer) -> StateView {
        func isShown(_ play: TablePlay) -> Bool { play.isFaceUp || viewer == .seat(play.seat) }
        return StateView(
            phase: state.phase, round: state.round, multiplier: state.multiplier, starter: Nullable(state.starter),
            leader: Nullable(state.leader), required: Nullable(state.required), toAct: state.toAct,
            hand: viewer.seat.map { state.players[$0.index].hand },
            seats: state.players.enumerated().map { index, player in
                StateView.SeatView(
                    seat: Seat(index), handCount: player.hand.count, declared: Nullable(player.declared),
                    captured: player.captured, total: player.total, zeroStreak: player.zeroStreak)
            },
            plays: state.plays.map {
                StateView.PlayView(
                    seat: $0.seat, count: $0.pieces.count, play: $0.play, pieces: isShown($0) ? $0.pieces : nil)
            },
            legal: viewer.seat.flatMap { seat in
                guard state.toAct.contains(seat) else { return nil }
                return StateView.Legal(declare: state.declarations(by: seat), mustPlay: state.required)
            },
            ranking: state.result?.ranking, winners: state.result?.winners,
            seat: viewer.seat, seen: state.past.filter(isShown).flatMap(\.pieces))
    }
}
