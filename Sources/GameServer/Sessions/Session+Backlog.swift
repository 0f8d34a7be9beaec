import PluginAPI
import WebSocket

// Slow readers: what they do not take is held back, and replaced by one view when they read again.

extension Session {
    var isLagging: Bool { backlog.isLagging }

    /// Keeps an answer until the client has caught up: it must not overtake the snapshot before it.
    func hold(_ answer: [UInt8]) {
        if !backlog.hold(answer) { close(.slow) }
    }

    func noteBacklog() {
        // Whether its reader is slow, a guest is told.
        guard link == nil else { return }
        let limit = services.configuration.slow.laggingBytes
        // A turn may have much to say to somebody who reads well: what the system takes at once does not wait.
        if outlet.unsentBytes > limit { outlet.flush() }
        if outlet.refusedBytes > 0 {
            if backlog.since == nil { services.backlogged.note(self) }
            backlog.queued(at: services.timeline.now)
        }
        if isOpen, outlet.unsentBytes > limit { fallBehind() }
    }

    /// From now on nothing is queued but answers; a snapshot follows when the reader has caught up.
    func fallBehind() {
        guard !backlog.isLagging else { return }
        let by = services.timeline.now + .milliseconds(services.configuration.slow.laggingMs)
        // Before anybody is told: a guest that cannot be told ends the connection, which sends, which looks here again.
        backlog.fellBehind(services.timeline.alarm(at: by) { [weak self] in self?.close(.slow) })
        guard link == nil else { return }
        services.middleware.lag(Lag(client: client, phase: .began, unsentBytes: outlet.unsentBytes))
        orderGuests(.fallBehind)
    }

    var unsentBytes: Int { outlet.unsentBytes }

    /// The kernel takes no more for it.
    var isHeldUp: Bool { backlog.since != nil }

    func pendingFor(at now: MonotonicTime) -> Duration { backlog.since.map { now - $0 } ?? .zero }

    /// Messages that have waited for the reader for a second or more, and the events it will get as a snapshot.
    func pendingMessages(at now: MonotonicTime) -> Int {
        guard pendingFor(at: now) >= .seconds(1) else { return 0 }
        let skipped = isLagging ? members.reduce(0) { $0 + $1.room.state.sequence - $1.sent } : 0
        return backlog.waiting + backlog.heldAnswers + skipped
    }

    /// Takes back the broadcasts that wait for the reader, and owes it one snapshot of each room instead. Where nothing
    /// can be taken back, nothing changes; nor for one with rooms on other loops, from where more may be on its way.
    ///
    /// - Returns: how many messages were taken back.
    func collapse() -> Int {
        guard isOpen, hasGreeted, branches == nil else { return 0 }
        let taken = outlet.takeBackBroadcasts()
        guard taken.messages > 0 else { return 0 }
        traffic.tookBack(taken)
        services.traffic.tookBack(taken)
        for member in members { member.owesSnapshot() }
        backlog.taken(taken.messages)
        fallBehind()
        return taken.messages
    }
}
