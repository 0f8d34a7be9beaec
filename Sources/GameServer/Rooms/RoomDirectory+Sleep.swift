import PluginAPI
import WebSocket

// Rooms that leave the memory, and come back when somebody touches them or something is due.

extension RoomDirectory {
    /// How long a room that could not be read is left alone.
    private static let unreadableFor = Duration.seconds(60)
    /// How long a room sleeps before it is tried again by itself, after the store could not give it.
    private static let wakeRetry = Duration.seconds(5)

    /// Lets go of a room until somebody touches it or its next instant comes.
    ///
    /// - Returns: false when it has something to do.
    func sleep(_ room: Room) -> Bool {
        guard self[room.id] === room, room.canSleep else { return false }
        let slumber = room.fallAsleep()
        put(room.id, .asleep(Sleeper(summary: room.state.summary(lifetimes: services.lifetimes), slumber: slumber)))
        if let wakesAt = slumber.wakesAt { wakeLater(room.id, at: wakesAt) }
        return true
    }

    /// Rooms that could sleep for so long, those first that nobody has been in for longest.
    func idleRooms(for span: Duration) -> [RoomID] {
        let now = services.timeline.now
        return roomsAtWork.filter { $0.canSleep(for: span) }
            .sorted { ($0.idleSince ?? now, $0.id.raw) < ($1.idleSince ?? now, $1.id.raw) }
            .map(\.id)
    }

    // MARK: Restart

    /// Takes over what the store knows. Rooms sleep until somebody touches them or their next deadline comes.
    func restore(_ summaries: [RoomSummary]) {
        let kept = Duration.milliseconds(services.configuration.rooms.goneMs)
        for summary in summaries.sorted(by: { $0.changed < $1.changed }) {
            if summary.status == .closed {
                gone.add(summary.room, until: summary.changed + kept, now: services.timeline.wallClock)
                continue
            }
            put(summary.room, .asleep(Sleeper(summary: summary)))
            if let creator = summary.creator.flatMap(Digest.init(hexadecimal:)) { byCreator[creator] = summary.room }
            lobby.note(summary)
        }
        wakeInTurn(summaries.filter { $0.status != .closed })
    }

    /// Wakes rooms at their deadlines, a few at a time, so that players who return are served in between.
    private func wakeInTurn(_ summaries: [RoomSummary]) {
        let wallClock = services.timeline.wallClock
        var due = summaries.compactMap { summary in
            summary.nextDeadline.map { (room: summary.room, after: max($0 - wallClock, .zero)) }
        }
        due.sort { $0.after < $1.after }
        for (index, item) in due.enumerated() {
            wakeLater(item.room, after: max(item.after, .milliseconds(2 * index)))
        }
    }

    // MARK: Waking

    func wakeLater(_ id: RoomID, after delay: Duration) {
        wakeLater(id, at: services.timeline.now + delay)
    }

    private func wakeLater(_ id: RoomID, at instant: MonotonicTime) {
        if let known = alarms[id] {
            guard instant < known.at else { return }
            known.alarm.cancel()
        }
        let alarm = services.timeline.alarm(at: instant) { [weak self] in
            guard let self else { return }
            alarms[id] = nil
            switch entries[id] {
            case .asleep, .unreadable: find(id) { _ in }
            case .awake, .waking, nil: break
            }
        }
        alarms[id] = (instant, alarm)
    }

    func wake(_ sleeper: Sleeper, _ then: @escaping (Result<Room, Rejection>) -> Void) {
        let summary = sleeper.summary
        put(summary.room, .waking(sleeper, [then]))
        let started = services.timeline.now
        let retained = services.configuration.rooms.retentionEvents
        services.store.claim(summary.room, retaining: retained) { [weak self] outcome in
            self?.claimed(summary.room, outcome, started: started)
        }
    }

    private func claimed(_ id: RoomID, _ outcome: ClaimOutcome, started: MonotonicTime) {
        guard case .waking(let sleeper, let waiting)? = entries[id] else { return }
        let result = taken(sleeper, outcome, started: started)
        for then in waiting { then(result) }
        if case .success(let room) = result, !room.isGone { room.rearm() }
    }

    func taken(
        _ sleeper: Sleeper, _ outcome: ClaimOutcome, started: MonotonicTime
    ) -> Result<Room, Rejection> {
        let summary = sleeper.summary
        switch outcome {
        case .claimed(let claim):
            do {
                let room = try restored(sleeper, claim)
                put(summary.room, .awake(room))
                cancelAlarm(of: summary.room)
                services.middleware.recover(
                    .restored(
                        summary.room, game: summary.game, records: claim.records.count,
                        took: Elapsed(from: started, to: services.timeline.now)))
                return .success(room)
            } catch {
                services.middleware.stall(.unreadable(summary.room, game: summary.game, error.message))
                put(summary.room, .unreadable(sleeper, until: services.timeline.now + Self.unreadableFor))
                return .failure(.unreadable)
            }
        case .damaged:
            services.middleware.stall(
                .unreadable(summary.room, game: summary.game, "no snapshot has whole records above it"))
            put(summary.room, .unreadable(sleeper, until: services.timeline.now + Self.unreadableFor))
            return .failure(.unreadable)
        case .notFound:
            drop(summary.room, createdWith: summary.creator.flatMap(Digest.init(hexadecimal:)))
            services.middleware.recover(.vanished(summary.room, game: summary.game))
            return .failure(.roomNotFound)
        case .unavailable:
            services.storeTrouble.failed(at: services.timeline.now)
            put(summary.room, .asleep(sleeper))
            wakeLater(summary.room, after: Self.wakeRetry)
            return .failure(.storeUnavailable)
        }
    }

    private func restored(_ sleeper: Sleeper, _ claim: Claim) throws(StoredFormError) -> Room {
        var state = try RoomState.restored(sleeper.summary.room, from: claim, games: services.games)
        var history = Resync(retentionEvents: services.configuration.rooms.retentionEvents)
        for stored in claim.records {
            let (events, at) = try state.fold(stored)
            history.append(events, at: at)
        }
        let stored = max(claim.snapshot?.number ?? 0, sleeper.slumber?.snapshotNumber ?? 0)
        let room = Room(state, history: history, snapshotNumber: stored, services: services, directory: self)
        if let slumber = sleeper.slumber, room.takeUp(slumber) { return room }
        room.takeUp()
        return room
    }
}
