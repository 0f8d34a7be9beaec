/// The luck of one step: ChaCha20 in counter mode under a key of its own.
///
/// Nobody who sees outcomes can tell the next one without the key, and whoever has the key (the record in the
/// store) can run the step again.
///
/// - Source: RFC 8439 §2.3, with a zero nonce because no key serves two steps.
public struct GameRandom: RandomNumberGenerator, Sendable {
    /// 256 bits.
    public struct Key: Hashable, Sendable {
        public let bytes: [UInt8]

        /// - Parameter bytes: exactly 32.
        public init?(bytes: [UInt8]) {
            guard bytes.count == 32 else { return nil }
            self.bytes = bytes
        }

        /// A fresh key from the system's generator.
        public static func fresh() -> Key {
            var system = SystemRandomNumberGenerator()
            return fresh(using: &system)
        }

        /// A key drawn from `generator`.
        public static func fresh(using generator: inout some RandomNumberGenerator) -> Key {
            Key { generator.next() }
        }

        /// The key that `seed` fixes for step `number`; for tests and rooms with a fixed shuffle only.
        public static func seeded(_ seed: UInt64, step number: UInt64) -> Key {
            var mixed = GameRandom(key: Key(words: [seed, number, 0, 0]))
            return Key { mixed.next() }
        }

        private init(_ word: () -> UInt64) {
            self.init(words: [word(), word(), word(), word()])
        }

        private init(words: [UInt64]) {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(32)
            for word in words { withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) } }
            self.bytes = bytes
        }
    }

    private let key: [UInt32]
    private var counter: UInt32 = 0
    private var block: [UInt32] = []
    private var used = 0

    public init(key: Key) {
        self.key = key.bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: 32, by: 4).map {
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
            }
        }
    }

    /// For tests and tools: the generator of step 0 under `seed`.
    public init(seed: UInt64) {
        self.init(key: .seeded(seed, step: 0))
    }

    public mutating func next() -> UInt64 {
        if used + 2 > block.count { refill() }
        defer { used += 2 }
        return UInt64(block[used]) | UInt64(block[used + 1]) << 32
    }

    private mutating func refill() {
        let start: [UInt32] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574] + key + [counter, 0, 0, 0]
        // Sixteen variables instead of one array: without optimization an array costs ten times as much.
        var (x0, x1, x2, x3) = (start[0], start[1], start[2], start[3])
        var (x4, x5, x6, x7) = (start[4], start[5], start[6], start[7])
        var (x8, x9, x10, x11) = (start[8], start[9], start[10], start[11])
        var (x12, x13, x14, x15) = (start[12], start[13], start[14], start[15])
        for _ in 0..<10 {
            Self.quarter(&x0, &x4, &x8, &x12)
            Self.quarter(&x1, &x5, &x9, &x13)
            Self.quarter(&x2, &x6, &x10, &x14)
            Self.quarter(&x3, &x7, &x11, &x15)
            Self.quarter(&x0, &x5, &x10, &x15)
            Self.quarter(&x1, &x6, &x11, &x12)
            Self.quarter(&x2, &x7, &x8, &x13)
            Self.quarter(&x3, &x4, &x9, &x14)
        }
        block = [
            x0 &+ start[0], x1 &+ start[1], x2 &+ start[2], x3 &+ start[3], x4 &+ start[4], x5 &+ start[5],
            x6 &+ start[6], x7 &+ start[7], x8 &+ start[8], x9 &+ start[9], x10 &+ start[10], x11 &+ start[11],
            x12 &+ start[12], x13 &+ start[13], x14 &+ start[14], x15 &+ start[15],
        ]
        used = 0
        counter &+= 1
    }

    private static func quarter(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32, _ d: inout UInt32) {
        a = a &+ b
        d ^= a
        d = d &<< 16 | d &>> 16
        c = c &+ d
        b ^= c
        b = b &<< 12 | b &>> 20
        a = a &+ b
        d ^= a
        d = d &<< 8 | d &>> 24
        c = c &+ d
        b ^= c
        b = b &<< 7 | b &>> 25
    }
}
