import WebSocket

/// How many requests one caller may make: so many in a window, and half as many again at once.
///
/// What a caller has used is one point in time (the theoretical arrival time of GCRA), so a table of callers is small.
///
/// - Source: ITU-T I.371, "generic cell rate algorithm"; `rate_limit` in Tests/Vectors.
struct RequestRate: Sendable, Equatable {
    /// Requests a window lets through in the long run.
    let limit: Int
    let window: Duration
    /// Requests accepted at once: limit × burst, rounded down, at least 1.
    let capacity: Int
    /// Nanoseconds one request costs.
    private let interval: Int64

    init(limit: Int, window: Duration = .seconds(60), burst: Double = 1.5) {
        precondition(limit > 0 && window > .zero && burst > 0, "a rate lets something through")
        self.limit = limit
        self.window = window
        capacity = max(1, Int((Double(limit) * burst).rounded(.down)))
        let nanoseconds = window.components.seconds * 1_000_000_000 + window.components.attoseconds / 1_000_000_000
        interval = max(1, nanoseconds / Int64(limit))
    }

    /// What one caller has used. A new one has used nothing.
    struct Usage: Sendable, Equatable {
        fileprivate var paidUntil = MonotonicTime(nanoseconds: .min)

        /// Whether everything may be used again, so that forgetting the caller changes nothing.
        func isRestored(at now: MonotonicTime) -> Bool { paidUntil <= now }
    }

    /// What a caller is told, in the answer's header fields.
    struct Verdict: Sendable, Equatable {
        var isAccepted: Bool
        var limit: Int
        /// Requests that would be accepted now.
        var remaining: Int
        /// Until everything may be used again, rounded up.
        var resetSeconds: Int
        var windowSeconds: Int
        /// For a refusal: until one request would be accepted, rounded up, at least 1.
        var retryAfterSeconds: Int
    }

    /// Counts one request, if it is accepted; a refused one costs nothing.
    func take(_ usage: inout Usage, at now: MonotonicTime) -> Verdict {
        let isAccepted = remaining(usage, at: now) > 0
        if isAccepted {
            usage.paidUntil = max(usage.paidUntil, now) + .nanoseconds(interval)
        }
        return verdict(usage, at: now, isAccepted: isAccepted)
    }

    /// Lets nothing through for so long, and then one request at first.
    func lock(_ usage: inout Usage, for time: Duration, at now: MonotonicTime) {
        usage.paidUntil = max(usage.paidUntil, now + .nanoseconds(interval * Int64(capacity - 1)) + time)
    }

    /// The same without counting one.
    func look(_ usage: Usage, at now: MonotonicTime) -> Verdict {
        verdict(usage, at: now, isAccepted: remaining(usage, at: now) > 0)
    }

    private func verdict(_ usage: Usage, at now: MonotonicTime, isAccepted: Bool) -> Verdict {
        let used = used(usage, at: now)
        let wait = used - interval * Int64(capacity - 1)
        return Verdict(
            isAccepted: isAccepted, limit: limit, remaining: remaining(usage, at: now),
            resetSeconds: Self.seconds(used),
            windowSeconds: Int(window.components.seconds), retryAfterSeconds: max(1, Self.seconds(wait)))
    }

    /// Nanoseconds until nothing is used any more.
    private func used(_ usage: Usage, at now: MonotonicTime) -> Int64 {
        usage.paidUntil <= now ? 0 : usage.paidUntil.nanoseconds - now.nanoseconds
    }

    private func remaining(_ usage: Usage, at now: MonotonicTime) -> Int {
        Int(max(0, interval * Int64(capacity) - used(usage, at: now)) / interval)
    }

    private static func seconds(_ nanoseconds: Int64) -> Int {
        Int((max(0, nanoseconds) + 999_999_999) / 1_000_000_000)
    }
}
