import PluginAPI
import WebSocket

/// Every room this loop knows: at work, asleep in the store, or gone.
final class RoomDirectory {
    private enum Entry {
        case awake(Room)
        case asleep(RoomSummary)
        /// Being read from the store; whoever asked waits here.
        case waking(RoomSummary, [(Result<Room, Rejection>) -> Void])
        /// Closed; remembered until this instant.
        case gone(until: Timestamp)
    }

    private let services: LoopServices
    private var entries: [RoomID: Entry] = [:]
    private var byCreator: [Digest: RoomID] = [:]
    /// Public rooms as the lobby shows them; sorted when asked for.
    private var lobby: [RoomID: RoomSummary] = [:]
    private(set) var openRooms = 0

    init(services: LoopServices) {
        self.services = services
    }

    // MARK: Finding

    /// Hands over the room, reading it from the store first if it sleeps.
    func find(_ id: RoomID, then: @escaping (Result<Room, Rejection>) -> Void) {
        switch entries[id] {
        case .awake(let room): then(.success(room))
        case .waking(let summary, let waiting): entries[id] = .waking(summary, waiting + [then])
        case .asleep(let summary):
            entries[id] = .waking(summary, [then])
            wake(summary)
        case .gone(let until):
            if services.timeline.wallClock < until { return then(.failure(.roomGone)) }
            entries[id] = nil
            then(.failure(.roomNotFound))
        case nil: then(.failure(.roomNotFound))
        }
    }

    /// The room if it is awake.
    subscript(id: RoomID) -> Room? {
        if case .awake(let room)? = entries[id] { room } else { nil }
    }

    /// The room whose creator chose this secret, for a `create` that is repeated.
    func room(createdWith secret: Digest) -> RoomID? { byCreator[secret] }

    /// Public rooms that wait or play, newest first.
    func list(game: String?, limit: Int) -> [RoomSummary] {
        let fitting = lobby.values.filter { game == nil || $0.game == game }
        return Array(fitting.sorted { ($0.created, $0.room.raw) > ($1.created, $1.room.raw) }.prefix(limit))
    }

    /// Every room that is not closed, by id; for operators.
    func summaries() -> [RoomSummary] {
        entries.values.compactMap { entry in
            switch entry {
            case .awake(let room): room.state.summary(lifetimes: services.lifetimes)
            case .asleep(let summary), .waking(let summary, _): summary
            case .gone: nil
            }
        }.sorted { $0.room.description < $1.room.description }
    }

    func count(in status: RoomSummary.Status) -> Int { counts[status] ?? 0 }
    private var counts: [RoomSummary.Status: Int] = [:]
    private var known: [RoomID: RoomSummary.Status] = [:]

    // MARK: Opening

    /// A room that has decided its first record; it is found by others once that is stored.
    ///
    /// - Throws: `overloaded` at the ceiling of rooms.
    func open(_ state: RoomState) throws(Rejection) -> Room {
        let limit = services.configuration.rooms.maxRooms
        guard openRooms < limit else { throw .overloaded("\(limit) rooms are open") }
        let history = Resync(retentionEvents: services.configuration.rooms.retentionEvents)
        let room = Room(state, history: history, services: services, directory: self)
        entries[state.room] = .awake(room)
        if let creator = state.creator { byCreator[creator] = state.room }
        openRooms += 1
        return room
    }

    func freshID() -> RoomID {
        while true {
            let id = RoomID.random(using: &services.luck)
            if entries[id] == nil { return id }
        }
    }

    /// A record of the room was stored.
    func changed(_ room: Room) {
        if room.state.number == 1 { services.observer.roomOpened(room.id) }
        if let creator = room.state.creator, room.state.seatedCreator == nil { byCreator[creator] = nil }
        note(room.state.summary(lifetimes: services.lifetimes))
    }

    private func note(_ summary: RoomSummary) {
        if let before = known[summary.room] { counts[before, default: 0] -= 1 }
        known[summary.room] = summary.status
        counts[summary.status, default: 0] += 1
        let listed = summary.visibility == .public && (summary.status == .waiting || summary.status == .playing)
        lobby[summary.room] = listed ? summary : nil
    }

    /// A room has left this loop.
    func vanished(_ room: Room, _ why: Disconnect) {
        forget(room.id)
        openRooms -= 1
        switch why {
        case .roomClosed:
            let kept = Duration.milliseconds(services.configuration.rooms.goneMs)
            entries[room.id] = .gone(until: room.state.changed + kept)
            if let creator = room.state.creator { byCreator[creator] = nil }
            services.observer.roomClosed(room.id)
        case .resync where room.state.number > 0:
            let summary = room.state.summary(lifetimes: services.lifetimes)
            entries[room.id] = .asleep(summary)
            openRooms += 1
            note(summary)
        default:
            entries[room.id] = nil
        }
    }

    /// A room whose first record could not be stored has never been.
    func abandon(_ room: Room) {
        guard room.state.number == 0 else { return }
        forget(room.id)
        entries[room.id] = nil
        if let creator = room.state.creator { byCreator[creator] = nil }
        openRooms -= 1
    }

    private func forget(_ id: RoomID) {
        lobby[id] = nil
        if let before = known.removeValue(forKey: id) { counts[before, default: 0] -= 1 }
    }

    // MARK: Restart

    /// Takes over what the store knows. Rooms sleep until somebody touches them or their next deadline comes.
    func restore(_ summaries: [RoomSummary]) {
        let rooms = services.configuration.rooms
        for summary in summaries {
            if summary.status == .closed {
                entries[summary.room] = .gone(until: summary.changed + .milliseconds(rooms.goneMs))
                continue
            }
            entries[summary.room] = .asleep(summary)
            if let creator = summary.creator.flatMap(Digest.init(hexadecimal:)) { byCreator[creator] = summary.room }
            openRooms += 1
            note(summary)
        }
        wakeInTurn(summaries.filter { $0.status != .closed && $0.nextDeadline != nil })
    }

    /// Wakes rooms at their deadlines, a few at a time, so that players who return are served in between.
    private func wakeInTurn(_ summaries: [RoomSummary]) {
        let now = services.timeline.now
        let wallClock = services.timeline.wallClock
        var due: [(room: RoomID, at: MonotonicTime)] = []
        for summary in summaries {
            guard let deadline = summary.nextDeadline else { continue }
            due.append((summary.room, now + max(deadline - wallClock, .zero)))
        }
        due.sort { $0.at < $1.at }
        for (index, item) in due.enumerated() {
            let instant = max(item.at, now + .milliseconds(2 * index))
            _ = services.timeline.alarm(at: instant) { [weak self] in
                guard let self, case .asleep? = entries[item.room] else { return }
                find(item.room) { _ in }
            }
        }
    }

    private func wake(_ summary: RoomSummary) {
        let started = services.timeline.now
        let retained = services.configuration.rooms.retentionEvents
        services.store.claim(summary.room, retaining: retained) { [weak self] outcome in
            self?.claimed(summary, outcome, started: started)
        }
    }

    private func claimed(_ summary: RoomSummary, _ outcome: ClaimOutcome, started: MonotonicTime) {
        guard case .waking(_, let waiting)? = entries[summary.room] else { return }
        let result: Result<Room, Rejection>
        switch outcome {
        case .claimed(let claim):
            do {
                let room = try restored(summary.room, claim)
                entries[summary.room] = .awake(room)
                services.observer.roomRestored(
                    summary.room, records: claim.records.count, took: services.timeline.now - started)
                result = .success(room)
            } catch {
                entries[summary.room] = .asleep(summary)
                services.observer.roomFault(summary.room, error.message)
                result = .failure(.internal("the room cannot be read back"))
            }
        case .notFound:
            forget(summary.room)
            entries[summary.room] = nil
            openRooms -= 1
            result = .failure(.roomNotFound)
        case .unavailable:
            entries[summary.room] = .asleep(summary)
            result = .failure(.storeUnavailable)
        }
        for then in waiting { then(result) }
        if case .success(let room) = result { room.rearm() }
    }

    private func restored(_ id: RoomID, _ claim: Claim) throws(StoredFormError) -> Room {
        var state = try RoomState.restored(id, from: claim, games: services.games)
        var history = Resync(retentionEvents: services.configuration.rooms.retentionEvents)
        for stored in claim.records {
            let (events, at) = try state.fold(stored)
            history.append(events, at: at)
        }
        let room = Room(state, history: history, services: services, directory: self)
        room.takeUp()
        return room
    }
}
