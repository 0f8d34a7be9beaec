import PluginAPI
import WebSocket

/// Who is let in: everybody, so many a second, or nobody new. Lives on the loop; recovery procedures change it.
///
/// Each way of holding back is a slot of its own, so that no procedure ends or weakens what another began; the strictest
/// decides. Each ends by itself unless it is asked for again, for when nobody is left who could end it.
final class Admission {
    /// The strictest that holds at an instant.
    enum Mode: Equatable, Sendable {
        case open
        /// At most so many new connections a second, until then.
        case limited(perSecond: Int, until: MonotonicTime)
        /// No new connections and no new rooms, until then; games that run go on.
        case protected(until: MonotonicTime)
    }

    private struct Limit {
        let perSecond: Int
        var until: MonotonicTime
        let rate: TokenBucket.Rate
        var bucket = TokenBucket()
    }

    /// Seconds over which refused clients are asked to spread their next try.
    private static let spreadSeconds: UInt64 = 10

    private var limited: Limit?
    private var protectedUntil: MonotonicTime?
    private var luck: Luck

    init(luck: Luck) { self.luck = luck }

    /// Asked again with the same rate it only lasts longer: that is no new burst.
    func limit(perSecond: Int, until: MonotonicTime, at now: MonotonicTime) {
        if let limited, limited.perSecond == perSecond, now < limited.until {
            self.limited?.until = until
        } else {
            let rate = TokenBucket.Rate(perSecond: perSecond, burst: perSecond)
            limited = Limit(perSecond: perSecond, until: until, rate: rate)
        }
    }

    func protect(until: MonotonicTime) { protectedUntil = until }

    func endLimit() { limited = nil }
    func endProtection() { protectedUntil = nil }

    func mode(at now: MonotonicTime) -> Mode {
        if let until = protectedUntil, now < until { return .protected(until: until) }
        if let limited, now < limited.until { return .limited(perSecond: limited.perSecond, until: limited.until) }
        return .open
    }

    /// Whether rooms may be opened.
    func takesRooms(at now: MonotonicTime) -> Bool {
        if case .protected = mode(at: now) { false } else { true }
    }

    func verdict(at now: MonotonicTime) -> AcceptVerdict {
        switch mode(at: now) {
        case .open: .pass
        case .limited: takesOne(at: now) ? .pass : refusal(.rate, "too many connect at once")
        case .protected: refusal(.overload, "the server is overloaded and takes no new connections")
        }
    }

    private func takesOne(at now: MonotonicTime) -> Bool {
        guard let rate = limited?.rate else { return true }
        return limited?.bucket.take(of: rate, at: now) == nil
    }

    private func refusal(_ reason: AcceptVerdict.Reason, _ message: String) -> AcceptVerdict {
        .refuse(
            status: 503, code: "overloaded", message: message + ": come back in a moment", reason: reason,
            retryAfterSeconds: 1 + Int(luck.next() % Self.spreadSeconds))
    }
}
