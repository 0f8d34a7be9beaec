import PluginAPI
import WebSocket

// Signs of life: when a connection is asked for one, and when it is given up.

extension Session {
    /// Looks again at when to ask for a sign of life: sooner while a room waits for this client.
    func watchOver() {
        guard isOpen, hasGreeted else { return }
        let waited = members.contains { member in
            member.seat.map { member.room.state.waiting?.seats.contains($0) ?? false } ?? false
        }
        if let link { return link.tell(isAwaited: waited) }
        let heartbeat = services.configuration.heartbeat
        let isWaited = waited || branches?.isAwaited ?? false
        let next = liveness.plan(waited: isWaited, lastReceived: outlet.lastReceived, as: heartbeat)
        if let next { outlet.wake(at: next) }
    }

    /// The time has come that the outlet was told.
    func woken() {
        if hasGreeted { checkLife() } else { close(.noHello) }
    }

    func silence(at now: MonotonicTime) -> Duration { now - outlet.lastReceived }

    /// Asks for a sign of life now, if it has not been asked already.
    func demandLife() {
        guard isOpen, hasGreeted, !isAsked else { return }
        askForLife()
    }

    private func checkLife() {
        guard isOpen else { return }
        orderGuests(.look)
        let heartbeat = services.configuration.heartbeat
        switch liveness.check(at: services.timeline.now, lastReceived: outlet.lastReceived, as: heartbeat) {
        case .wait: break
        case .sendPing: askForLife()
        case .drop: return giveUp()
        }
        watchOver()
    }

    /// It was asked for a sign of life and gave none.
    func giveUp() {
        guard isOpen else { return }
        services.middleware.stall(.unanswered(client))
        close(.heartbeat)
    }

    /// A connection that had been asked has spoken.
    func heardAgain() {
        orderGuests(.asked(nil))
        if let after = liveness.heard(at: services.timeline.exactNow) {
            services.middleware.recover(.answered(client, after: Elapsed(after)))
        }
    }

    private func askForLife() {
        let now = services.timeline.exactNow
        liveness.asked(at: now)
        orderGuests(.asked(now))
        services.asked.note(self)
        services.middleware.stall(.silent(client, for: Elapsed(now - outlet.lastReceived)))
        send(lines: [ServerMessage.ping(now: services.timeline.wallClock)])
    }

    /// Whether we still wait for the answer to a ping.
    var isAsked: Bool { isOpen && liveness.isAsked(lastReceived: outlet.lastReceived) }

    /// Whether a ping has been unanswered for so long that what is sent will hardly arrive.
    var isUnanswering: Bool {
        let heartbeat = services.configuration.heartbeat
        guard let link else {
            return liveness.isUnanswering(at: services.timeline.now, lastReceived: outlet.lastReceived, as: heartbeat)
        }
        let suspect = Duration.milliseconds(heartbeat.suspectMs)
        return link.askedAt.map { services.timeline.now - $0 > suspect } ?? false
    }
}
