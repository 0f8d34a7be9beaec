import TestSupport
import Testing

@testable import WebSocket

@Suite("RFC 6455 §7.4: close codes") struct CloseCodeTests {
    @Test(
        arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4000, 4999]
            as [UInt16])
    func `registered and private codes may be sent`(code: UInt16) {
        #expect(hear(clientFrame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)])) == [.close(code, "")])
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] as [UInt16])
    func `reserved codes must not be sent`(code: UInt16) {
        let frame = clientFrame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)])
        #expect(hear(frame) == [.violation(.closeCodeForbidden(code))])
    }

    @Test func `a long reason is cut between characters`() {
        let payload = FrameEncoder.closePayload(.normal, reason: String(repeating: "é", count: 100))
        #expect(payload.count == 124)
        #expect(String(validating: payload[2...], as: UTF8.self) == String(repeating: "é", count: 61))
    }
}

@Suite("RFC 6455 §8.1: errors in UTF-8 text") struct UTF8Tests {
    private static let good: [[UInt8]] = [
        Array("κόσμε".utf8), [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80],
        [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF], Array("日本語 🎴 ok".utf8),
    ]
    private static let bad: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
        [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5], [0xFF], [0xE2, 0x28, 0xA1], [0xC3],
        [0xE2, 0x82], [0xF0, 0x9F, 0x82],
    ]

    @Test(arguments: good) func `valid text passes however it is sliced`(bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        for slices in slicings(of: clientFrame(0x81, bytes)) { #expect(hear(slices) == [.text(text)]) }
        for split in 0...bytes.count {
            let fragments = clientFrame(0x01, Array(bytes[..<split])) + clientFrame(0x80, Array(bytes[split...]))
            #expect(hear(fragments) == [.text(text)])
        }
    }

    @Test(arguments: bad) func `invalid text is a violation wherever it stands`(bytes: [UInt8]) {
        for padding in [0, 5, 31, 64] {
            let frame = clientFrame(0x81, [UInt8](repeating: 65, count: padding) + bytes)
            for slices in slicings(of: frame) { #expect(hear(slices) == [.violation(.invalidUTF8)]) }
        }
    }

    @Test func `text that can no longer become valid fails before its frame is complete`() {
        let bytes = clientFrame(0x81, Array("κ".utf8) + [0xF4, 0x90] + [UInt8](repeating: 65, count: 100))
        #expect(hear(Array(bytes[..<9])) == [])
        #expect(hear(Array(bytes[..<10])) == [.violation(.invalidUTF8)])
    }

    @Test func `text that can no longer become valid fails before its message is complete`() {
        #expect(hear(clientFrame(0x01, [0xED, 0xA0])) == [.violation(.invalidUTF8)])
    }

    @Test func `the check agrees with the standard library`() {
        for first in UInt8(0x7F)...0xFF {
            for second in [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0] as [UInt8] {
                for rest in [[], [0x80], [0x80, 0x80], [0xBF, 0xC0]] as [[UInt8]] {
                    let bytes = [first, second] + rest
                    let isValid = String(validating: bytes, as: UTF8.self) != nil
                    #expect((hear(clientFrame(0x81, bytes)) == [.violation(.invalidUTF8)]) == !isValid)
                }
            }
        }
    }
}
