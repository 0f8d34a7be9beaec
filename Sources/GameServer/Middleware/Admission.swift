import PluginAPI
import Synchronization
import WebSocket

/// Who is let in: everybody, so many a second, or nobody new. Lives on the loop; recovery procedures change it.
///
/// Each way of holding back is a slot of its own, so that no procedure ends or weakens what another began; the strictest
/// decides. Each ends by itself unless it is asked for again, for when nobody is left who could end it.
///
/// The rules are one for all loops, which share them; only the luck is each loop's own.
final class Admission {
    /// The strictest that holds at an instant.
    enum Mode: Equatable, Sendable {
        case open
        /// At most so many new connections a second, until then.
        case limited(perSecond: Int, until: MonotonicTime)
        /// No new connections and no new rooms, until then; games that run go on.
        case protected(until: MonotonicTime)
    }

    /// What holds on all loops; looked at once for each connection and each new room.
    final class Rules: Sendable {
        fileprivate struct Limit {
            let perSecond: Int
            var until: MonotonicTime
            let rate: TokenBucket.Rate
            var bucket = TokenBucket()
        }

        fileprivate struct State {
            var limited: Limit?
            var protectedUntil: MonotonicTime?

            func mode(at now: MonotonicTime) -> Mode {
                if let until = protectedUntil, now < until { return .protected(until: until) }
                if let limited, now < limited.until {
                    return .limited(perSecond: limited.perSecond, until: limited.until)
                }
                return .open
            }

            mutating func takesOne(at now: MonotonicTime) -> Bool {
                guard let rate = limited?.rate else { return true }
                return limited?.bucket.take(of: rate, at: now) == nil
            }
        }

        fileprivate let state = Mutex(State())
    }

    /// Seconds over which refused clients are asked to spread their next try.
    private static let spreadSeconds: UInt64 = 10

    private let rules: Rules
    private var luck: Luck

    init(luck: Luck, rules: Rules = Rules()) {
        self.luck = luck
        self.rules = rules
    }

    /// Asked again with the same rate it only lasts longer: that is no new burst.
    func limit(perSecond: Int, until: MonotonicTime, at now: MonotonicTime) {
        rules.state.withLock { state in
            if let limited = state.limited, limited.perSecond == perSecond, now < limited.until {
                state.limited?.until = until
            } else {
                let rate = TokenBucket.Rate(perSecond: perSecond, burst: perSecond)
                state.limited = Rules.Limit(perSecond: perSecond, until: until, rate: rate)
            }
        }
    }

    func protect(until: MonotonicTime) { rules.state.withLock { $0.protectedUntil = until } }

    func endLimit() { rules.state.withLock { $0.limited = nil } }
    func endProtection() { rules.state.withLock { $0.protectedUntil = nil } }

    func mode(at now: MonotonicTime) -> Mode { rules.state.withLock { $0.mode(at: now) } }

    /// Whether rooms may be opened.
    func takesRooms(at now: MonotonicTime) -> Bool {
        if case .protected = mode(at: now) { false } else { true }
    }

    func verdict(at now: MonotonicTime) -> AcceptVerdict {
        let (mode, isTaken) = rules.state.withLock { state -> (Mode, Bool) in
            let mode = state.mode(at: now)
            guard case .limited = mode else { return (mode, true) }
            return (mode, state.takesOne(at: now))
        }
        return switch mode {
        case .open: .pass
        case .limited: isTaken ? .pass : refusal(.rate, "too many connect at once")
        case .protected: refusal(.overload, "the server is overloaded and takes no new connections")
        }
    }

    private func refusal(_ reason: AcceptVerdict.Reason, _ message: String) -> AcceptVerdict {
        .refuse(
            status: 503, code: "overloaded", message: message + ": come back in a moment", reason: reason,
            retryAfterSeconds: 1 + Int(luck.next() % Self.spreadSeconds))
    }
}
