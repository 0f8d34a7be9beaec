import PluginAPI
import WebSocket

/// What every room and session of one loop shares.
final class LoopServices {
    let timeline: any Timeline
    let store: StoreClient
    let games: InstalledGames
    let configuration: Configuration
    let observer: any ServerObserver
    let middleware: Middlewares
    let admission: Admission
    /// The other loops.
    let neighbours: Neighbours
    let courier: Courier
    /// Shared by all loops.
    let roomCeiling: RoomCeiling
    var luck: Luck
    /// What all connections of this loop sent and got.
    var traffic = Traffic()
    /// Whose system takes nothing.
    var backlogged = SessionSet()
    /// The slow readers by which a run is judged, for as long as it is.
    var trial: CollapseTrial?
    /// Whom we have asked for a sign of life; those that answered since leave at the next pulse.
    var asked = SessionSet()
    /// Games of which no new rooms are opened, each until then.
    var quarantined: [String: MonotonicTime] = [:]
    /// Who applies events far behind what it was sent.
    var behind: BehindMembers
    /// Which messages are timed.
    var samples: SampleCounter
    /// New commands are refused and clients are sent away.
    var isDraining = false
    let storeTrouble = StoreTrouble()
    /// Where the numbers of games go; nil when nobody counts.
    var domainMetrics: (any DomainMetricSink)?

    private static let messagesPerSample = 16

    init(
        timeline: any Timeline, store: StoreClient, games: InstalledGames, configuration: Configuration,
        observer: any ServerObserver, middleware: Middlewares,
        admission: Admission, luck: Luck, neighbours: Neighbours = Neighbours(),
        roomCeiling: RoomCeiling = RoomCeiling()
    ) {
        self.timeline = timeline
        self.store = store
        self.games = games
        self.configuration = configuration
        self.observer = observer
        self.middleware = middleware
        self.admission = admission
        self.neighbours = neighbours
        self.roomCeiling = roomCeiling
        courier = Courier(neighbours, timeline: timeline)
        behind = BehindMembers(isWatched: configuration.monitoring.isEnabled)
        samples = SampleCounter(every: configuration.monitoring.isEnabled ? Self.messagesPerSample : 0)
        self.luck = luck
    }

    var lifetimes: RoomLifetimes {
        RoomLifetimes(
            abandoned: .milliseconds(configuration.rooms.abandonedMs),
            finished: .milliseconds(configuration.rooms.finishedMs))
    }
}
