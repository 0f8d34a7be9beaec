import WebSocket

/// When a session asks for a sign of life, and when it gives up; the deciding is the heartbeat's.
struct Liveness {
    private var heartbeat: Heartbeat
    private let idle: Duration
    private let waited: Duration
    private let suspectAfter: Duration
    /// When the next look is due; `.never` when none is planned.
    private var nextLook = MonotonicTime.never
    /// When the ping left that no pong has answered.
    private var askedAt: MonotonicTime?
    /// When we first asked since a message came.
    private var unheardSince: MonotonicTime?

    init(_ configuration: Configuration.Heartbeat) {
        idle = .milliseconds(configuration.idleMs)
        waited = .milliseconds(configuration.waitedMs)
        suspectAfter = .milliseconds(configuration.suspectMs)
        heartbeat = Heartbeat(idle: idle, answer: .milliseconds(configuration.answerMs))
    }

    /// Plans the next look.
    ///
    /// - Returns: when to be woken for it; nil when an earlier look is planned, which will find a later one: traffic moves
    ///   it all the time.
    mutating func plan(waited isWaited: Bool, lastReceived: MonotonicTime) -> MonotonicTime? {
        heartbeat.idle = isWaited ? waited : idle
        let next = heartbeat.nextDeadline(lastReceived: lastReceived)
        guard next < nextLook else { return nil }
        nextLook = next
        return next
    }

    mutating func check(at now: MonotonicTime, lastReceived: MonotonicTime) -> Heartbeat.Action {
        nextLook = .never
        return heartbeat.timerFired(at: now, lastReceived: lastReceived)
    }

    mutating func asked(at now: MonotonicTime) {
        askedAt = now
        unheardSince = unheardSince ?? now
    }

    /// Whether no message has come since we asked.
    var isUnheard: Bool { unheardSince != nil }

    /// A message came, whatever it says.
    ///
    /// - Returns: how long after we had asked for a sign of life; nil when we had not.
    mutating func heard(at now: MonotonicTime) -> Duration? {
        defer { unheardSince = nil }
        return unheardSince.map { max(now - $0, .zero) }
    }

    /// A pong came.
    ///
    /// - Returns: the round trip, if we had asked.
    mutating func answered(at now: MonotonicTime) -> Duration? {
        defer { askedAt = nil }
        return askedAt.map { now - $0 }
    }

    /// Whether we asked and no byte has come since.
    func isAsked(lastReceived: MonotonicTime) -> Bool { askedAt.map { lastReceived <= $0 } ?? false }

    /// Whether we asked a while ago and no byte has come since.
    func isUnanswering(at now: MonotonicTime, lastReceived: MonotonicTime) -> Bool {
        guard let askedAt, lastReceived <= askedAt else { return false }
        return now - askedAt > suspectAfter
    }
}
