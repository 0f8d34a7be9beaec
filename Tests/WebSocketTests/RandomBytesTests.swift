import TestSupport
import Testing

@testable import WebSocket

/// A small generator whose seed a failure names.
private struct SeededBytes: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

@Suite("Any bytes at all") struct RandomBytesTests {
    /// Frames, most of them good, some with a byte turned.
    private func stream(_ random: inout SeededBytes) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let first = [0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A, 0x88].randomElement(using: &random) ?? 0x81
            let count = [0, 1, 5, 60, 125, 126, 300].randomElement(using: &random) ?? 0
            let limit: UInt8 = Bool.random(using: &random) ? 0x7F : 0xFF
            let payload = (0..<count).map { _ in UInt8.random(in: 0...limit, using: &random) }
            bytes += clientFrame(UInt8(first), payload, key: (0..<4).map { _ in .random(in: 0...255, using: &random) })
        }
        if Int.random(in: 0..<3, using: &random) == 0, let index = bytes.indices.randomElement(using: &random) {
            bytes[index] = .random(in: 0...255, using: &random)
        }
        return bytes
    }

    @Test(arguments: 1...300 as ClosedRange<UInt64>)
    func `an endpoint says the same however its bytes are sliced`(seed: UInt64) {
        var random = SeededBytes(state: seed)
        var limits = Limits()
        limits.maxMessageBytes = 500
        limits.maxFragmentsPerMessage = 4
        let bytes = stream(&random)
        let whole = hear(bytes, limits: limits)
        for slices in slicings(of: bytes) { #expect(hear(slices, limits: limits) == whole) }
    }

    /// Frames of which many are compressed, some of those cut in two, some with a byte turned.
    private func compressedStream(_ random: inout SeededBytes) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let message = prose([1, 30, 400, 499, 700].randomElement(using: &random) ?? 1, seed: random.next())
            var payload = deflated(message)
            if Int.random(in: 0..<6, using: &random) == 0, let index = payload.indices.randomElement(using: &random) {
                payload[index] = .random(in: 0...255, using: &random)
            }
            let cut = Int.random(in: 0...payload.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes += clientFrame(0x41, Array(payload[..<cut])) + clientFrame(0x80, Array(payload[cut...]))
            case 1: bytes += clientFrame(0x82, message) + clientFrame(0x89, [1])
            default: bytes += clientFrame(0xC2, payload)
            }
        }
        if Int.random(in: 0..<3, using: &random) == 0, let index = bytes.indices.randomElement(using: &random) {
            bytes[index] = .random(in: 0...255, using: &random)
        }
        return bytes
    }

    @Test(arguments: 1...150 as ClosedRange<UInt64>)
    func `an endpoint that inflates says the same however its bytes are sliced`(seed: UInt64) {
        var random = SeededBytes(state: seed)
        var limits = Limits()
        limits.maxMessageBytes = 500
        limits.maxFragmentsPerMessage = 4
        let bytes = compressedStream(&random)
        for parameters in [DeflateParameters(), withoutContexts] {
            let whole = hear(bytes, limits: limits, deflate: agreed(parameters))
            for slices in slicings(of: bytes) {
                #expect(hear(slices, limits: limits, deflate: agreed(parameters)) == whole)
            }
        }
    }

    @Test(arguments: 1...300 as ClosedRange<UInt64>)
    func `a request parser says the same however its bytes are sliced`(seed: UInt64) {
        var random = SeededBytes(state: seed)
        let good =
            "POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nA: b\r\n\r\nxyzGET / HTTP/1.1\r\nHost: y\r\n\r\n"
        var bytes = Array(good.utf8)
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[index] = .random(in: 0...255, using: &random)
            case 1: bytes.remove(at: index)
            default: bytes.insert([10, 13, 32, 58, 0].randomElement(using: &random) ?? 0, at: index)
            }
        }
        let whole = outcomes([bytes])
        for slices in slicings(of: bytes) { #expect(outcomes(slices) == whole) }
    }

    private func outcomes(_ slices: [[UInt8]]) -> [String] {
        var parser = RequestParser(limits: Limits())
        var said: [String] = []
        for slice in slices {
            slice.withUnsafeBytes { parser.append($0) }
            loop: while true {
                switch parser.next() {
                case .incomplete: break loop
                case .awaitsContinue: said.append("continue")
                case .refusal(let refusal): said.append("\(refusal)")
                case .request(let head, let body): said.append("\(head.method) \(head.target) \(body)")
                }
            }
        }
        return said
    }
}
