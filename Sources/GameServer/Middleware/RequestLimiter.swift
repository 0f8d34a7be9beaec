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

    /// What all connections are held to.
    struct Rates {
        fileprivate let everything, requests, resyncs: TokenBucket.Rate
        fileprivate let refusalsBeforeClose: Int

        init(_ limits: Configuration.Limits) {
            everything = TokenBucket.Rate(perSecond: limits.totalPerS, burst: limits.totalPerS)
            requests = TokenBucket.Rate(perSecond: limits.ratePerS, burst: limits.burst)
            resyncs = TokenBucket.Rate(perSecond: limits.resyncPerS, burst: limits.resyncPerS)
            refusalsBeforeClose = limits.refusalsBeforeClose
        }
    }

    private var everything = TokenBucket()
    private var requests = TokenBucket()
    private var resyncs = TokenBucket()
    private var refusedInARow: Int32 = 0

    /// Whether a message of this type counts as a command or request; unknown ones do.
    static func counts(_ type: String?) -> Bool {
        switch type {
        case "hello", "ack", "resync", "ping", "pong": false
        default: true
        }
    }

    /// - Returns: false when the connection sends more than anybody may.
    mutating func takeAny(of rates: Rates, at now: MonotonicTime) -> Bool {
        everything.take(of: rates.everything, at: now) == nil
    }

    mutating func takeRequest(of rates: Rates, at now: MonotonicTime) -> Verdict {
        guard let ms = requests.take(of: rates.requests, at: now) else {
            refusedInARow = 0
            return .granted
        }
        refusedInARow += 1
        if refusedInARow >= rates.refusalsBeforeClose { return .abuse }
        return .wait(ms: ms, isHalfway: refusedInARow == (rates.refusalsBeforeClose + 1) / 2)
    }

    /// - Returns: nil when granted, else the milliseconds until the next one is.
    mutating func takeResync(of rates: Rates, at now: MonotonicTime) -> Int? {
        resyncs.take(of: rates.resyncs, at: now)
    }
}
