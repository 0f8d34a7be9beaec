import PluginAPI
import WebSocket

/// Every room this loop knows: at work, asleep in the store, or gone.
final class RoomDirectory {
    enum Entry {
        case awake(Room)
        case asleep(Sleeper)
        /// Being read from the store; whoever asked waits here.
        case waking(Sleeper, [(Result<Room, Rejection>) -> Void])
        /// What the store holds cannot be read; not tried again before this instant.
        case unreadable(Sleeper, until: MonotonicTime)

        var isAwake: Bool { if case .awake = self { true } else { false } }
    }

    /// A room that is in the store only.
    struct Sleeper {
        let summary: RoomSummary
        /// Nil since a restart.
        var slumber: Slumber?
    }

    let services: LoopServices
    private(set) var entries: [RoomID: Entry] = [:]
    /// Every open room's id in order.
    private(set) var index = RoomIndex()
    var gone = GoneRooms()
    var lobby = Lobby()
    var byCreator: [Digest: RoomID] = [:]
    /// One for each room at most, however often it could not be woken: the earliest.
    var alarms: [RoomID: (at: MonotonicTime, alarm: Alarm)] = [:]
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
        guard services.roomCeiling.open < limit else { throw .overloaded("\(limit) rooms are open", retryMs: 10_000) }
        let history = Resync(retentionEvents: services.configuration.rooms.retentionEvents)
        let room = Room(state, history: history, snapshotNumber: 0, services: services, directory: self)
        put(state.room, .awake(room))
        if let creator = state.creator { byCreator[creator] = state.room }
        return room
    }

    /// - Parameter secret: the creator's, which says on which loop the room is.
    func freshID(createdWith secret: Digest) -> RoomID {
        while true {
            let id = Placement.id(createdWith: secret, using: &services.luck)
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
        drop(room.id, createdWith: room.state.creator)
        if why == .roomClosed {
            let kept = Duration.milliseconds(services.configuration.rooms.goneMs)
            gone.add(room.id, until: room.state.changed + kept, now: services.timeline.wallClock)
        }
    }

    // MARK: Keeping

    func put(_ id: RoomID, _ entry: Entry) {
        forget(id)
        if entry.isAwake { awakeRooms += 1 }
        entries[id] = entry
        services.roomCeiling.add()
        index.insert(id)
    }

    func forget(_ id: RoomID) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        if entry.isAwake { awakeRooms -= 1 }
        services.roomCeiling.remove()
        index.remove(id)
    }

    func cancelAlarm(of id: RoomID) { alarms.removeValue(forKey: id)?.alarm.cancel() }

    /// There is no such room any more.
    func drop(_ id: RoomID, createdWith creator: Digest?) {
        forget(id)
        cancelAlarm(of: id)
        lobby.forget(id)
        if let creator, byCreator[creator] == id { byCreator[creator] = nil }
    }
}
