import TestSupport
import Testing

@testable import WebSocket

@Suite("RFC 6455 §5.2: base framing") struct FramingTests {
    /// The RFC's example (§5.7): a masked "Hello".
    private let hello: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]

    @Test func `the RFC's masked example decodes however the network slices it`() {
        for slices in slicings(of: hello) { #expect(hear(slices) == [.text("Hello")]) }
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
    func `payloads of every length class arrive intact`(count: Int) {
        var limits = Limits()
        limits.maxMessageBytes = 1 << 20
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
        let bytes = clientFrame(0x82, payload)
        for slices in [[bytes], pieces(of: bytes, sizes: [4099, 1, 13])] {
            #expect(hear(slices, limits: limits) == [.binary(payload)])
        }
    }

    @Test func `several frames in one piece are several messages`() {
        let bytes = clientFrame(text: "one") + clientFrame(0x82, [1, 2]) + clientFrame(text: "three")
        for slices in slicings(of: bytes) {
            #expect(hear(slices) == [.text("one"), .binary([1, 2]), .text("three")])
        }
    }

    @Test(arguments: [0x40, 0x20, 0x10] as [UInt8])
    func `a reserved bit without an extension is a violation`(bit: UInt8) {
        #expect(hear(clientFrame(0x81 | bit, [])) == [.violation(.reservedBits(bit >> 4))])
    }

    @Test(arguments: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8])
    func `a reserved opcode is a violation`(opcode: UInt8) {
        #expect(hear(clientFrame(0x80 | opcode, [])) == [.violation(.reservedOpcode(opcode))])
    }

    @Test func `a violation shows with the first byte that proves it`() {
        #expect(hear([0xC1]) == [.violation(.reservedBits(4))])
        #expect(hear([0x81, 0x05]) == [.violation(.unmaskedFrame)])
        #expect(hear([0x89, 0xFE]) == [.violation(.controlFrameTooLong(126))])
    }

    @Test func `a length not in its shortest form is a violation`() {
        #expect(hear([0x82, 0xFE, 0, 125]) == [.violation(.lengthNotMinimal(125))])
        #expect(hear([0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) == [.violation(.lengthNotMinimal(65_535))])
    }

    @Test func `a length with its highest bit set is a violation`() {
        #expect(hear([0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]) == [.violation(.lengthTooLarge)])
    }

    @Test func `what comes before a violation is delivered first`() {
        let bytes = clientFrame(text: "kept") + [0xF1]
        for slices in slicings(of: bytes) { #expect(hear(slices) == [.text("kept"), .violation(.reservedBits(7))]) }
    }

    @Test(arguments: [0, 125, 126, 65_535, 65_536])
    func `the encoder writes the shortest header`(count: Int) {
        let frame = FrameEncoder.frame(.binary, payload: [UInt8](repeating: 9, count: count))
        let header: [UInt8] =
            switch count {
            case ...125: [0x82, UInt8(count)]
            case ...65_535: [0x82, 126, UInt8(count >> 8), UInt8(count & 255)]
            default: [0x82, 127] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
            }
        #expect(Array(frame.prefix(header.count)) == header)
        #expect(frame.count == header.count + count)
        #expect(FrameEncoder.headerBytes(payloadBytes: count) == header.count)
    }
}

@Suite("RFC 6455 §5.3: masking") struct MaskingTests {
    @Test func `unmasking in pieces equals unmasking byte by byte`() {
        let key: UInt32 = 0xA1B2_C3D4
        for count in [0, 1, 3, 7, 8, 9, 31, 32, 33, 63, 64, 100, 257] {
            let masked = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            let plain = masked.indices.map { masked[$0] ^ UInt8(truncatingIfNeeded: key >> UInt32(8 * ($0 & 3))) }
            for cut in [0, 1, 2, 3, 5, count / 2] where cut <= count {
                var bytes = masked
                let isASCII = bytes.withUnsafeMutableBytes { buffer -> Bool in
                    guard let base = buffer.baseAddress else { return true }
                    let first = Masking.unmask(base, count: cut, key: key)
                    return Masking.unmask(base + cut, count: count - cut, key: Masking.key(key, from: cut)) && first
                }
                #expect(bytes == plain)
                #expect(isASCII == plain.allSatisfy { $0 < 0x80 })
            }
        }
    }
}

@Suite("RFC 6455 §5.4: fragmentation") struct FragmentationTests {
    @Test func `fragments make one message, with control frames between them`() {
        let bytes =
            clientFrame(0x01, Array("Hel".utf8)) + clientFrame(0x89, [1]) + clientFrame(0x00, [])
            + clientFrame(0x8A, [2]) + clientFrame(0x80, Array("lo".utf8)) + clientFrame(text: "next")
        for slices in slicings(of: bytes) {
            #expect(hear(slices) == [.ping([1]), .pong([2]), .text("Hello"), .text("next")])
        }
    }

    @Test func `a continuation of nothing is a violation`() {
        #expect(hear(clientFrame(0x80, [1])) == [.violation(.continuationOfNothing)])
        #expect(hear(clientFrame(text: "x") + clientFrame(0x00, [1])).last == .violation(.continuationOfNothing))
    }

    @Test func `a new message inside a message is a violation`() {
        #expect(hear(clientFrame(0x01, [65]) + clientFrame(0x81, [66])) == [.violation(.messageInsideMessage)])
    }

    @Test func `an empty message may be empty fragments`() {
        #expect(hear(clientFrame(0x02, []) + clientFrame(0x00, []) + clientFrame(0x80, [])) == [.binary([])])
    }
}

@Suite("RFC 6455 §5.5: control frames") struct ControlFrameTests {
    @Test func `pings and pongs carry up to 125 bytes`() {
        let payload = [UInt8](repeating: 0xFE, count: 125)
        let bytes = clientFrame(0x89, payload) + clientFrame(0x8A, [])
        for slices in slicings(of: bytes) { #expect(hear(slices) == [.ping(payload), .pong([])]) }
    }

    @Test(arguments: [0x8, 0x9, 0xA] as [UInt8])
    func `a control frame must be neither long nor fragmented`(opcode: UInt8) {
        let long = clientFrame(0x80 | opcode, [UInt8](repeating: 0, count: 126))
        #expect(hear(long) == [.violation(.controlFrameTooLong(126))])
        #expect(hear(clientFrame(opcode, [])) == [.violation(.controlFrameFragmented)])
    }

    @Test func `a close frame is empty, or a code and a reason`() {
        #expect(hear(clientFrame(0x88, [])) == [.close(nil, "")])
        #expect(hear(clientFrame(0x88, [0x03, 0xE8])) == [.close(1000, "")])
        #expect(hear(clientFrame(0x88, [0x0F, 0xA1] + Array("adé".utf8))) == [.close(4001, "adé")])
    }

    @Test func `a close frame of one byte or with a reason that is not text is a violation`() {
        #expect(hear(clientFrame(0x88, [3])) == [.violation(.closePayloadTooShort)])
        #expect(hear(clientFrame(0x88, [0x03, 0xE8, 0xC3])) == [.violation(.invalidUTF8)])
    }

    @Test func `a close frame may come between fragments`() {
        #expect(hear(clientFrame(0x01, [65]) + clientFrame(0x88, [0x03, 0xE9])) == [.close(1001, "")])
    }
}
