import WebSocket

/// What one caller has used of a rate with a burst. What the rate is, all who are held to it share.
///
/// Kept as one instant, so that a bucket costs a connection eight bytes.
///
/// - Source: ITU-T I.371, "generic cell rate algorithm", which is the token bucket seen from the other side.
struct TokenBucket {
    /// So many at once, then so many a second.
    struct Rate {
        /// Nanoseconds until one token is back.
        fileprivate let interval: Int64
        /// Nanoseconds until an empty bucket is full.
        fileprivate let span: Int64

        init(perSecond: Int, burst: Int) {
            interval = max(1, 1_000_000_000 / Int64(perSecond))
            span = interval * Int64(burst)
        }
    }

    /// When the bucket is full again.
    private var fullAt = MonotonicTime(nanoseconds: .min)

    /// Takes one token.
    ///
    /// - Returns: nil when there was one, else the milliseconds until there is.
    mutating func take(of rate: Rate, at now: MonotonicTime) -> Int? {
        let used = max(fullAt, now).nanoseconds - now.nanoseconds + rate.interval
        if used <= rate.span {
            fullAt = MonotonicTime(nanoseconds: now.nanoseconds + used)
            return nil
        }
        return Int((used - rate.span + 999_999) / 1_000_000)
    }
}
