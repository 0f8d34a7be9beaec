/// The XOR a client puts on its payload.
///
/// - Source: RFC 6455 §5.3.
enum Masking {
    /// The key as seen from byte `offset` of the payload.
    @inline(__always)
    static func key(_ key: UInt32, from offset: Int) -> UInt32 {
        let bits = UInt32(truncatingIfNeeded: offset & 3) &* 8
        return key &>> bits | key &<< (32 &- bits & 31)
    }

    /// Unmasks in place, or masks: it is the same.
    ///
    /// - Returns: whether every unmasked byte is ASCII, which the same pass finds out for nothing.
    @inline(__always)
    static func unmask(_ bytes: UnsafeMutableRawPointer, count: Int, key: UInt32) -> Bool {
        var at = bytes
        let end = bytes + count
        let wide = UInt64(key) | UInt64(key) << 32
        var seen: UInt64 = 0
        if count >= 32 {
            let mask = SIMD2<UInt64>(repeating: wide)
            var seenLow = SIMD2<UInt64>.zero
            var seenHigh = SIMD2<UInt64>.zero
            let last = end - 32
            repeat {
                let low = at.loadUnaligned(as: SIMD2<UInt64>.self) ^ mask
                let high = at.loadUnaligned(fromByteOffset: 16, as: SIMD2<UInt64>.self) ^ mask
                at.storeBytes(of: low, as: SIMD2<UInt64>.self)
                at.storeBytes(of: high, toByteOffset: 16, as: SIMD2<UInt64>.self)
                seenLow |= low
                seenHigh |= high
                at += 32
            } while at <= last
            seenLow |= seenHigh
            seen = seenLow[0] | seenLow[1]
        }
        while end - at >= 8 {
            let word = at.loadUnaligned(as: UInt64.self) ^ wide
            at.storeBytes(of: word, as: UInt64.self)
            seen |= word
            at += 8
        }
        // All steps above are multiples of four, so the key still starts at its first byte.
        var rest = key
        while at < end {
            let byte = at.load(as: UInt8.self) ^ UInt8(truncatingIfNeeded: rest)
            at.storeBytes(of: byte, as: UInt8.self)
            seen |= UInt64(byte)
            rest = rest &>> 8 | rest &<< 24
            at += 1
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }
}
