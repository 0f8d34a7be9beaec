import WebSocket

/// How much one connection may ask for.
///
/// - Source: docs/PROTOCOL.md, "Limits".
struct RequestLimiter {
    enum Verdict {
        case granted
        /// - Parameter isHalfway: half of the refusals in a row that end the connection are used up.
        case wait(ms: Int, isHalfway: Bool)
        /// Refused so often in a row that the connection ends.
        case abuse
    }

    private var everything: TokenBucket
    private var requests: TokenBucket
    private var resyncs: TokenBucket
    private var refusedInARow = 0
    private let refusalsBeforeClose: Int

    init(_ limits: Configuration.Limits, at now: MonotonicTime) {
        everything = TokenBucket(perSecond: limits.totalPerS, burst: limits.totalPerS, at: now)
        requests = TokenBucket(perSecond: limits.ratePerS, burst: limits.burst, at: now)
        resyncs = TokenBucket(perSecond: limits.resyncPerS, burst: limits.resyncPerS, at: now)
        refusalsBeforeClose = limits.refusalsBeforeClose
    }

    /// Whether a message of this type counts as a command or request; unknown ones do.
    static func counts(_ type: String?) -> Bool {
        switch type {
        case "hello", "ack", "resync", "ping", "pong": false
        default: true
        }
    }

    /// - Returns: false when the connection sends more than anybody may.
    mutating func takeAny(at now: MonotonicTime) -> Bool { everything.take(at: now) == nil }

    mutating func takeRequest(at now: MonotonicTime) -> Verdict {
        guard let ms = requests.take(at: now) else {
            refusedInARow = 0
            return .granted
        }
        refusedInARow += 1
        if refusedInARow >= refusalsBeforeClose { return .abuse }
        return .wait(ms: ms, isHalfway: refusedInARow == (refusalsBeforeClose + 1) / 2)
    }

    /// - Returns: nil when granted, else the milliseconds until the next one is.
    mutating func takeResync(at now: MonotonicTime) -> Int? { resyncs.take(at: now) }
}
