import WebSocket

/// What a client does not read: nothing more is queued for one that lags, and what it was answered waits.
struct Backlog {
    /// Most answers held back; a client that goes on asking without reading is closed.
    static let maxHeldAnswers = 64

    private(set) var isLagging = false
    /// Messages sent since `heldSince`.
    private var sent: Int32 = 0
    /// `.never` while the peer's system takes what is sent.
    private var heldSince = MonotonicTime.never
    private var held: [[UInt8]] = []
    private var giveUp: Alarm?

    /// What is known of a reader that does not lag.
    struct Memory: Sendable {
        fileprivate let since: MonotonicTime?
        fileprivate let waiting: Int
    }

    /// Since when the peer's system has not taken what was sent; nil while it does.
    var since: MonotonicTime? { heldSince == .never ? nil : heldSince }
    /// Messages sent since then.
    var waiting: Int { Int(sent) }

    var memory: Memory { Memory(since: since, waiting: waiting) }

    mutating func takeUp(_ memory: Memory) {
        heldSince = memory.since ?? .never
        sent = Int32(clamping: memory.waiting)
    }

    /// A message was queued because the peer's system takes nothing.
    mutating func queued(at now: MonotonicTime) {
        heldSince = min(heldSince, now)
        sent += 1
    }

    /// So many of them were taken back.
    mutating func taken(_ count: Int) { sent = max(0, sent - Int32(clamping: count)) }

    mutating func fellBehind(_ giveUp: Alarm) {
        isLagging = true
        self.giveUp = giveUp
    }

    /// - Returns: false when too many are held already.
    mutating func hold(_ answer: [UInt8]) -> Bool {
        guard held.count < Self.maxHeldAnswers else { return false }
        held.append(answer)
        return true
    }

    var heldAnswers: Int { held.count }

    /// - Returns: the answers that waited, oldest first.
    mutating func caughtUp() -> [[UInt8]] {
        stop()
        isLagging = false
        heldSince = .never
        sent = 0
        defer { held = [] }
        return held
    }

    mutating func stop() {
        giveUp?.cancel()
        giveUp = nil
    }
}
