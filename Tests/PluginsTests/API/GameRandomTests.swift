import PluginAPI
import Testing

@Suite("RFC 8439 §2.3: the ChaCha20 block function") struct GameRandomTests {
    @Test func `the key stream of the all-zero key is the published one`() throws {
        // RFC 8439 appendix A.1, test vector 1, read as little-endian 64-bit words.
        var random = GameRandom(key: try #require(GameRandom.Key(bytes: Array(repeating: 0, count: 32))))
        #expect(random.next() == 0x903d_f1a0_ade0_b876)
        #expect(random.next() == 0x28bd_8653_e56a_5d40)
    }

    @Test func `the next block has the next counter`() throws {
        // RFC 8439 appendix A.1, test vector 2.
        var random = GameRandom(key: try #require(GameRandom.Key(bytes: Array(repeating: 0, count: 32))))
        for _ in 0..<8 { _ = random.next() }
        #expect(random.next() == 0x7a38_5155_bee7_079f)
    }

    @Test func `a seeded key is the same every time and differs from step to step`() {
        #expect(GameRandom.Key.seeded(7, step: 1) == .seeded(7, step: 1))
        #expect(GameRandom.Key.seeded(7, step: 1) != .seeded(7, step: 2))
        #expect(GameRandom.Key.seeded(7, step: 1) != .seeded(8, step: 1))
        #expect(GameRandom.Key.fresh() != .fresh())
    }
}
