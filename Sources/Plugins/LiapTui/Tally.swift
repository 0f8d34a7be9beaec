/// How many of each kind a set of pieces holds, in one word: four bits a kind.
///
/// Five is the most copies of a kind, so the top bit of each field is free and a borrow shows there.
struct Tally: Hashable, Sendable {
    private var bits: UInt64 = 0

    private static let topBits: UInt64 = 0x88_8888_8888_8888

    init(_ pieces: some Sequence<Piece>) {
        for piece in pieces { bits += 1 << (4 * UInt64(piece.rawValue)) }
    }

    subscript(piece: Piece) -> Int { self[Int(piece.rawValue)] }
    subscript(kind: Int) -> Int { Int(bits >> (4 * UInt64(kind)) & 7) }

    func contains(_ other: Tally) -> Bool {
        ((bits | Self.topBits) &- other.bits) & Self.topBits == Self.topBits
    }

    /// The set without `other`, which it contains.
    func removing(_ other: Tally) -> Tally {
        var rest = self
        rest.bits -= other.bits
        return rest
    }

    /// The set without what it has in common with `pieces`.
    func lacking(_ pieces: [Piece]) -> Tally {
        var rest = self
        for piece in pieces where rest[piece] > 0 { rest.bits -= 1 << (4 * UInt64(piece.rawValue)) }
        return rest
    }

    var isEmpty: Bool { bits == 0 }
}
