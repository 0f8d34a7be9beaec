import PluginAPI
import WebSocket

/// Every room this loop knows: at work, asleep in the store, or gone.
final class RoomDirectory {
    private enum Entry {
        case awake(Room)
        case asleep(Sleeper)
        /// Being read from the store; whoever asked waits here.
        case waking(Sleeper, [(Result<Room, Rejection>) -> Void])
        /// What the store holds cannot be read; not tried again before this instant.
        case unreadable(Sleeper, until: MonotonicTime)

        var isAwake: Bool { if case .awake = self { true } else { false } }
    }

    /// A room that is in the store only.
    private struct Sleeper {
        let summary: RoomSummary
        /// Nil since a restart.
        var slumber: Slumber?
    }

    /// How long a room that could not be read is left alone.
    private static let unreadableFor = Duration.seconds(60)
    /// How long a room sleeps before it is tried again by itself, after the store could not give it.
    private static let wakeRetry = Duration.seconds(5)

    private let services: LoopServices
    private var entries: [RoomID: Entry] = [:]
    /// Every open room's id in order.
    private(set) var index = RoomIndex()
    private var gone = GoneRooms()
    private var lobby = Lobby()
    private var byCreator: [Digest: RoomID] = [:]
    /// One for each room at most, however often it could not be woken: the earliest.
    private var alarms: [RoomID: (at: MonotonicTime, alarm: Alarm)] = [:]
    /// Rooms that are in memory.
    private(set) var awakeRooms = 0

    init(services: LoopServices) {
        self.services = services
    }

    // MARK: Finding

    /// Rooms that are not closed.
    var openRooms: Int { entries.count }
    /// Closed rooms that are still remembered.
    var goneRooms: Int { gone.count }

    func count(in status: RoomSummary.Status) -> Int { lobby.count(in: status) }
    /// What there is of each game.
    var tallies: [String: Lobby.Tally] { lobby.tallies }
    var roomsAtWork: [Room] {
        entries.values.compactMap { if case .awake(let room) = $0 { room } else { nil } }
    }

    /// Hands over the room, reading it from the store first if it sleeps.
    func find(_ id: RoomID, then: @escaping (Result<Room, Rejection>) -> Void) {
        switch entries[id] {
        case .awake(let room): then(.success(room))
        case .waking(let sleeper, let waiting): put(id, .waking(sleeper, waiting + [then]))
        case .asleep(let sleeper): wake(sleeper, then)
        case .unreadable(let sleeper, let until):
            if services.timeline.now < until { return then(.failure(.unreadable)) }
            wake(sleeper, then)
        case nil: then(.failure(gone.contains(id, at: services.timeline.wallClock) ? .roomGone : .roomNotFound))
        }
    }

    /// The room if it is awake.
    subscript(id: RoomID) -> Room? {
        if case .awake(let room)? = entries[id] { room } else { nil }
    }

    /// The room whose creator chose this secret, for a `create` that is repeated.
    func room(createdWith secret: Digest) -> RoomID? { byCreator[secret] }

    /// Public rooms that wait or play, newest first.
    func list(game: String?, limit: Int) -> [RoomSummary] { lobby.newest(game: game, limit: limit) }

    /// A room as operators find it.
    enum Glimpse {
        case awake(Room)
        case asleep(RoomSummary)

        var game: String {
            switch self {
            case .awake(let room): room.state.game
            case .asleep(let summary): summary.game
            }
        }
    }

    /// Nil when there is no such room, or its first record is not stored yet.
    func glimpse(_ id: RoomID) -> Glimpse? {
        switch entries[id] {
        case .awake(let room): room.state.number == 0 ? nil : .awake(room)
        case .asleep(let sleeper), .waking(let sleeper, _), .unreadable(let sleeper, _): .asleep(sleeper.summary)
        case nil: nil
        }
    }

    func knows(_ id: RoomID) -> Bool { glimpse(id) != nil }
    func isGone(_ id: RoomID) -> Bool { gone.contains(id, at: services.timeline.wallClock) }

    // MARK: Opening

    /// A room that has decided its first record; it is found by others once that is stored.
    ///
    /// - Throws: `overloaded` at the ceiling of rooms.
    func open(_ state: RoomState) throws(Rejection) -> Room {
        let limit = services.configuration.rooms.maxRooms
        guard openRooms < limit else { throw .overloaded("\(limit) rooms are open", retryMs: 10_000) }
        let history = Resync(retentionEvents: services.configuration.rooms.retentionEvents)
        let room = Room(state, history: history, snapshotNumber: 0, services: services, directory: self)
        put(state.room, .awake(room))
        if let creator = state.creator { byCreator[creator] = state.room }
        return room
    }

    func freshID() -> RoomID {
        while true {
            let id = RoomID.random(using: &services.luck)
            if entries[id] == nil, !gone.contains(id, at: services.timeline.wallClock) { return id }
        }
    }

    /// A record of the room was stored.
    func changed(_ room: Room) {
        if let creator = room.state.creator, room.state.seatedCreator == nil { byCreator[creator] = nil }
        lobby.note(room.state.summary(lifetimes: services.lifetimes))
    }

    /// A room has left this loop.
    func vanished(_ room: Room, _ why: Disconnect) {
        let summary = room.state.summary(lifetimes: services.lifetimes)
        if why == .resync, room.state.number > 0 {
            put(room.id, .asleep(Sleeper(summary: summary)))
            return wakeLater(room.id, after: .seconds(1))
        }
        forget(room.id)
        cancelAlarm(of: room.id)
        lobby.forget(summary.room)
        if let creator = room.state.creator { byCreator[creator] = nil }
        if why == .roomClosed {
            let kept = Duration.milliseconds(services.configuration.rooms.goneMs)
            gone.add(room.id, until: room.state.changed + kept, now: services.timeline.wallClock)
        }
    }

    // MARK: Mending

    /// Compares a room with its history, and goes on with what that says; one that could not be read is read from
    /// above the damage.
    func rebuild(_ id: RoomID, then: @escaping (RebuildVerdict) -> Void) {
        switch entries[id] {
        case .awake(let room): room.rebuild(then: then)
        case .asleep:
            find(id) { [weak self] found in
                switch found {
                case .success(let room): room.rebuild(then: then)
                case .failure(.storeUnavailable): then(.unavailable)
                case .failure(let rejection):
                    // Read by no other way than from above the damage.
                    if let self, case .unreadable(let sleeper, _)? = entries[id] { return salvage(sleeper, then) }
                    then(.unreadable(rejection.refusal.message))
                }
            }
        case .unreadable(let sleeper, _): salvage(sleeper, then)
        case .waking: then(.unavailable)
        case nil: then(.unreadable("there is no such room"))
        }
    }

    private func salvage(_ sleeper: Sleeper, _ then: @escaping (RebuildVerdict) -> Void) {
        let id = sleeper.summary.room
        let started = services.timeline.now
        // Nothing but the snapshot can be believed, so nothing that was kept in memory is.
        put(id, .waking(Sleeper(summary: sleeper.summary), []))
        services.store.claim(id, from: .newestSnapshot) { [weak self] outcome in
            guard let self, case .waking(let sleeper, let waiting)? = entries[id] else { return then(.unavailable) }
            let result = taken(sleeper, outcome, started: started)
            for waiter in waiting { waiter(result) }
            switch result {
            case .success(let room):
                if !room.isGone { room.rearm() }
                then(.salvaged(at: room.state.sequence))
            case .failure(.storeUnavailable): then(.unavailable)
            case .failure(let rejection): then(.unreadable(rejection.refusal.message))
            }
        }
    }

    // MARK: Sleep

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

    private func wakeLater(_ id: RoomID, after delay: Duration) {
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

    private func put(_ id: RoomID, _ entry: Entry) {
        forget(id)
        if entry.isAwake { awakeRooms += 1 }
        entries[id] = entry
        index.insert(id)
    }

    private func forget(_ id: RoomID) {
        if entries.removeValue(forKey: id)?.isAwake ?? false { awakeRooms -= 1 }
        index.remove(id)
    }

    private func cancelAlarm(of id: RoomID) { alarms.removeValue(forKey: id)?.alarm.cancel() }

    private func wake(_ sleeper: Sleeper, _ then: @escaping (Result<Room, Rejection>) -> Void) {
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

    private func taken(
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
            forget(summary.room)
            lobby.forget(summary.room)
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
