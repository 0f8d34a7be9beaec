import CLinux

/// Keys for a client's frames, taken from the system's random source many at a time; each is used once.
///
/// - Source: RFC 6455 §5.3 and §10.3.
struct MaskingKeys {
    /// As many as the system hands out in one piece, never cut short by a signal (getrandom(2)).
    private static let bytes = 256

    /// Empty until a client sends something.
    private var keys: [UInt32] = []

    mutating func next() -> UInt32 {
        if keys.isEmpty {
            keys = [UInt32](unsafeUninitializedCapacity: Self.bytes / 4) { buffer, count in
                let got = clinux_random(buffer.baseAddress, Self.bytes)
                precondition(got == Self.bytes, "the system has random bytes")
                count = Self.bytes / 4
            }
        }
        return keys.removeLast()
    }
}
