import WebSocket

/// What a client does not read: nothing more is queued for one that lags, and what it was answered waits.
struct Backlog {
    /// Most answers held back; a client that goes on asking without reading is closed.
    static let maxHeldAnswers = 64

    private(set) var isLagging = false
    /// Since when the peer's system has not taken what was sent; nil while it does.
    private(set) var since: MonotonicTime?
    /// Messages sent since then.
    private(set) var waiting = 0
    private var held: [[UInt8]] = []
    private var giveUp: Alarm?

    /// What is known of a reader that does not lag.
    struct Memory: Sendable {
        fileprivate let since: MonotonicTime?
        fileprivate let waiting: Int
    }

    var memory: Memory { Memory(since: since, waiting: waiting) }

    mutating func takeUp(_ memory: Memory) {
        since = memory.since
        waiting = memory.waiting
    }

    /// A message was queued because the peer's system takes nothing.
    mutating func queued(at now: MonotonicTime) {
        since = since ?? now
        waiting += 1
    }

    /// So many of them were taken back.
    mutating func taken(_ count: Int) { waiting = max(0, waiting - count) }

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
        since = nil
        waiting = 0
        defer { held = [] }
        return held
    }

    mutating func stop() {
        giveUp?.cancel()
        giveUp = nil
    }
}
