import WebSocket

/// When the newest events of a room became durable: a small ring, enough for a client that acknowledges in time.
struct CommitTimes {
    private static let kept = 16

    private var ring: [(sequence: Int, at: MonotonicTime)] = []
    private var next = 0

    mutating func note(_ sequence: Int, at instant: MonotonicTime) {
        if ring.count < Self.kept {
            ring.append((sequence, instant))
        } else {
            ring[next] = (sequence, instant)
            next = (next + 1) % Self.kept
        }
    }

    /// When the record that ended with this event was committed; nil when that is too long ago, or no record did.
    subscript(sequence: Int) -> MonotonicTime? { ring.last { $0.sequence == sequence }?.at }
}
