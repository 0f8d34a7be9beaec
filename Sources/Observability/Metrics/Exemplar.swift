import Synchronization

/// One real occurrence beside the number of a bucket or a counter: the trace and the event that made it.
public struct Exemplar: Sendable, Equatable {
    /// At most 32 bytes are kept, the length of a trace's id.
    public var traceID: String
    /// `ROOM:seq`; left out when longer than 64 bytes.
    public var event: String
    /// Unix time in milliseconds; an exemplar that is less than a second old is not replaced.
    public var unixMilliseconds: Int

    public init(traceID: String = "", event: String = "", unixMilliseconds: Int) {
        self.traceID = traceID
        self.event = event
        self.unixMilliseconds = unixMilliseconds
    }
}

/// An exemplar's place in memory: 16 words that are read and replaced without a lock.
///
/// The first word counts changes and is odd during one: a reader that saw it odd or changed reads nothing, a writer that
/// finds it odd writes nothing. Label names and values are at most 13 + 32 + 64 code points, below the 128 of the format.
enum ExemplarSlot {
    static let words = 16
    private static let traceWords = 4
    private static let eventWords = 8
    private static let lifeMilliseconds = 1000

    struct Content: Equatable {
        var traceID: String
        var event: String
        /// In the histogram's fine units; of a counter, what was added.
        var value: Int
        var milliseconds: Int
    }

    static func write(_ exemplar: Exemplar, value: Int, to slot: UnsafeMutablePointer<Atomic<UInt64>>) {
        let version = slot[0].load(ordering: .acquiring)
        guard version & 1 == 0 else { return }
        let age = exemplar.unixMilliseconds - Int(truncatingIfNeeded: slot[2].load(ordering: .relaxed))
        guard version == 0 || age > lifeMilliseconds || age < 0 else { return }
        let (isMine, _) = slot[0].compareExchange(
            expected: version, desired: version &+ 1, ordering: .acquiringAndReleasing)
        guard isMine else { return }
        atomicMemoryFence(ordering: .releasing)
        let event = exemplar.event.utf8.count <= eventWords * 8 ? exemplar.event : ""
        slot[1].store(UInt64(bitPattern: Int64(value)), ordering: .relaxed)
        slot[2].store(UInt64(bitPattern: Int64(exemplar.unixMilliseconds)), ordering: .relaxed)
        let traceCount = store(exemplar.traceID, at: slot + 4, words: traceWords)
        let eventCount = store(event, at: slot + 4 + traceWords, words: eventWords)
        slot[3].store(UInt64(traceCount) | UInt64(eventCount) << 32, ordering: .relaxed)
        slot[0].store(version &+ 2, ordering: .releasing)
    }

    /// - Returns: nil when there is none, or it is being replaced.
    static func read(_ slot: UnsafeMutablePointer<Atomic<UInt64>>) -> Content? {
        let version = slot[0].load(ordering: .acquiring)
        guard version != 0, version & 1 == 0 else { return nil }
        let value = Int(truncatingIfNeeded: slot[1].load(ordering: .relaxed))
        let milliseconds = Int(truncatingIfNeeded: slot[2].load(ordering: .relaxed))
        let counts = slot[3].load(ordering: .relaxed)
        let trace = bytes(at: slot + 4, words: traceWords)
        let event = bytes(at: slot + 4 + traceWords, words: eventWords)
        atomicMemoryFence(ordering: .acquiring)
        guard slot[0].load(ordering: .relaxed) == version else { return nil }
        return Content(
            traceID: String(decoding: trace.prefix(Int(counts & 0xFFFF_FFFF)), as: UTF8.self),
            event: String(decoding: event.prefix(Int(counts >> 32)), as: UTF8.self), value: value,
            milliseconds: milliseconds)
    }

    /// - Returns: bytes stored, cut at the words there are.
    private static func store(_ text: String, at slot: UnsafeMutablePointer<Atomic<UInt64>>, words: Int) -> Int {
        var word: UInt64 = 0
        var count = 0
        for byte in text.utf8.prefix(words * 8) {
            word |= UInt64(byte) << UInt64(count % 8 * 8)
            count += 1
            guard count % 8 == 0 else { continue }
            slot[count / 8 - 1].store(word, ordering: .relaxed)
            word = 0
        }
        if count % 8 != 0 { slot[count / 8].store(word, ordering: .relaxed) }
        return count
    }

    private static func bytes(at slot: UnsafeMutablePointer<Atomic<UInt64>>, words: Int) -> [UInt8] {
        (0..<words).flatMap { word -> [UInt8] in
            let value = slot[word].load(ordering: .relaxed)
            return (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
        }
    }
}
