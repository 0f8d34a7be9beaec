/// Decides when to ask a silent peer for a sign of life, and when to give it up. Any byte from the peer counts.
///
/// The owner calls `timerFired` when the time it was told has come, and does what the answer says.
public struct Heartbeat: Sendable {
    public enum Action: Equatable, Sendable {
        /// Nothing to do before this time.
        case wait(until: MonotonicTime)
        /// Send a ping now, and come back at this time.
        case sendPing(next: MonotonicTime)
        /// The last ping was not answered: the peer is gone.
        case drop
    }

    /// Silence after which a ping is sent. May be changed at any time; ask for `nextDeadline` then.
    public var idle: Duration
    /// How long after a ping a byte must have come.
    public var answer: Duration
    /// When the ping that is still unanswered was sent.
    public private(set) var pingedAt: MonotonicTime?

    /// - Parameter pingedAt: for an owner that keeps only this of a heartbeat between two looks.
    public init(idle: Duration = .seconds(15), answer: Duration = .seconds(10), pingedAt: MonotonicTime? = nil) {
        self.idle = idle
        self.answer = answer
        self.pingedAt = pingedAt
    }

    /// What is due now.
    ///
    /// - Parameter lastReceived: when the last byte came.
    public mutating func timerFired(at now: MonotonicTime, lastReceived: MonotonicTime) -> Action {
        if let pinged = pingedAt {
            if lastReceived <= pinged {
                let deadline = pinged + answer
                return now >= deadline ? .drop : .wait(until: deadline)
            }
            pingedAt = nil
        }
        let due = lastReceived + idle
        if now < due { return .wait(until: due) }
        pingedAt = now
        return .sendPing(next: now + answer)
    }

    /// When `timerFired` should next be called, for an owner that changed `idle`.
    public func nextDeadline(lastReceived: MonotonicTime) -> MonotonicTime {
        if let pinged = pingedAt, lastReceived <= pinged { return pinged + answer }
        return lastReceived + idle
    }
}
