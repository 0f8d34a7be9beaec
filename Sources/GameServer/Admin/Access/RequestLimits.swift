import WebSocket

/// How much each caller has asked for, and whether more is let through. Lives on the loop.
///
/// Callers with a token are counted by token, others by address. At most `maxCallers` are remembered; those whose usage
/// is restored are forgotten first. When every place is taken by somebody who is still paying, newcomers share one
/// place between them: an attack from more addresses than that slows strangers down, never those it knows.
struct RequestLimits {
    static let maxCallers = 20_000
    /// The table is swept at most this often.
    private static let sweepEvery = Duration.seconds(1)

    enum Caller: Hashable {
        case address(String)
        case token(String)
        /// Wrong tokens of an address.
        case failures(String)
        /// Those for whom there was no place.
        case strangers
    }

    struct Statistics: Sendable, Equatable {
        struct OfRoute: Sendable, Equatable {
            var accepted = 0
            var refused = 0
        }

        var accepted = 0
        var refused = 0
        var failuresRefused = 0
        var callers = 0
        var maxCallers = RequestLimits.maxCallers
        /// Requests counted in the place strangers share.
        var strangers = 0
        var routes: [String: OfRoute] = [:]
        var publicPerMinute = 0
        var operatorPerMinute = 0
        var failuresPerMinute = 0
    }

    private let open: RequestRate
    private let known: RequestRate
    private let failures: RequestRate
    private var usage: [Caller: RequestRate.Usage] = [:]
    private var sweptAt: MonotonicTime?
    private(set) var statistics = Statistics()

    init(publicPerMinute: Int, operatorPerMinute: Int, failuresPerMinute: Int) {
        open = RequestRate(limit: publicPerMinute)
        known = RequestRate(limit: operatorPerMinute)
        failures = RequestRate(limit: failuresPerMinute)
        statistics.publicPerMinute = publicPerMinute
        statistics.operatorPerMinute = operatorPerMinute
        statistics.failuresPerMinute = failuresPerMinute
    }

    /// Callers remembered now.
    var callers: Int { usage.count }

    /// Counts a request.
    mutating func take(_ requester: Requester?, address: String, route: String, at now: MonotonicTime)
        -> RequestRate.Verdict
    {
        let caller = requester.map { Caller.token($0.fingerprint) } ?? .address(address)
        let verdict = take(caller, requester == nil ? open : known, at: now)
        if verdict.isAccepted {
            statistics.accepted += 1
            statistics.routes[route, default: .init()].accepted += 1
        } else {
            statistics.refused += 1
            statistics.routes[route, default: .init()].refused += 1
        }
        return verdict
    }

    /// Whether an address may try a token at all: after too many wrong ones not even a right one is looked at.
    ///
    /// - Returns: nil when it may.
    mutating func lockout(of address: String, at now: MonotonicTime) -> RequestRate.Verdict? {
        guard let used = usage[.failures(address)] else { return nil }
        let verdict = failures.look(used, at: now)
        if verdict.isAccepted { return nil }
        statistics.failuresRefused += 1
        return verdict
    }

    /// Counts a wrong token.
    mutating func failed(_ address: String, at now: MonotonicTime) {
        _ = take(.failures(address), failures, at: now)
    }

    private mutating func take(_ caller: Caller, _ rate: RequestRate, at now: MonotonicTime) -> RequestRate.Verdict {
        let place = place(of: caller, at: now)
        if place == .strangers { statistics.strangers += 1 }
        return rate.take(&usage[place, default: .init()], at: now)
    }

    private mutating func place(of caller: Caller, at now: MonotonicTime) -> Caller {
        if usage[caller] != nil || usage.count < Self.maxCallers { return caller }
        if sweptAt.map({ now - $0 >= Self.sweepEvery }) ?? true {
            sweptAt = now
            usage = usage.filter { !$0.value.isRestored(at: now) }
        }
        return usage.count < Self.maxCallers ? caller : .strangers
    }
}
