import PluginAPI
import WebSocket

/// Every room this loop knows: at work, asleep in the store, or gone.
final class RoomDirectory {
    private enum Entry {
        case awake(Room)
        case asleep(RoomSummary)
        /// Being read from the store; whoever asked waits here.
        case waking(RoomSummary, [(Result<Room, Rejection>) -> Void])
        /// What the store holds cannot be read; not tried again before this instant.
        case unreadable(RoomSummary, until: MonotonicTime)
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
    private var wakingLater: Set<RoomID> = []

    init(services: LoopServices) {
        self.services = services
    }

    // MARK: Finding

    /// Rooms that are not closed.
    var openRooms: Int { entries.count }
    /// Closed rooms that are still remembered.
    var goneRooms: Int { gone.count }

    func count(in status: RoomSummary.Status) -> Int { lobby.count(in: status) }

    /// Hands over the room, reading it from the store first if it sleeps.
    func find(_ id: RoomID, then: @escaping (Result<Room, Rejection>) -> Void) {
        switch entries[id] {
        case .awake(let room): then(.success(room))
        case .waking(let summary, let waiting): entries[id] = .waking(summary, waiting + [then])
        case .asleep(let summary): wake(summary, then)
        case .unreadable(let summary, let until):
            if services.timeline.now < until { return then(.failure(.unreadable)) }
            wake(summary, then)
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
    }

    /// Nil when there is no such room, or its first record is not stored yet.
    func glimpse(_ id: RoomID) -> Glimpse? {
        switch entries[id] {
        case .awake(let room): room.state.number == 0 ? nil : .awake(room)
        case .asleep(let summary), .waking(let summary, _), .unreadable(let summary, _): .asleep(summary)
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
        entries[state.room] = .awake(room)
        index.insert(state.room)
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
        if room.state.number == 1 { services.observer.roomOpened(room.id) }
        if let creator = room.state.creator, room.state.seatedCreator == nil { byCreator[creator] = nil }
        lobby.note(room.state.summary(lifetimes: services.lifetimes))
    }

    /// A room has left this loop.
    func vanished(_ room: Room, _ why: Disconnect) {
        let summary = room.state.summary(lifetimes: services.lifetimes)
        if why == .resync, room.state.number > 0 {
            entries[room.id] = .asleep(summary)
            return wakeLater(room.id, after: .seconds(1))
        }
        entries[room.id] = nil
        index.remove(room.id)
        lobby.forget(summary.room)
        if let creator = room.state.creator { byCreator[creator] = nil }
        if why == .roomClosed {
            let kept = Duration.milliseconds(services.configuration.rooms.goneMs)
            gone.add(room.id, until: room.state.changed + kept, now: services.timeline.wallClock)
            services.observer.roomClosed(room.id)
        }
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
            entries[summary.room] = .asleep(summary)
            index.insert(summary.room)
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

    /// One alarm for each room at most, however often it could not be woken.
    private func wakeLater(_ id: RoomID, after delay: Duration) {
        guard wakingLater.insert(id).inserted else { return }
        _ = services.timeline.alarm(at: services.timeline.now + delay) { [weak self] in
            guard let self else { return }
            wakingLater.remove(id)
            switch entries[id] {
            case .asleep, .unreadable: find(id) { _ in }
            case .awake, .waking, nil: break
            }
        }
    }

    private func wake(_ summary: RoomSummary, _ then: @escaping (Result<Room, Rejection>) -> Void) {
        entries[summary.room] = .waking(summary, [then])
        let started = services.timeline.now
        let retained = services.configuration.rooms.retentionEvents
        services.store.claim(summary.room, retaining: retained) { [weak self] outcome in
            self?.claimed(summary, outcome, started: started)
        }
    }

    private func claimed(_ summary: RoomSummary, _ outcome: ClaimOutcome, started: MonotonicTime) {
        guard case .waking(_, let waiting)? = entries[summary.room] else { return }
        let result = taken(summary, outcome, started: started)
        for then in waiting { then(result) }
        if case .success(let room) = result, !room.isGone { room.rearm() }
    }

    private func taken(
        _ summary: RoomSummary, _ outcome: ClaimOutcome, started: MonotonicTime
    ) -> Result<Room, Rejection> {
        switch outcome {
        case .claimed(let claim):
            do {
                let room = try restored(summary.room, claim)
                entries[summary.room] = .awake(room)
                services.observer.roomRestored(
                    summary.room, records: claim.records.count, took: services.timeline.now - started)
                return .success(room)
            } catch {
                services.observer.roomFault(summary.room, error.message)
                entries[summary.room] = .unreadable(summary, until: services.timeline.now + Self.unreadableFor)
                return .failure(.unreadable)
            }
        case .notFound:
            entries[summary.room] = nil
            index.remove(summary.room)
            lobby.forget(summary.room)
            return .failure(.roomNotFound)
        case .unavailable:
            services.storeTrouble.failed(at: services.timeline.now)
            entries[summary.room] = .asleep(summary)
            wakeLater(summary.room, after: Self.wakeRetry)
            return .failure(.storeUnavailable)
        }
    }

    private func restored(_ id: RoomID, _ claim: Claim) throws(StoredFormError) -> Room {
        var state = try RoomState.restored(id, from: claim, games: services.games)
        var history = Resync(retentionEvents: services.configuration.rooms.retentionEvents)
        for stored in claim.records {
            let (events, at) = try state.fold(stored)
            history.append(events, at: at)
        }
        let room = Room(
            state, history: history, snapshotNumber: claim.snapshot?.number ?? 0, services: services, directory: self)
        room.takeUp()
        return room
    }
}
