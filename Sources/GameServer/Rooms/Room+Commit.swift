import PluginAPI
import WebSocket

// Deciding and committing: one record on its way, and everybody told when it is durable.

extension Room {
    func context() -> StepContext {
        // A fixed shuffle depends on what has happened in the game, not on who came and went before.
        let key =
            state.seed.map { GameRandom.Key.seeded($0, step: UInt64(state.sequence)) } ?? .fresh(using: &services.luck)
        // Later than the last record even when the wall clock was set back, so that a timer armed anew is another one.
        // A room was created when its first record says so.
        let at =
            state.number == 0
            ? state.created : max(services.timeline.wallClock, state.changed + .milliseconds(1))
        return StepContext(at: at, key: key)
    }

    /// Sends a draft to the store. Nothing of it is seen before the answer.
    func commit(_ draft: Draft, then completion: Completion = .nothing) {
        precondition(inFlight == nil, "one append in flight per room")
        let append = draft.append(lifetimes: services.lifetimes)
        let now = services.timeline.exactNow
        inFlight = InFlight(
            draft: draft, append: append, then: completion, arrived: stepArrived, began: stepBegan ?? now, started: now)
        stepBegan = nil
        send(append)
    }

    func send(_ append: Append) {
        services.store.append(append) { [weak self] outcome, at in self?.appended(outcome, at: at) }
    }

    func appended(_ outcome: AppendOutcome, at known: MonotonicTime) {
        guard let done = inFlight, !isGone else { return }
        services.middleware.commit(fact(of: done, outcome, known))
        noteStore(outcome)
        switch outcome {
        case .unknown,
            .unavailable where done.isUnknown:
            // Frozen: the identical append again until the store knows. Not written now says nothing of before.
            inFlight?.isUnknown = true
            let again = services.timeline.now + .milliseconds(200)
            _ = services.timeline.alarm(at: again) { [weak self] in self?.send(done.append) }
            return
        case .committed:
            inFlight = nil
            if done.append.eventCount > 0 { commitTimes.note(done.append.lastSequence, at: known) }
            accept(done.draft, done.then, durable: known, arrived: done.arrived)
            checkpointIfDue()
        case .unavailable:
            inFlight = nil
            holdUntil = services.timeline.now + .seconds(1)
            refuse(done.then, .storeUnavailable)
            if state.number == 0 { return vanish(.internal) }
        case .conflict(let head):
            fault(RoomFault(.log, "record \(done.append.number) met a head of \(head): reading it again"))
            return vanish(.resync)
        case .fenced:
            return vanish(.moved)
        }
        if !isGone, let next = afterCommit {
            afterCommit = nil
            isFrozen = true
            return next()
        }
        takeQueued()
        if !isGone { rearm() }
    }

    /// Freezes the room as soon as no record is on its way, and calls `body`, which ends it with `thaw`.
    ///
    /// - Returns: false when it is frozen already; then nothing is called.
    func whenSettled(_ body: @escaping () -> Void) -> Bool {
        guard afterCommit == nil, !isFrozen else { return false }
        if inFlight != nil {
            afterCommit = body
        } else {
            isFrozen = true
            body()
        }
        return true
    }

    /// Goes on with what waited.
    func thaw() {
        isFrozen = false
        guard !isGone else { return }
        takeQueued()
        if !isGone { rearm() }
    }

    func fact(of done: InFlight, _ outcome: AppendOutcome, _ known: MonotonicTime) -> Commit {
        Commit(
            room: id, game: state.game, record: done.append.number, sequence: done.append.lastSequence,
            events: done.append.eventCount, bytes: done.append.payload.count, cause: done.draft.record.cause.word,
            outcome: outcome.word, turn: outcome == .committed ? done.draft.turn : .none,
            queued: done.arrived.map { Elapsed(from: $0, to: done.began) } ?? .zero,
            decided: Elapsed(from: done.began, to: done.started), stored: Elapsed(from: done.started, to: known))
    }

    /// Keeps what health says of the store, and tells the room when its commands stop and go on being stored.
    func noteStore(_ outcome: AppendOutcome) {
        let now = services.timeline.now
        switch outcome {
        case .unavailable: services.storeTrouble.failed(at: now)
        case .unknown: services.storeTrouble.froze(id)
        case .committed: services.storeTrouble.succeeded()
        case .conflict, .fenced: break
        }
        if outcome != .unknown, inFlight?.isUnknown != true || outcome != .unavailable {
            services.storeTrouble.settled(id)
        }
        let isHeld = outcome == .unavailable || outcome == .unknown
        guard isHeld != isHeldByStore, isHeld || outcome == .committed else { return }
        isHeldByStore = isHeld
        if isHeld {
            services.middleware.stall(.store(id, game: state.game))
        } else {
            services.middleware.recover(.store(id, game: state.game))
        }
        notify(
            isHeld ? .storeTrouble : .recovered,
            isHeld ? "commands cannot be stored at the moment" : "commands are stored again")
    }

    /// The record is durable: the draft is the truth now, and everybody may know.
    func accept(
        _ draft: Draft, _ completion: Completion, durable: MonotonicTime, arrived: MonotonicTime?
    ) {
        let before = state
        let now = services.timeline.now
        state = draft.state
        let events = draft.outcome?.rendered(for: state.viewers) ?? []
        resync.append(events, at: draft.record.at)
        count(draft)
        follow(draft, from: before, completion, at: now)
        directory.changed(self)
        let told = tell(events, at: draft.record.at, completion)
        if !events.isEmpty {
            delivered(told, events.count, upTo: draft.state.sequence, durable: durable, arrived: arrived)
        }
        complete(completion)
        if let waiting = state.waiting, waiting.seats != before.waiting?.seats {
            for member in members where member.seat.map(waiting.seats.contains) ?? false { member.session.watchOver() }
        }
        evictStrangers()
        if state.isClosed { vanish(.roomClosed) }
    }

    /// What the game counted in a step counts now that the step is stored, and never again: replay counts nothing.
    func count(_ draft: Draft) {
        guard let sink = services.domainMetrics, let game, let observations = draft.outcome?.observations,
            !observations.isEmpty
        else { return }
        sink.observed(observations, ofGame: game)
    }

    /// Brings what is not stored in line with what is: timers, attendance, the bot's move.
    func follow(
        _ draft: Draft, from before: RoomState, _ completion: Completion, at now: MonotonicTime
    ) {
        switch completion {
        case .return(_, let seat), .seat(_, let seat): arrived(seat)
        case .created: arrived(0)
        case .nothing, .answer, .leave: break
        }
        timers.follow(state.match.timers, at: now)
        for (index, seat) in state.seats.enumerated()
        where seat.occupant != .human && before.seats[index].occupant == .human {
            attendance.vacated(Seat(index), at: now)
        }
        if before.status != state.status {
            if state.status == .playing {
                attendance.restartGrace(at: now, .milliseconds(services.configuration.rooms.graceMs))
            } else if state.status == .finished {
                attendance.endGrace()
                closesAt = now + .milliseconds(services.configuration.rooms.finishedMs)
            }
        }
        if case .presence(let seat, .dropped) = draft.record.cause { attendance.graceServed(seat) }
        botMove = nil
        idleBots = []
        holdUntil = nil
    }

    /// Somebody is at the table: what was paused goes on.
    func arrived(_ seat: Seat) {
        if attendance.isPaused {
            timers.resume(state.match.timers, at: services.timeline.now, wallClock: state.changed)
        }
        if state.status != .finished { closesAt = nil }
        attendance.arrived(seat)
    }

    func checkpointIfDue() {
        let every = services.configuration.rooms.snapshotEveryRecords
        guard !isGone, state.number - snapshotNumber >= every else { return }
        checkpoint()
    }

    func checkpoint() {
        let (number, before) = (state.number, snapshotNumber)
        // Not asked for again meanwhile.
        snapshotNumber = number
        do {
            services.store.checkpoint(id, term: state.term, try state.snapshot()) { [weak self] outcome in
                guard let self, outcome == .unavailable, snapshotNumber == number else { return }
                snapshotNumber = before
            }
        } catch {
            fault(RoomFault(.exception, "no snapshot at record \(number): \(error.message)"))
        }
    }

    /// Leaves the loop until somebody touches it or its next instant comes. Only for a room that can sleep.
    func fallAsleep() -> Slumber {
        precondition(canSleep, "a room sleeps when nothing is on its way")
        if state.number > snapshotNumber { checkpoint() }
        isGone = true
        alarm?.alarm.cancel()
        alarm = nil
        return Slumber(
            digest: state.digest, attendance: attendance, timers: timers, status: status, rev: rev, idleBots: idleBots,
            closesAt: closesAt, snapshotNumber: snapshotNumber, distrustedUpTo: distrustedUpTo, wakesAt: nextDue)
    }
}
