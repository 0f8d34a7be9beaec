import TestSupport
import Testing

@testable import WebSocket

@Suite("RFC 7692 §6: framing") struct CompressedFramingTests {
    private let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]

    @Test func `plain messages pass beside compressed ones`() {
        let bytes = clientFrame(text: "plain") + clientFrame(0xC1, hello) + clientFrame(text: "again")
        for slices in slicings(of: bytes) {
            #expect(hear(slices, deflate: agreed()) == [.text("plain"), .text("Hello"), .text("again")])
        }
    }

    @Test(arguments: [0xC8, 0xC9, 0xCA, 0x48, 0xC0, 0x40] as [UInt8])
    func `only the first frame of a message may have the bit`(firstByte: UInt8) {
        let bytes = clientFrame(0x41, Array(hello.prefix(3))) + clientFrame(firstByte, [])
        for slices in slicings(of: bytes) {
            #expect(hear(slices, deflate: agreed()) == [.violation(.reservedBits(4))])
        }
    }

    @Test(arguments: [0xA1, 0x91, 0xE1, 0xD1] as [UInt8])
    func `the other reserved bits stay forbidden`(firstByte: UInt8) {
        let violation = Violation.reservedBits(firstByte >> 4 & 7)
        #expect(hear(clientFrame(firstByte, hello), deflate: agreed()) == [.violation(violation)])
    }

    @Test func `control frames pass between the fragments of a compressed message`() {
        let bytes =
            clientFrame(0x41, Array(hello.prefix(3))) + clientFrame(0x89, [1]) + clientFrame(0x00, [])
            + clientFrame(0x80, Array(hello.dropFirst(3))) + clientFrame(0x8A, [2])
        for slices in slicings(of: bytes) {
            #expect(hear(slices, deflate: agreed()) == [.ping([1]), .text("Hello"), .pong([2])])
        }
    }
}

@Suite("RFC 7692 §7.2.2: decompression") struct InflateTests {
    private func hears(_ frames: [UInt8], _ parameters: DeflateParameters = DeflateParameters()) -> [Heard] {
        hear(frames, deflate: agreed(parameters))
    }

    @Test(
        arguments: [
            // §7.2.3.1 to §7.2.3.5: one block, no compression, a final block, two blocks.
            [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
            [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
            [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
            // A final block that nothing was put behind.
            [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
        ] as [[UInt8]])
    func `the RFC's examples inflate, with and without context, however they are cut`(payload: [UInt8]) {
        for parameters in [DeflateParameters(), withoutContexts] {
            let twice = clientFrame(0xC1, payload) + clientFrame(0xC1, payload)
            for slices in slicings(of: twice) {
                #expect(hear(slices, deflate: agreed(parameters)) == [.text("Hello"), .text("Hello")])
            }
            for cut in 0...payload.count {
                let parts = clientFrame(0x41, Array(payload[..<cut])) + clientFrame(0x80, Array(payload[cut...]))
                #expect(hears(parts, parameters) == [.text("Hello")])
            }
        }
    }

    @Test func `a message may refer to the one before where the context is kept`() {
        let frames =
            clientFrame(0xC1, [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00])
            + clientFrame(0xC1, [0xF2, 0x00, 0x11, 0x00, 0x00])
        #expect(hears(frames) == [.text("Hello"), .text("Hello")])
        #expect(hears(frames, withoutContexts) == [.text("Hello"), .violation(.compressedDataInvalid)])
    }

    @Test func `a message may refer behind a final block where the context is kept`() {
        let frames =
            clientFrame(0xC1, [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00])
            + clientFrame(0xC1, [0xF2, 0x00, 0x11, 0x00, 0x00])
        #expect(hears(frames) == [.text("Hello"), .text("Hello")])
    }

    @Test func `an empty message is one byte`() {
        #expect(hears(clientFrame(0xC1, [0x00]) + clientFrame(0xC2, [0x00])) == [.text(""), .binary([])])
    }

    @Test(
        arguments: [
            [], [0xF2, 0x48, 0xCD], [0xFF], [0x07], [0xF2, 0x00, 0x11, 0x00, 0x00],
            [0x00, 0x06, 0x00, 0xF9, 0xFF, 0x48], [0x00, 0x05, 0x00, 0x00, 0x00],
        ] as [[UInt8]])
    func `what is no whole compressed message is a violation`(payload: [UInt8]) {
        for slices in slicings(of: clientFrame(0xC2, payload)) {
            #expect(hear(slices, deflate: agreed()) == [.violation(.compressedDataInvalid)])
        }
    }

    @Test func `text is checked as it was meant`() {
        let bad = deflated([0x48, 0xC3])
        #expect(hears(clientFrame(0xC1, bad)) == [.violation(.invalidUTF8)])
        #expect(hears(clientFrame(0xC2, bad)) == [.binary([0x48, 0xC3])])
        #expect(hears(clientFrame(0xC1, deflated(Array("aé😀".utf8)))) == [.text("aé😀")])
    }

    @Test(arguments: [1, 100, 65_535, 65_536, 65_537, 300_000])
    func `messages of every size inflate, in fragments too`(count: Int) {
        var limits = Limits()
        limits.maxMessageBytes = 300_000
        let message = prose(count)
        let payload = deflated(message)
        let middle = payload.count / 2
        let parts = clientFrame(0x42, Array(payload[..<middle])) + clientFrame(0x80, Array(payload[middle...]))
        for frames in [clientFrame(0xC2, payload), parts] {
            for slices in [[frames], pieces(of: frames, sizes: [4099, 1, 13])] {
                #expect(hear(slices, limits: limits, deflate: agreed()) == [.binary(message)])
            }
        }
    }

    @Test(arguments: 8...15) func `a peer that keeps to its window is read with one of that size`(bits: Int) {
        let deflater = Deflater(.init(windowBits: bits, level: 9, memoryLevel: 9), memory: DeflateMemory())
        let parameters = DeflateParameters(client: .init(windowBits: bits))
        let messages = (1...20).map { prose($0 * 97, seed: UInt64($0)) }
        let frames = messages.flatMap { clientFrame(0xC2, deflated($0, with: deflater)) }
        #expect(hears(frames, parameters) == messages.map { .binary($0) })
    }
}

@Suite("RFC 7692 §8: what a sender may cost") struct InflateLimitTests {
    private func limits(_ bytes: Int) -> Limits {
        var limits = Limits()
        limits.maxMessageBytes = bytes
        return limits
    }

    @Test(arguments: [100, 65_536, 200_000])
    func `the limit holds for what a message comes to, to the byte`(limit: Int) {
        let exact = [UInt8](repeating: 7, count: limit)
        let frame = clientFrame(0xC2, deflated(exact))
        #expect(hear(frame, limits: limits(limit), deflate: agreed()) == [.binary(exact)])
        let over = clientFrame(0xC2, deflated(exact + [7]))
        let violation = Violation.messageTooBig(bytes: limit + 1, limit: limit)
        #expect(hear(over, limits: limits(limit), deflate: agreed()) == [.violation(violation)])
        #expect(violation.code == .messageTooBig)
    }

    @Test func `a bomb costs the limit and one piece, and nothing afterwards`() throws {
        let bomb = deflated([UInt8](repeating: 0, count: 64 << 20))
        #expect(bomb.count < 80_000)
        let pool = DeflatePool()
        defer { pool.close() }
        let deflate = agreed(withoutContexts, pool: pool)
        let limit = 1 << 20
        let violation = bomb.withUnsafeBytes { deflate.inflate($0, limit: limit) }
        #expect(violation == .messageTooBig(bytes: limit + 1, limit: limit))
        #expect(pool.memory.bytes < limit + ScratchBytes.keptBytes + Inflater.contextBytes(windowBits: 15))
        deflate.letGoOfInflated()
        #expect(pool.memory.bytes < Inflater.contextBytes(windowBits: 15))
        #expect(pool.counters.messagesIn == 0)
    }

    @Test func `compressed bytes that come to nothing end, too`() {
        // Empty blocks.
        let nothing = [UInt8]((0..<600).flatMap { _ in [0x00, 0x00, 0x00, 0xFF, 0xFF] as [UInt8] }) + [0x00]
        #expect(hear(clientFrame(0xC2, nothing), limits: limits(4000), deflate: agreed()) == [.binary([])])
        let most = Inflater.mostBytes(inflatingTo: 1000)
        let violation = Violation.messageTooBig(bytes: nothing.count, limit: most)
        #expect(hear(clientFrame(0xC2, nothing), limits: limits(1000), deflate: agreed()) == [.violation(violation)])
    }

    @Test func `what cannot be made shorter still passes up to the limit`() {
        let message = noise(65_536)
        let payload = deflated(message)
        #expect(payload.count > message.count)
        #expect(hear(clientFrame(0xC2, payload), limits: limits(65_536), deflate: agreed()) == [.binary(message)])
    }
}
