/// What pieces played together count as; `DISCARD` is what cannot win the turn.
public enum PlayType: String, Codable, Sendable, Hashable, CaseIterable {
    case single = "SINGLE"
    case pair = "PAIR"
    case threeOfAKind = "THREE_OF_A_KIND"
    case straight = "STRAIGHT"
    case fourOfAKind = "FOUR_OF_A_KIND"
    case extendedStraight = "EXTENDED_STRAIGHT"
    case fiveOfAKind = "FIVE_OF_A_KIND"
    case extendedStraight5 = "EXTENDED_STRAIGHT_5"
    case doubleStraight = "DOUBLE_STRAIGHT"
    case discard = "DISCARD"
}

/// Pieces of one colour that form something and so can hold a turn.
///
/// - Source: the rules, "Combinations" and "Comparing".
struct Combination: Hashable, Sendable {
    let type: PlayType
    /// The sum of the points; in extended straights each of the three names counts once.
    let strength: Int

    /// Three names that make a straight together.
    static let groups: [[Piece.Name]] = [[.general, .advisor, .elephant], [.chariot, .horse, .cannon]]
    static let largest = 6

    init(type: PlayType, strength: Int) {
        self.type = type
        self.strength = strength
    }

    /// Nil when `pieces` form nothing.
    init?(_ pieces: [Piece]) {
        guard let first = pieces.first, pieces.count <= Self.largest,
            pieces.allSatisfy({ $0.isRed == first.isRed })
        else { return nil }
        let sum = pieces.reduce(0) { $0 + $1.points }
        if pieces.allSatisfy({ $0 == first }) {
            guard let type = Self.alike(pieces.count, first) else { return nil }
            self.init(type: type, strength: sum)
        } else {
            let counts = pieces.counts
            guard let group = Self.kinds(ofColour: first).first(where: { $0.contains(first) }),
                group.reduce(0, { $0 + counts[Int($1.rawValue)] }) == pieces.count,
                group.allSatisfy({ (1...2).contains(counts[Int($0.rawValue)]) }),
                let type = Self.straight(pieces.count, isLower: group[0].rawValue >= Piece.chariotRed.rawValue)
            else { return nil }
            let core = group.reduce(0) { $0 + $1.points }
            let countsCore = type == .extendedStraight || type == .extendedStraight5
            self.init(type: type, strength: countsCore ? core : sum)
        }
    }

    /// Whether this takes the turn from `holder`. Equal strength does not: the earlier play keeps it.
    func beats(_ holder: Combination) -> Bool { type == holder.type && strength > holder.strength }

    private static func alike(_ count: Int, _ piece: Piece) -> PlayType? {
        switch count {
        case 1: .single
        case 2: .pair
        case 3 where piece.isSoldier: .threeOfAKind
        case 4 where piece.isSoldier: .fourOfAKind
        case 5 where piece.isSoldier: .fiveOfAKind
        default: nil
        }
    }

    private static func straight(_ count: Int, isLower: Bool) -> PlayType? {
        switch count {
        case 3: .straight
        case 4: .extendedStraight
        case 5: .extendedStraight5
        case 6 where isLower: .doubleStraight
        default: nil
        }
    }

    /// The kinds of each group in the colour of `piece`.
    private static func kinds(ofColour piece: Piece) -> [[Piece]] { piece.isRed ? redGroups : blackGroups }
    static let redGroups = groups.map { $0.map { Piece($0, .red) } }
    static let blackGroups = groups.map { $0.map { Piece($0, .black) } }
    static let colouredGroups = redGroups + blackGroups

    /// Every combination that `hand` holds, equal ones once.
    static func all(in hand: [Piece]) -> [[Piece]] {
        let counts = hand.counts
        var found: [[Piece]] = []
        for piece in Piece.allCases {
            let most = Swift.min(counts[Int(piece.rawValue)], piece.isSoldier ? 5 : 2)
            if most > 0 { found += (1...most).map { Array(repeating: piece, count: $0) } }
        }
        for group in colouredGroups where !group.contains(where: { counts[Int($0.rawValue)] == 0 }) {
            found += straights(of: group, counts: counts)
        }
        return found
    }

    /// Each name once or twice, as far as `counts` reaches.
    private static func straights(of group: [Piece], counts: [Int]) -> [[Piece]] {
        group.reduce([[]]) { begun, piece in
            begun.flatMap { pieces in
                (1...Swift.min(counts[Int(piece.rawValue)], 2)).map { pieces + Array(repeating: piece, count: $0) }
            }
        }.filter { Combination($0) != nil }
    }
}
