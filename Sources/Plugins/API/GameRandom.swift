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
            return Key { system.next() }
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
            bytes = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } }
        }
    }

    private let key: [UInt32]
    private var counter: UInt32 = 0
    private var block: [UInt32] = []
    private var used = 0

    public init(key: Key) {
        self.key = (0..<8).map { word in
            (0..<4).reduce(0) { $0 | UInt32(key.bytes[word * 4 + $1]) << (8 * UInt32($1)) }
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
        var working = start
        for _ in 0..<10 {
            Self.quarter(&working, 0, 4, 8, 12)
            Self.quarter(&working, 1, 5, 9, 13)
            Self.quarter(&working, 2, 6, 10, 14)
            Self.quarter(&working, 3, 7, 11, 15)
            Self.quarter(&working, 0, 5, 10, 15)
            Self.quarter(&working, 1, 6, 11, 12)
            Self.quarter(&working, 2, 7, 8, 13)
            Self.quarter(&working, 3, 4, 9, 14)
        }
        block = zip(working, start).map { $0 &+ $1 }
        used = 0
        counter &+= 1
    }

    private static func quarter(_ x: inout [UInt32], _ a: Int, _ b: Int, _ c: Int, _ d: Int) {
        x[a] = x[a] &+ x[b]
        x[d] = rotate(x[d] ^ x[a], 16)
        x[c] = x[c] &+ x[d]
        x[b] = rotate(x[b] ^ x[c], 12)
        x[a] = x[a] &+ x[b]
        x[d] = rotate(x[d] ^ x[a], 8)
        x[c] = x[c] &+ x[d]
        x[b] = rotate(x[b] ^ x[c], 7)
    }

    private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 { word << bits | word >> (32 - bits) }
}
