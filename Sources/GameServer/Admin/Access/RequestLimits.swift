import WebSocket

/// How much each caller has asked for, and whether more is let through. Lives on the loop.
///
/// Callers with a token are counted by token, others by address: an attack from many addresses slows strangers down,
/// never those with a token. Wrong tokens are counted by address, and too many lock the address out for a time.
struct RequestLimits {
    /// Most addresses remembered, of those that ask and of those that tried wrong tokens.
    static let maxCallers = 20_000
    /// Refused changes a minute of one token that become lines of the audit trail. Above it they are only counted.
    static let notesPerMinute = 60

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
        /// Refused changes above `notesPerMinute`.
        var unnoted = 0
        var routes: [String: OfRoute] = [:]
        var publicPerMinute = 0
        var operatorPerMinute = 0
        var failuresPerMinute = 0
        var lockoutMilliseconds = 0
    }

    private let known: RequestRate
    private let lockout: Duration
    private var addresses: RequestTable
    private var failures: RequestTable
    /// By fingerprint: as many as there are tokens.
    private var tokens: [String: RequestRate.Usage] = [:]
    private let noting = RequestRate(limit: RequestLimits.notesPerMinute, burst: 1)
    /// By fingerprint: as many as there are tokens.
    private var notes: [String: RequestRate.Usage] = [:]
    private(set) var statistics = Statistics()

    init(publicPerMinute: Int, operatorPerMinute: Int, failuresPerMinute: Int, lockout: Duration) {
        known = RequestRate(limit: operatorPerMinute)
        addresses = RequestTable(RequestRate(limit: publicPerMinute), capacity: Self.maxCallers)
        failures = RequestTable(RequestRate(limit: failuresPerMinute), capacity: Self.maxCallers)
        self.lockout = lockout
        statistics.publicPerMinute = publicPerMinute
        statistics.operatorPerMinute = operatorPerMinute
        statistics.failuresPerMinute = failuresPerMinute
        statistics.lockoutMilliseconds = Int(lockout.milliseconds)
    }

    /// Callers remembered now.
    var callers: Int { addresses.count + tokens.count }

    /// Counts a request.
    mutating func take(_ requester: Requester?, address: String, route: String, at now: MonotonicTime)
        -> RequestRate.Verdict
    {
        let verdict: RequestRate.Verdict
        if let requester {
            verdict = known.take(&tokens[requester.fingerprint, default: .init()], at: now)
        } else {
            verdict = addresses.take(address, at: now)
            statistics.strangers = addresses.shared
        }
        if verdict.isAccepted {
            statistics.accepted += 1
            statistics.routes[route, default: .init()].accepted += 1
        } else {
            statistics.refused += 1
            statistics.routes[route, default: .init()].refused += 1
        }
        return verdict
    }

    /// Whether a change that was refused a token is to be noted; counts it either way.
    mutating func admitsNote(of requester: Requester, at now: MonotonicTime) -> Bool {
        let isAccepted = noting.take(&notes[requester.fingerprint, default: .init()], at: now).isAccepted
        if !isAccepted { statistics.unnoted += 1 }
        return isAccepted
    }

    /// Whether an address may try a token at all: after too many wrong ones not even a right one is looked at.
    ///
    /// - Returns: nil when it may.
    mutating func lockout(of address: String, at now: MonotonicTime) -> RequestRate.Verdict? {
        let verdict = failures.look(address, at: now)
        if verdict.isAccepted { return nil }
        statistics.failuresRefused += 1
        return verdict
    }

    /// Counts a wrong token.
    mutating func failed(_ address: String, at now: MonotonicTime) {
        let verdict = failures.take(address, at: now)
        if verdict.remaining == 0 { failures.lock(address, for: lockout, at: now) }
    }
}

/// What addresses have used of one rate.
///
/// Those whose usage is restored are forgotten first. When every place is taken by somebody who is still paying,
/// newcomers share one place between them.
struct RequestTable {
    /// The table is swept at most this often.
    private static let sweepEvery = Duration.seconds(1)

    private let rate: RequestRate
    private let capacity: Int
    private var usage: [String: RequestRate.Usage] = [:]
    private var strangers = RequestRate.Usage()
    private var sweptAt: MonotonicTime?
    /// Requests counted in the place strangers share.
    private(set) var shared = 0

    init(_ rate: RequestRate, capacity: Int) {
        self.rate = rate
        self.capacity = capacity
    }

    var count: Int { usage.count }

    mutating func take(_ address: String, at now: MonotonicTime) -> RequestRate.Verdict {
        guard hasPlace(for: address, at: now) else {
            shared += 1
            return rate.take(&strangers, at: now)
        }
        return rate.take(&usage[address, default: .init()], at: now)
    }

    /// What an address without a place of its own has used is not known: it is not told what others did.
    func look(_ address: String, at now: MonotonicTime) -> RequestRate.Verdict {
        rate.look(usage[address] ?? .init(), at: now)
    }

    /// Lets nothing through for so long. Who has no place of its own is not locked: it would be everybody else as well.
    mutating func lock(_ address: String, for time: Duration, at now: MonotonicTime) {
        guard usage[address] != nil else { return }
        rate.lock(&usage[address, default: .init()], for: time, at: now)
    }

    private mutating func hasPlace(for address: String, at now: MonotonicTime) -> Bool {
        if usage[address] != nil || usage.count < capacity { return true }
        if sweptAt.map({ now - $0 >= Self.sweepEvery }) ?? true {
            sweptAt = now
            usage = usage.filter { !$0.value.isRestored(at: now) }
        }
        return usage.count < capacity
    }
}
