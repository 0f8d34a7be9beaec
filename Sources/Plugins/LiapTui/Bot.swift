import PluginAPI

extension LiapTui {
    public static func bot(_ view: StateView, legal: [Action], random: inout GameRandom) -> Action? {
        // A last piece needs no thought.
        legal.count == 1 ? legal[0] : Bot(view: view, temper: Outlook.Temper())?.choice(among: legal)
    }
}

/// A player that estimates what its pieces will take, declares that, and steers towards it one play at a time.
struct Bot {
    let view: LiapTui.StateView
    let seat: Seat
    let hand: [Piece]
    let outlook: Outlook

    /// - Returns: nil when the view is not that of a seat to act.
    init?(view: LiapTui.StateView, temper: Outlook.Temper) {
        guard let hand = view.hand, let seat = view.seat, view.toAct.contains(seat) else { return nil }
        self.view = view
        self.seat = seat
        self.hand = hand
        let played = view.plays.map(\.seat)
        outlook = Outlook(
            hand: hand, shown: view.seen + view.plays.flatMap { $0.pieces ?? [] },
            opponents: view.seats.filter { $0.seat != seat }.map { other in
                Outlook.Opponent(
                    handCount: other.handCount, need: other.declared.optional.map { $0 - other.captured },
                    isToCome: !played.contains(other.seat))
            }, temper: temper)
    }

    func choice(among legal: [LiapTui.Action]) -> LiapTui.Action? {
        switch view.phase {
        case .preparation: .voteRedeal(accept: wantsRedeal)
        case .declaration: declaration(among: view.legal?.declare ?? []).map { .declare(value: $0) }
        case .turn: bestPlay(among: legal)
        case .finished: nil
        }
    }

    /// A weak hand without strong combinations is worth a redeal, unless this seat leads and wants no risk.
    private var wantsRedeal: Bool {
        let mine = view.seats[seat.index]
        if mine.zeroStreak >= 2 { return true }
        let leads = view.seats.allSatisfy { $0.seat == seat || $0.total < mine.total }
        return !leads && outlook.expectedPiles(outlook.hand, leading: true) < 3
    }

    private func declaration(among values: [Int]) -> Int? {
        let prior = view.seats.compactMap(\.declared.optional)
        let temper = outlook.temper
        let expected = outlook.expectedPiles(outlook.hand, leading: prior.isEmpty)
        let fairShare = 2 * (LiapTui.seatCount - prior.count)
        let room = Double(LiapTui.handSize - prior.reduce(0, +) - fairShare)
        let wished = temper.slope * expected + temper.offset + temper.room * room
        let target = expected < temper.zeroBelow ? 0 : max(wished, 1)
        return values.min { abs(Double($0) - target) < abs(Double($1) - target) }
    }

    private func bestPlay(among legal: [LiapTui.Action]) -> LiapTui.Action? {
        let shown = view.plays.compactMap { play in play.pieces.flatMap { Combination($0) } }
        // Only plays of the binding type are turned up, so the strongest of them holds the turn.
        let holder = shown.max { $1.beats($0) }
        var best: (action: LiapTui.Action, worth: Double)?
        for action in legal {
            guard case .play(let pieces) = action else { continue }
            let worth = worth(of: pieces, against: holder)
            if worth > best?.worth ?? -.infinity { best = (action, worth) }
        }
        return best?.action
    }

    /// What the round looks like after playing `pieces`: higher is better.
    private func worth(of pieces: [Piece], against holder: Combination?) -> Double {
        let mine = view.seats[seat.index]
        let need = (mine.declared.optional ?? 0) - mine.captured
        let rest = outlook.hand.removing(Tally(pieces))
        var holds = 0.0
        if let combination = Combination(pieces), holder.map({ combination.beats($0) }) ?? true {
            holds = outlook.holdChance(combination, size: pieces.count)
        }
        var worth = 0.0
        if holds > 0 { worth += holds * prospect(need: need - pieces.count, rest, leading: true) }
        if holds < 1 { worth += (1 - holds) * prospect(need: need, rest, leading: false) }
        return worth
    }

    /// How near `rest` can be expected to come to `need` more piles; 0 is perfect.
    private func prospect(need: Int, _ rest: Tally, leading: Bool) -> Double {
        let temper = outlook.temper
        if rest.isEmpty { return -Double(abs(need)) * 2 }
        let expected = outlook.expectedPiles(rest, leading: leading)
        if need <= 0 { return Double(need) * 2 - temper.exposure * expected - (need < 0 ? 1 : 0) }
        let surplus = expected - Double(need)
        return surplus > 0 ? -temper.excess * surplus : temper.lack * surplus
    }
}
