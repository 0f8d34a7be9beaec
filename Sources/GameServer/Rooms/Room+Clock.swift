import PluginAPI
import WebSocket

// What happens in a room without anybody asking: timers, bots, ticks, grace times. One alarm per room.

extension Room {
    /// Sets the alarm for the next thing that is due.
    func rearm() {
        let now = services.timeline.now
        planBotMove(at: now)
        planTick(at: now)
        var next = nextDue
        if let sleepsAt, next.map({ sleepsAt < $0 }) ?? true { next = sleepsAt }
        guard next != alarm?.at else { return }
        alarm?.alarm.cancel()
        alarm = next.map { instant in
            (instant, services.timeline.alarm(at: instant) { [weak self] in self?.wake() })
        }
    }

    /// When the room has something to do by itself; nil when nothing is due before somebody asks.
    var nextDue: MonotonicTime? {
        var next = attendance.next?.at
        if !isCommitting {
            let moves = attendance.isPaused || services.isDraining ? [] : [timers.next?.due, botMove?.at, nextTick]
            for case let instant? in moves + [closesAt] where next.map({ instant < $0 }) ?? true { next = instant }
        } else if case .show? = attendance.next?.due {
            // Telling that somebody is away needs no record.
        } else {
            next = nil
        }
        if let hold = holdUntil, let planned = next { next = max(hold, planned) }
        return next
    }

    private func wake() {
        alarm = nil
        guard !isGone else { return }
        let now = services.timeline.now
        while !isCommitting, !isGone, serveOne(at: now) {}
        if isCommitting, case (.show(let seat), let at)? = attendance.next, at <= now {
            attendance.shown(seat)
            tellStatus()
        }
        if let sleepsAt, sleepsAt <= now, directory.sleep(self) { return }
        if !isGone { rearm() }
    }

    /// Serves the first thing that is due.
    ///
    /// - Returns: false when nothing is.
    private func serveOne(at now: MonotonicTime) -> Bool {
        beginStep()
        if let (due, at) = attendance.next, at <= now {
            serve(due, at: now)
            return true
        }
        if let closesAt, closesAt <= now {
            commit(state.closed(reason: state.status == .finished ? "finished" : "abandoned", context()))
            return true
        }
        guard !attendance.isPaused, !services.isDraining, holdUntil.map({ $0 <= now }) ?? true else { return false }
        if let (name, due) = timers.next, due <= now {
            fire(name)
            return true
        }
        if let move = botMove, move.at <= now {
            botMove = nil
            moveBot(move.seat)
            return true
        }
        if let tick = nextTick, tick <= now {
            nextTick = nil
            do {
                if let draft = try state.ticked(context()) { commit(draft) }
            } catch {
                fault(RoomFault("a tick", refused: error))
            }
            return true
        }
        return false
    }

    private func moveBot(_ seat: Seat) {
        do {
            if let draft = try state.botMoved(seat, context()) { return commit(draft) }
        } catch {
            fault(RoomFault("the move of the bot in seat \(seat.index)", refused: error))
        }
        idleBots.insert(seat)
    }

    private func serve(_ due: Attendance.Due, at now: MonotonicTime) {
        switch due {
        case .show(let seat):
            attendance.shown(seat)
            tellStatus()
        case .graceOver(let seat): graceOver(seat)
        case .pause where !state.isAnybodysRoom: commit(state.closed(reason: "abandoned", context()))
        case .pause:
            attendance.paused()
            timers.pause(at: now)
            botMove = nil
            nextTick = nil
            tellStatus()
        case .abandon: commit(state.closed(reason: "abandoned", context()))
        }
    }

    private func graceOver(_ seat: Seat) {
        do {
            switch (state.status, state.seats[seat.index].occupant) {
            case (.waiting, .human): commit(try state.expired(seat, connected: attendance.connected, context()))
            case (.playing, .human): commit(try state.dropped(seat, connected: attendance.connected, context()))
            default: attendance.graceServed(seat)
            }
        } catch {
            attendance.graceServed(seat)
            fault(RoomFault("the drop of seat \(seat.index)", refused: error))
        }
    }

    private func fire(_ name: String) {
        do {
            commit(try state.timerFired(name, context()))
        } catch {
            timers.drop(name)
            fault(RoomFault("timer \(name)", refused: error))
        }
    }

    /// The lowest seat that a bot plays and the game waits for moves after a while of thinking.
    private func planBotMove(at now: MonotonicTime) {
        guard botMove == nil, !isCommitting, !attendance.isPaused, state.status == .playing,
            let seat = state.waiting?.seats.first(where: {
                state.seats[$0.index].kind == .bot && !idleBots.contains($0)
            })
        else { return }
        let range = state.match.botDelay
        let span = max(0, (range.upperBound - range.lowerBound).milliseconds)
        let extra = span == 0 ? 0 : Int64(services.luck.next() % UInt64(span + 1))
        botMove = (seat, now + range.lowerBound + .milliseconds(extra))
    }

    private func planTick(at now: MonotonicTime) {
        guard let interval = state.match.manifest.tickInterval, state.status == .playing, !attendance.isPaused else {
            nextTick = nil
            return
        }
        // Late ticks coalesce: the next one is counted from now.
        if nextTick == nil { nextTick = now + interval }
    }
}

extension Room {
    /// Goes on after a restart: everybody is away, and nobody is replaced before they could return.
    func takeUp() {
        let rooms = services.configuration.rooms
        let now = services.timeline.now
        let floor = Duration.milliseconds(rooms.restartGraceMs)
        let kept = state.status == .finished ? services.lifetimes.finished : services.lifetimes.abandoned
        let since = services.timeline.wallClock - state.changed
        closesAt = now + max(kept - since, state.status == .finished ? .zero : floor)
        timers.restore(state.match.timers, at: now, wallClock: services.timeline.wallClock, grace: floor)
        for (index, seat) in state.seats.enumerated() where seat.occupant == .human {
            let grace: Duration? =
                switch state.status {
                case .waiting: max(.milliseconds(rooms.waitingGraceMs), floor)
                case .playing: seat.isToldDropped ? nil : max(.milliseconds(rooms.graceMs), floor)
                case .finished, .closed: nil
                }
            attendance.dropped(Seat(index), at: now, quiet: .zero, grace: grace)
            attendance.shown(Seat(index))
        }
        _ = refreshStatus()
    }
}
