/// Checks text as it arrives, piece by piece: the first byte that can no longer become valid UTF-8 is an error, even
/// when the rest of its sequence is still missing.
///
/// - Source: RFC 3629 §4; RFC 6455 §8.1.
struct UTF8Validation {
    /// Continuation bytes the running sequence still needs.
    private var missing: UInt8 = 0
    /// Range of the next continuation byte: narrower than 80–BF after E0, ED, F0 and F4.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    /// Whether the text may end here.
    @inline(__always)
    var isComplete: Bool { missing == 0 }

    /// Takes the next piece.
    ///
    /// - Returns: false when the text can no longer be valid.
    mutating func accept(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
        var at = bytes
        let end = bytes + count
        var missing = self.missing
        var lowest = self.lowest
        var highest = self.highest
        while at < end {
            let byte = at.load(as: UInt8.self)
            if missing > 0 {
                if byte < lowest || byte > highest { return false }
                missing &-= 1
                lowest = 0x80
                highest = 0xBF
                at += 1
                continue
            }
            if byte < 0x80 {
                at = Self.skipASCII(from: at, to: end)
                continue
            }
            switch byte {
            case 0xC2...0xDF: missing = 1
            case 0xE0: (missing, lowest) = (2, 0xA0)
            case 0xED: (missing, highest) = (2, 0x9F)
            case 0xE1...0xEF: missing = 2
            case 0xF0: (missing, lowest) = (3, 0x90)
            case 0xF1...0xF3: missing = 3
            case 0xF4: (missing, highest) = (3, 0x8F)
            default: return false
            }
            at += 1
        }
        self.missing = missing
        self.lowest = lowest
        self.highest = highest
        return true
    }

    /// The first byte from `at` that is not ASCII, or `end`; `at` itself is known to be ASCII.
    @inline(__always)
    private static func skipASCII(from at: UnsafeRawPointer, to end: UnsafeRawPointer) -> UnsafeRawPointer {
        var at = at + 1
        while end - at >= 32 {
            let low = at.loadUnaligned(as: SIMD2<UInt64>.self)
            let high = at.loadUnaligned(fromByteOffset: 16, as: SIMD2<UInt64>.self)
            let both = low | high
            if (both[0] | both[1]) & 0x8080_8080_8080_8080 != 0 { break }
            at += 32
        }
        while at < end, at.load(as: UInt8.self) < 0x80 { at += 1 }
        return at
    }
}
