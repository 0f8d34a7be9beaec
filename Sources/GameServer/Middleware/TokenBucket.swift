import WebSocket

/// A rate with a burst: so many at once, then so many a second.
struct TokenBucket {
    private let perSecond: Double
    private let burst: Double
    private var tokens: Double
    private var filled: MonotonicTime

    init(perSecond: Int, burst: Int, at now: MonotonicTime) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst)
        tokens = Double(burst)
        filled = now
    }

    /// Takes one token.
    ///
    /// - Returns: nil when there was one, else the milliseconds until there is.
    mutating func take(at now: MonotonicTime) -> Int? {
        let elapsed = Double(now.nanoseconds - filled.nanoseconds) / 1e9
        tokens = min(burst, tokens + max(0, elapsed) * perSecond)
        filled = now
        if tokens >= 1 {
            tokens -= 1
            return nil
        }
        return Int(((1 - tokens) / perSecond * 1000).rounded(.up))
    }
}
