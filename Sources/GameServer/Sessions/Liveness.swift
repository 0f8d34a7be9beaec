import WebSocket

/// When a session asks for a sign of life, and when it gives up; the deciding is the heartbeat's.
///
/// It keeps instants alone: what all connections have in common stands in the configuration, not in each of them.
struct Liveness: Sendable {
    /// When the ping that is still unanswered was sent; `.never` when there is none.
    private var pingedAt = MonotonicTime.never
    private var isWaited = false
    /// When the next look is due; `.never` when none is planned.
    private var nextLook = MonotonicTime.never
    /// When the ping left that no pong has answered; `.never` when none has.
    private var askedAt = MonotonicTime.never
    /// When we first asked since a message came; `.never` when we have not.
    private var unheardSince = MonotonicTime.never

    /// The same for another loop, which has to plan anew when to look.
    var carried: Liveness {
        var carried = self
        carried.nextLook = .never
        return carried
    }

    private func heartbeat(_ configuration: Configuration.Heartbeat) -> Heartbeat {
        Heartbeat(
            idle: .milliseconds(isWaited ? configuration.waitedMs : configuration.idleMs),
            answer: .milliseconds(configuration.answerMs), pingedAt: pingedAt == .never ? nil : pingedAt)
    }

    /// Plans the next look.
    ///
    /// - Returns: when to be woken for it; nil when an earlier look is planned, which will find a later one: traffic moves
    ///   it all the time.
    mutating func plan(
        waited isWaited: Bool, lastReceived: MonotonicTime, as configuration: Configuration.Heartbeat
    ) -> MonotonicTime? {
        self.isWaited = isWaited
        let next = heartbeat(configuration).nextDeadline(lastReceived: lastReceived)
        guard next < nextLook else { return nil }
        nextLook = next
        return next
    }

    mutating func check(
        at now: MonotonicTime, lastReceived: MonotonicTime, as configuration: Configuration.Heartbeat
    ) -> Heartbeat.Action {
        nextLook = .never
        var heartbeat = heartbeat(configuration)
        defer { pingedAt = heartbeat.pingedAt ?? .never }
        return heartbeat.timerFired(at: now, lastReceived: lastReceived)
    }

    mutating func asked(at now: MonotonicTime) {
        askedAt = now
        unheardSince = min(unheardSince, now)
    }

    /// Whether no message has come since we asked.
    var isUnheard: Bool { unheardSince != .never }

    /// A message came, whatever it says.
    ///
    /// - Returns: how long after we had asked for a sign of life; nil when we had not.
    mutating func heard(at now: MonotonicTime) -> Duration? {
        defer { unheardSince = .never }
        return isUnheard ? max(now - unheardSince, .zero) : nil
    }

    /// A pong came.
    ///
    /// - Returns: the round trip, if we had asked.
    mutating func answered(at now: MonotonicTime) -> Duration? {
        defer { askedAt = .never }
        return askedAt == .never ? nil : now - askedAt
    }

    /// Whether we asked and no byte has come since.
    func isAsked(lastReceived: MonotonicTime) -> Bool { askedAt != .never && lastReceived <= askedAt }

    /// Whether we asked a while ago and no byte has come since.
    func isUnanswering(
        at now: MonotonicTime, lastReceived: MonotonicTime, as configuration: Configuration.Heartbeat
    ) -> Bool {
        isAsked(lastReceived: lastReceived) && now - askedAt > .milliseconds(configuration.suspectMs)
    }
}
