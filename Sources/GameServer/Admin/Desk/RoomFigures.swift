import PluginAPI
import WebSocket

/// What a loop knows of itself when it is asked.
struct LoopFigures: Sendable {
    var counters: TransportCounters
    var sessions: Int
    var uptime: Duration
    var rooms: [RoomSummary.Status: Int]
    var appendsInFlight: Int
    var isDraining: Bool
    var storeIsTroubled: Bool
    /// What the limits of requests have done; they are one for all loops.
    var rates = RequestLimits.Statistics()
}

extension LoopFigures {
    /// What several loops know of themselves, together.
    init(of loops: [LoopFigures]) {
        self = loops[0]
        for loop in loops.dropFirst() {
            counters.add(loop.counters)
            sessions += loop.sessions
            uptime = max(uptime, loop.uptime)
            rooms.merge(loop.rooms, uniquingKeysWith: +)
            appendsInFlight += loop.appendsInFlight
            isDraining = isDraining || loop.isDraining
            storeIsTroubled = storeIsTroubled || loop.storeIsTroubled
        }
    }
}

/// The lobby's line of a room, and what only operators are told.
struct RoomLine: Sendable {
    var summary: RoomSummary
    var isAwake: Bool
}

/// One room as it is, ready to be told without its loop.
struct RoomPicture: Sendable {
    var state: RoomState
    /// The status as players get it.
    var status: [UInt8]
    var connections: Int
    var isAwake: Bool
}

/// The numbers of one room at work.
struct RoomFigures: Sendable {
    enum Order: String, Sendable, CaseIterable {
        case events = "events_per_s"
        case members, pending, lagging, seq, unsent = "unsent_bytes"
        case waiting = "waiting_ms"
        case queued = "queued_requests"
    }

    var room: RoomID
    var game: String
    var status: RoomSummary.Status
    var members: Int
    var humans: Int
    var bots: Int
    var seq: Int
    var record: Int
    /// Over the last minute, as far as history is kept.
    var eventsPerSecond: Double
    /// Events sent and not acknowledged, all members together.
    var pending: Int
    /// Members that read too slowly.
    var lagging: Int
    var unsentBytes: Int
    /// Requests behind the record on its way.
    var queued: Int
    var created: Timestamp
    var changed: Timestamp
    /// What the game waits for, from whom, since when.
    var waiting: Waiting?
    var waitingSince: Timestamp

    func value(of order: Order, now: Timestamp) -> Double {
        switch order {
        case .events: eventsPerSecond
        case .members: Double(members)
        case .pending: Double(pending)
        case .lagging: Double(lagging)
        case .seq: Double(seq)
        case .unsent: Double(unsentBytes)
        case .waiting: waiting == nil ? 0 : Double((now - waitingSince).milliseconds)
        case .queued: Double(queued)
        }
    }
}

/// Every open room at about one moment.
struct RoomSurvey: Sendable {
    /// Rooms at work, with their numbers.
    var awake: [RoomFigures] = []
    /// Rooms asleep in the store.
    var asleep: [RoomSummary] = []
    var loop: LoopFigures
}

extension RoomSurvey {
    init(of loops: [RoomSurvey]) {
        self.init(
            awake: loops.flatMap(\.awake), asleep: loops.flatMap(\.asleep), loop: LoopFigures(of: loops.map(\.loop)))
    }
}

extension Residents {
    /// What this loop knows of itself.
    var figures: LoopFigures {
        var counts: [RoomSummary.Status: Int] = [:]
        for status in [RoomSummary.Status.waiting, .playing, .finished] { counts[status] = rooms.count(in: status) }
        return LoopFigures(
            counters: facts.counters, sessions: sessions.count, uptime: facts.uptime, rooms: counts,
            appendsInFlight: services.store.appendsInFlight, isDraining: services.isDraining,
            storeIsTroubled: services.storeTrouble.isPresent(at: services.timeline.now))
    }

    /// Looks at every open room of this loop.
    func survey(_ answer: @escaping (RoomSurvey) -> Void) {
        reports.survey { [self] awake, asleep in answer(RoomSurvey(awake: awake, asleep: asleep, loop: figures)) }
    }
}
