import Glibc
import TestSupport
import Testing

@testable import WebSocket

@Suite("Taking back what waits") struct OutboxTests {
    private func broadcast(_ text: String) -> EncodedMessage {
        EncodedMessage(text: Array(text.utf8), isReplaceable: true)
    }

    private func append(_ text: String, to box: Outbox) { Array(text.utf8).withUnsafeBytes { box.append($0) } }

    /// Everything that waits, as the kernel would get it, in pieces of at most `step` bytes.
    private func drain(_ box: Outbox, step: Int = .max) -> [UInt8] {
        var all: [UInt8] = []
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 4) { parts in
            while box.bytes > 0 {
                var taken: [UInt8] = []
                for part in parts[..<box.gather(into: parts)] {
                    taken += UnsafeRawBufferPointer(start: part.iov_base, count: part.iov_len)
                }
                taken = Array(taken.prefix(step))
                all += taken
                box.remove(taken.count)
            }
        }
        return all
    }

    private func wire(_ texts: [String]) -> [UInt8] {
        texts.flatMap { text in
            let message = broadcast(text)
            return withExtendedLifetime(message) { Array(message.bytes) }
        }
    }

    @Test func `replaceable messages are taken back from the end, the oldest stays`() {
        let box = Outbox()
        for text in ["one", "two", "three"] { box.append(broadcast(text)) }
        #expect(box.takeBackReplaceable() == TakenBack(messages: 2, payloadBytes: 8))
        #expect(box.bytes == wire(["one"]).count)
        #expect(box.takeBackReplaceable() == TakenBack())
        #expect(drain(box) == wire(["one"]))
    }

    @Test func `what stands behind them holds them: nothing leaves the middle`() {
        let box = Outbox()
        for text in ["one", "two"] { box.append(broadcast(text)) }
        append("answer", to: box)
        #expect(box.takeBackReplaceable() == TakenBack())
        box.append(broadcast("three"))
        #expect(box.takeBackReplaceable() == TakenBack(messages: 1, payloadBytes: 5))
        #expect(drain(box) == wire(["one", "two"]) + Array("answer".utf8))
    }

    @Test func `a message that may not be replaced stays, however it was sent`() {
        let box = Outbox()
        append("first", to: box)
        box.append(EncodedMessage(text: Array("chat".utf8)))
        #expect(box.takeBackReplaceable() == TakenBack())
        box.append(broadcast("event"))
        #expect(box.takeBackReplaceable().messages == 1)
    }

    @Test func `a message that has begun to leave is not taken back`() {
        let box = Outbox()
        box.append(broadcast("began"), from: 3)
        #expect(box.takeBackReplaceable() == TakenBack())
        box.append(broadcast("two"))
        box.append(broadcast("three"))
        // The kernel took the first and a byte of the second.
        box.remove(wire(["began"]).count - 3 + 1)
        #expect(box.takeBackReplaceable() == TakenBack(messages: 1, payloadBytes: 5))
        #expect(drain(box) == Array(wire(["two"]).dropFirst()))
    }

    @Test func `what is queued afterwards stands where they stood`() {
        let box = Outbox()
        append("first,", to: box)
        for text in ["one", "two"] { box.append(broadcast(text)) }
        #expect(box.takeBackReplaceable().messages == 2)
        append("second,", to: box)
        box.append(broadcast("three"))
        #expect(drain(box, step: 5) == Array("first,second,".utf8) + wire(["three"]))
        #expect(box.takeBackReplaceable() == TakenBack())
    }

    @Test(arguments: 1...20) func `whatever happens, what leaves is whole and in order`(seed: UInt64) {
        var state = seed
        func draw(_ below: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % below
        }
        let box = Outbox()
        /// What waits: the bytes that are left of each piece, and whether it may be taken back.
        var waiting: [(bytes: [UInt8], isBroadcast: Bool, hasBegun: Bool)] = []
        var left: [UInt8] = []
        var expected: [UInt8] = []
        for step in 0..<400 {
            switch draw(8) {
            case 0...2:
                let text = "broadcast \(step)" + String(repeating: "b", count: draw(300))
                box.append(broadcast(text))
                waiting.append((wire([text]), true, false))
            case 3:
                let text = "answer \(step)"
                append(text, to: box)
                waiting.append((Array(text.utf8), false, false))
            case 4:
                let taken = box.takeBackReplaceable()
                var (count, payload) = (0, 0)
                while waiting.count > 1, let last = waiting.last, last.isBroadcast, !last.hasBegun {
                    waiting.removeLast()
                    count += 1
                    payload += last.bytes.count - (last.bytes.count < 128 ? 2 : 4)
                }
                #expect(taken == TakenBack(messages: count, payloadBytes: payload), "seed \(seed), step \(step)")
            default:
                var most = draw(400)
                while most > 0, let first = waiting.first {
                    let count = min(most, first.bytes.count)
                    expected += first.bytes.prefix(count)
                    left += head(of: box, count)
                    most -= count
                    if count == first.bytes.count {
                        waiting.removeFirst()
                    } else {
                        waiting[0] = (Array(first.bytes.dropFirst(count)), first.isBroadcast, true)
                    }
                }
            }
            #expect(box.bytes == waiting.reduce(0) { $0 + $1.bytes.count }, "seed \(seed), step \(step)")
        }
        left += drain(box)
        expected += waiting.flatMap(\.bytes)
        let isWhole = left == expected
        #expect(isWhole, "seed \(seed)")
    }

    private func head(of box: Outbox, _ count: Int) -> [UInt8] {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 64) { parts in
            var bytes: [UInt8] = []
            for part in parts[..<box.gather(into: parts)] where bytes.count < count {
                bytes += UnsafeRawBufferPointer(start: part.iov_base, count: part.iov_len)
            }
            box.remove(count)
            return Array(bytes.prefix(count))
        }
    }
}
