/// How many of a session's commands wait for rooms, and whether it is read meanwhile.
struct Flow {
    private var waiting: Int32 = 0
    /// As many wait as may, and too few have been taken since.
    private(set) var isCrowded = false
    fileprivate(set) var isHeld = false

    /// - Parameter limit: most that may wait before the client is held back.
    mutating func queued(limit: Int) {
        waiting += 1
        if waiting >= limit { isCrowded = true }
    }

    /// Half of them have to go before the client is let on, so that it does not stop and go with each.
    mutating func taken(limit: Int) {
        waiting -= 1
        if waiting <= limit / 2 { isCrowded = false }
    }
}

extension Session {
    /// A command of this client has to wait for its room.
    func commandQueued() {
        flow.queued(limit: services.configuration.limits.waitingCommands)
        settleReading()
    }

    /// One that waited has been taken, or refused.
    func commandTaken() {
        flow.taken(limit: services.configuration.limits.waitingCommands)
        settleReading()
    }

    /// Reads the client, or does not: while rooms or the store do not keep up, what it sends is left in the kernel, which
    /// lets it send no more.
    func settleReading() {
        let isHeld = flow.isCrowded || branches?.isCrowded ?? false
        guard isOpen, isHeld != flow.isHeld else { return }
        flow.isHeld = isHeld
        if isHeld { outlet.pauseReading() } else { outlet.resumeReading() }
        if isHeld, link == nil { services.observer.readingPaused() }
    }
}
