/// A client that reads too slowly: nothing more is queued for it, and what it was answered waits.
struct Backlog {
    /// Most answers held back; a client that goes on asking without reading is closed.
    static let maxHeldAnswers = 64

    private(set) var isLagging = false
    private var held: [[UInt8]] = []
    private var giveUp: Alarm?

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

    /// - Returns: the answers that waited, oldest first.
    mutating func caughtUp() -> [[UInt8]] {
        stop()
        isLagging = false
        defer { held = [] }
        return held
    }

    mutating func stop() {
        giveUp?.cancel()
        giveUp = nil
    }
}
