import PluginAPI
import WebSocket

/// Who is let in: everybody, so many a second, or nobody new. Lives on the loop; recovery procedures change it.
final class Admission {
    enum Mode: Equatable, Sendable {
        case open
        /// At most so many new connections a second, until then.
        case limited(perSecond: Int, until: MonotonicTime)
        /// No new connections and no new rooms, until then; games that run go on.
        case protected(until: MonotonicTime)
    }

    /// Seconds over which refused clients are asked to spread their next try.
    private static let spreadSeconds: UInt64 = 10

    private(set) var mode = Mode.open
    private var bucket: TokenBucket?
    private var luck: Luck

    init(luck: Luck) { self.luck = luck }

    func set(_ mode: Mode, at now: MonotonicTime) {
        self.mode = mode
        if case .limited(let perSecond, _) = mode {
            bucket = TokenBucket(perSecond: perSecond, burst: perSecond, at: now)
        } else {
            bucket = nil
        }
    }

    /// Whether rooms may be opened.
    func takesRooms(at now: MonotonicTime) -> Bool {
        if case .protected(let until) = mode { now >= until } else { true }
    }

    func verdict(at now: MonotonicTime) -> AcceptVerdict {
        switch mode {
        case .open: return .pass
        case .limited(_, let until):
            if now >= until { set(.open, at: now) }
            guard bucket?.take(at: now) != nil else { return .pass }
            return refusal(.rate, "too many connect at once")
        case .protected(let until):
            if now >= until {
                set(.open, at: now)
                return .pass
            }
            return refusal(.overload, "the server is overloaded and takes no new connections")
        }
    }

    private func refusal(_ reason: AcceptVerdict.Reason, _ message: String) -> AcceptVerdict {
        .refuse(
            status: 503, code: "overloaded", message: message + ": come back in a moment", reason: reason,
            retryAfterSeconds: 1 + Int(luck.next() % Self.spreadSeconds))
    }
}
