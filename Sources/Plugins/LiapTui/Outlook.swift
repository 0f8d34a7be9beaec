import PluginAPI

/// What a seat can tell of its chances from its own view: which pieces are still out, and who wants piles.
///
/// Estimates are coarse on purpose: each opponent is taken alone, and pieces as if drawn at random from what is out.
struct Outlook {
    /// The weights of the estimates. They are what won against other weights, not what reasoning gave.
    struct Temper: Sendable {
        /// How often an opponent beats what it can beat: while it needs that many piles (it often saves its
        /// strength), when it does not (it sheds its strength), and before it has declared.
        var eager = 0.45
        var content = 0.92
        var undeclared = 0.08
        /// Chances of singles and of gaining the lead are raised to these powers.
        var singlePower = 1.21
        var accessPower = 1.14
        /// Cost of a pile too many, of one too few, and of strength that is no longer needed.
        var excess = 0.26
        var lack = 4.00
        var exposure = 0.35
        /// From expected piles to a declaration.
        var slope = 0.41
        var offset = 0.08
        var room = 0.52
        /// Below this expectation zero is declared.
        var zeroBelow = 0.65
    }

    struct Opponent {
        var handCount: Int
        /// Piles it still needs; nil before it has declared.
        var need: Int?
        /// Yet to play in the running turn.
        var isToCome: Bool
    }

    let temper: Temper
    let hand: Tally
    private let unseen: Tally
    private let unseenCount: Double
    private let opponents: [Opponent]
    /// Chance of each kind to take a turn of one piece, some time in the round.
    private let singles: [Double]
    /// Combinations of two or more pieces in the hand, with the chance of each to hold when led.
    private let combinations: [(pieces: Tally, size: Int, holds: Double)]

    init(hand: [Piece], shown: [Piece], opponents: [Opponent], temper: Temper) {
        self.temper = temper
        self.hand = Tally(hand)
        self.opponents = opponents
        let unseen = Tally(Piece.deck).lacking(hand).lacking(shown)
        self.unseen = unseen
        let unseenCount = Double(max(1, Piece.deck.count - hand.count - shown.count))
        self.unseenCount = unseenCount
        var higher = 0
        var singles: [Double] = []
        for kind in 0..<14 {
            guard self.hand[kind] > 0 else {
                // Only kinds in the hand are ever asked for.
                singles.append(0)
                higher += unseen[kind]
                continue
            }
            let chance = opponents.reduce(1.0) { chance, opponent in
                chance
                    * (1 - Self.wish(opponent, size: 1, temper)
                        * Self.chance(ofHolding: higher, size: 1, opponent, unseenCount))
            }
            singles.append(power(chance, temper.singlePower))
            higher += unseen[kind]
        }
        self.singles = singles
        combinations = Combination.all(in: hand).compactMap { pieces in
            guard pieces.count > 1, let combination = Combination(pieces) else { return nil }
            let ways = Self.waysToBeat(combination, size: pieces.count, unseen)
            let holds = opponents.reduce(1.0) { chance, opponent in
                chance
                    * (1 - Self.wish(opponent, size: pieces.count, temper)
                        * Self.chance(ofHolding: ways, size: pieces.count, opponent, unseenCount))
            }
            return (Tally(pieces), pieces.count, holds)
        }
    }

    /// Chance that nobody who is yet to play beats `combination`.
    func holdChance(_ combination: Combination, size: Int) -> Double {
        let ways = Self.waysToBeat(combination, size: size, unseen)
        return opponents.filter(\.isToCome).reduce(1.0) { chance, opponent in
            chance
                * (1 - Self.wish(opponent, size: size, temper)
                    * Self.chance(ofHolding: ways, size: size, opponent, unseenCount))
        }
    }

    /// Piles that `pieces` can be expected to take when all is done for it.
    func expectedPiles(_ pieces: Tally, leading: Bool) -> Double {
        var rest = pieces
        var piles = 0.0
        var access = leading ? 1.0 : accessChance(pieces)
        while let best = bestCombination(in: rest, access: access) {
            if !leading, piles == 0 { access = accessChance(rest.removing(best.pieces)) }
            piles += Double(best.size) * best.holds * access
            access *= best.holds
            rest = rest.removing(best.pieces)
        }
        for kind in 0..<14 { piles += Double(rest[kind]) * singles[kind] }
        return piles
    }

    private func bestCombination(in rest: Tally, access: Double) -> (pieces: Tally, size: Int, holds: Double)? {
        var best: (pieces: Tally, size: Int, holds: Double)?
        var bestGain = 0.0
        for combination in combinations where rest.contains(combination.pieces) {
            var gain = Double(combination.size) * combination.holds * access
            for kind in 0..<14 { gain -= Double(combination.pieces[kind]) * singles[kind] }
            if gain > bestGain { (best, bestGain) = (combination, gain) }
        }
        return best
    }

    /// Chance to gain the lead with one of `pieces`.
    private func accessChance(_ pieces: Tally) -> Double {
        var never = 1.0
        for kind in 0..<14 { for _ in 0..<pieces[kind] { never *= 1 - singles[kind] } }
        return power(1 - never, temper.accessPower)
    }

    private static func wish(_ opponent: Opponent, size: Int, _ temper: Temper) -> Double {
        guard let need = opponent.need else { return temper.undeclared }
        return need >= size ? temper.eager : temper.content
    }

    /// Chance that one opponent holds one of `ways` sets of `size` unseen pieces.
    private static func chance(ofHolding ways: Int, size: Int, _ opponent: Opponent, _ unseenCount: Double) -> Double {
        guard ways > 0, opponent.handCount >= size else { return 0 }
        var one = 1.0
        for taken in 0..<size {
            one *= max(0, Double(opponent.handCount - taken) / max(1, unseenCount - Double(taken)))
        }
        return 1 - power(1 - min(1, one), Double(ways))
    }

    /// Sets of unseen pieces that would beat `combination`.
    private static func waysToBeat(_ combination: Combination, size: Int, _ unseen: Tally) -> Int {
        switch combination.type {
        case .single:
            return (0..<(14 - combination.strength)).reduce(0) { $0 + unseen[$1] }
        case .pair:
            return (0..<(14 - combination.strength / 2)).reduce(0) { $0 + choose(unseen[$1], 2) }
        case .threeOfAKind, .fourOfAKind, .fiveOfAKind:
            return combination.strength == size ? choose(unseen[.soldierRed], size) : 0
        case .straight, .extendedStraight, .extendedStraight5, .doubleStraight:
            let factor = combination.type == .doubleStraight ? 2 : 1
            return Combination.colouredGroups.reduce(0) { ways, group in
                guard group.reduce(0, { $0 + $1.points }) * factor > combination.strength else { return ways }
                return ways + selections(of: size, from: group.map { unseen[$0] })
            }
        case .discard: return 0
        }
    }

    /// Ways to take one or two of each of three kinds, `size` in all.
    private static func selections(of size: Int, from counts: [Int]) -> Int {
        let doubled = size - counts.count
        return (0..<8).reduce(0) { ways, pattern in
            guard pattern.nonzeroBitCount == doubled else { return ways }
            return ways + counts.indices.reduce(1) { $0 * choose(counts[$1], pattern >> $1 & 1 == 1 ? 2 : 1) }
        }
    }

    private static func choose(_ count: Int, _ size: Int) -> Int {
        guard size <= count else { return 0 }
        return (0..<size).reduce(1) { $0 * (count - $1) / ($1 + 1) }
    }
}

/// `base` to the power `exponent`, for a base from 0 to 1; exact enough for an estimate, and without a library.
private func power(_ base: Double, _ exponent: Double) -> Double {
    guard base > 0 else { return 0 }
    var result = 1.0
    for _ in 0..<Int(exponent) { result *= base }
    let fraction = exponent - Double(Int(exponent))
    return fraction == 0 ? result : result * (1 - fraction + fraction * base)
}
