import WebSocket

/// Facts from rooms and sessions, for whoever counts and logs. Called on the loop; never blocks, never fails, never
/// reaches a client.
protocol ServerObserver: AnyObject {
    func sessionOpened()
    func sessionClosed(code: UInt16, lasted: Duration)
    /// - Parameter code: nil for `ok`; "repeated" for an `ok` told once more; else the refusal's code.
    func requestAnswered(code: String?)
    /// - Parameter verdict: nil when the client was refused.
    func resumed(_ verdict: ResumeVerdict?)
    func recordAppended(_ outcome: AppendOutcome, took: Duration)
    func roomOpened(_ room: RoomID)
    func roomClosed(_ room: RoomID)
    func roomRestored(_ room: RoomID, records: Int, took: Duration)
    /// The room could not do what it had to; `message` holds no secret.
    func roomFault(_ room: RoomID, _ message: String)
}

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
    /// The last append did not get through.
    var isStoreInTrouble = false

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
