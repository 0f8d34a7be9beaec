import PluginAPI

/// Which loop a room belongs to: a function of its id and the number of loops, so that no table has to be shared.
///
/// An id ends in a key that the creator's secret gives. So a `create` that is repeated on another connection finds the
/// loop of the room it made, and both move alike when a restart changes the number of loops.
struct Placement: Sendable, Equatable {
    /// Bits of an id that say where its room is; the others are random.
    private static let bits: UInt64 = 10
    private static let mask: UInt64 = 1 << bits - 1

    let loops: Int

    init(loops: Int = 1) {
        precondition(loops >= 1 && loops <= 1 << Self.bits, "as many loops as keys can tell apart")
        self.loops = loops
    }

    func loop(of room: RoomID) -> Int { loop(at: room.raw & Self.mask) }

    /// Where the room is, or would be, that whoever has this secret creates.
    func loop(ofCreator secret: Digest) -> Int { loop(at: Self.key(of: secret)) }

    /// The ranges of keys are as equal as can be.
    private func loop(at key: UInt64) -> Int { (Int(key) * loops) >> Self.bits }

    /// An id for a room of this creator's.
    static func id(createdWith secret: Digest, using luck: inout some RandomNumberGenerator) -> RoomID {
        RoomID(raw: luck.next() & ~mask | key(of: secret))
    }

    /// Of a digest of the digest: an id is public, and what is stored of a secret stays where it is.
    private static func key(of secret: Digest) -> UInt64 {
        let bytes = Digest(of: Array("room placement".utf8), secret.bytes).bytes
        return (UInt64(bytes[0]) << 8 | UInt64(bytes[1])) & mask
    }
}
