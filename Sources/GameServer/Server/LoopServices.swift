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
    var storeTrouble = StoreTrouble()
    /// Where the numbers of games go; nil when nobody counts.
    var domainMetrics: (any DomainMetricSink)?

    private static let messagesPerSample = 16

    init(
        timeline: any Timeline, store: StoreClient, games: InstalledGames, configuration: Configuration,
        observer: any ServerObserver, middleware: Middlewares,
        admission: Admission, luck: Luck
    ) {
        self.timeline = timeline
        self.store = store
        self.games = games
        self.configuration = configuration
        self.observer = observer
        self.middleware = middleware
        self.admission = admission
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
