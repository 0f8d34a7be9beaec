import PluginAPI
import WebSocket

/// What every room and session of one loop shares.
final class LoopServices {
    let timeline: any Timeline
    let store: StoreClient
    let games: InstalledGames
    let configuration: Configuration
    let observer: any ServerObserver
    var luck: Luck
    /// New commands are refused and clients are sent away.
    var isDraining = false
    var storeTrouble = StoreTrouble()
    /// Where the numbers of games go; nil when nobody counts.
    var domainMetrics: (any DomainMetricSink)?

    init(
        timeline: any Timeline, store: StoreClient, games: InstalledGames, configuration: Configuration,
        observer: any ServerObserver, luck: Luck
    ) {
        self.timeline = timeline
        self.store = store
        self.games = games
        self.configuration = configuration
        self.observer = observer
        self.luck = luck
    }

    var lifetimes: RoomLifetimes {
        RoomLifetimes(
            abandoned: .milliseconds(configuration.rooms.abandonedMs),
            finished: .milliseconds(configuration.rooms.finishedMs))
    }
}
