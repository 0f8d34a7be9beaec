/// One of the 14 kinds of piece, strongest first. A hand is a list of kinds; equal kinds cannot be told apart.
///
/// - Source: the rules, "Pieces".
public enum Piece: UInt8, CaseIterable, Hashable, Sendable {
    case generalRed, generalBlack, advisorRed, advisorBlack, elephantRed, elephantBlack, chariotRed, chariotBlack
    case horseRed, horseBlack, cannonRed, cannonBlack, soldierRed, soldierBlack

    enum Name: UInt8 {
        case general, advisor, elephant, chariot, horse, cannon, soldier
    }

    enum Colour: UInt8 {
        case red, black
    }

    /// 14 for the red general down to 1 for a black soldier.
    public var points: Int { 14 - Int(rawValue) }
    var isRed: Bool { rawValue & 1 == 0 }
    var isSoldier: Bool { rawValue >= Piece.soldierRed.rawValue }
    /// How many of this kind the deck holds.
    public var copies: Int { isSoldier ? 5 : rawValue <= Piece.generalBlack.rawValue ? 1 : 2 }

    /// All 32 pieces.
    public static let deck: [Piece] = allCases.flatMap { Array(repeating: $0, count: $0.copies) }

    init(_ name: Name, _ colour: Colour) {
        // The product of the two ranges is exactly the range of raw values.
        self = Piece.allCases[Int(name.rawValue * 2 + colour.rawValue)]
    }
}

extension Piece: Comparable {
    /// The order of a hand: strongest first.
    public static func < (left: Piece, right: Piece) -> Bool { left.rawValue < right.rawValue }
}

extension Piece: Codable, CustomStringConvertible {
    private static let texts = [
        "GENERAL_RED", "GENERAL_BLACK", "ADVISOR_RED", "ADVISOR_BLACK", "ELEPHANT_RED", "ELEPHANT_BLACK",
        "CHARIOT_RED", "CHARIOT_BLACK", "HORSE_RED", "HORSE_BLACK", "CANNON_RED", "CANNON_BLACK", "SOLDIER_RED",
        "SOLDIER_BLACK",
    ]

    /// The kind's name on the wire, such as `SOLDIER_RED`.
    public var description: String { Self.texts[Int(rawValue)] }

    public init?(named text: String) {
        guard let index = Self.texts.firstIndex(of: text) else { return nil }
        self = Self.allCases[index]
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let piece = Piece(named: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected a kind of piece")
        }
        self = piece
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension [Piece] {
    /// The list without `pieces`, in the same order; nil when it does not hold all of them.
    func removing(_ pieces: [Piece]) -> [Piece]? {
        var rest = self
        for piece in pieces {
            guard let index = rest.firstIndex(of: piece) else { return nil }
            rest.remove(at: index)
        }
        return rest
    }

    /// How many of each kind the list holds, indexed by the kind's raw value.
    var counts: [Int] {
        var counts = [Int](repeating: 0, count: 14)
        for piece in self { counts[Int(piece.rawValue)] += 1 }
        return counts
    }
}
