extension MetricCatalogue {
    // MARK: Rooms

    static let rooms = MetricDescription(
        "gameserver_rooms", .gauge, "Rooms open now, by state.",
        labels: [.list(.plugins), .of(RoomStateLabel.self)])
    static let roomsCreated = MetricDescription(
        "gameserver_rooms_created_total", .counter, "Rooms created.", labels: [.list(.plugins)])
    static let roomsClosed = MetricDescription(
        "gameserver_rooms_closed_total", .counter, "Rooms closed, by reason.",
        labels: [.list(.plugins), .of(RoomEndLabel.self)])
    static let roomPlayers = MetricDescription(
        "gameserver_room_players", .gauge, "Taken seats of open rooms, by who plays them.",
        labels: [.list(.plugins), .of(PlayerKindLabel.self)])
    static let roomSeconds = MetricDescription(
        "gameserver_room_duration_seconds", .histogram, "From the creation of a room to its end.",
        labels: [.list(.plugins)], bounds: MetricBounds.life)
    static let roomActions = MetricDescription(
        "gameserver_room_actions_total", .counter, "Actions of players and bots that were committed.",
        labels: [.list(.plugins)])
    static let roomFaults = MetricDescription(
        "gameserver_room_faults_total", .counter, "Rooms stopped because their game or their record failed.",
        labels: [.list(.plugins)])
    static let invariantViolations = MetricDescription(
        "gameserver_room_invariant_violations_total", .counter, "States a game itself calls impossible.",
        labels: [.list(.plugins)])
    static let pluginExceptions = MetricDescription(
        "gameserver_plugin_exceptions_total", .counter, "Errors a plugin threw that its caller had to catch.",
        labels: [.list(.plugins)], band: .above(warning: (0, 0), critical: (5, 1), of: "per minute"))
    static let pluginHandlerSeconds = MetricDescription(
        "gameserver_plugin_handler_duration_seconds", .histogram, "One call of a plugin's handler; sampled.",
        labels: [.list(.plugins)], bounds: MetricBounds.handling)
    static let roomsAwake = MetricDescription(
        "gameserver_rooms_awake", .gauge, "Rooms held in memory; the others sleep in the store.")

    static let roomRows = [
        rooms, roomsCreated, roomsClosed, roomPlayers, roomSeconds, roomActions, roomFaults, invariantViolations,
        pluginExceptions, pluginHandlerSeconds, roomsAwake,
    ]

    // MARK: Store

    static let commits = MetricDescription(
        "gameserver_commits_total", .counter, "Records offered to the event store, by outcome.",
        labels: [.of(CommitLabel.self)])
    static let commitSeconds = MetricDescription(
        "gameserver_commit_seconds", .histogram, "From offering a record to the event store until its outcome.",
        bounds: MetricBounds.disk)
    static let storeOperationSeconds = MetricDescription(
        "gameserver_store_operation_duration_seconds", .histogram, "What the event store was asked and took for it.",
        labels: [.of(StoreOperationLabel.self)], bounds: MetricBounds.disk,
        band: .above(warning: (0.5, 0.4), critical: (2, 1.5), of: "p95"))
    static let storeErrors = MetricDescription(
        "gameserver_store_errors_total", .counter,
        "What the event store was asked and could not do, by kind of trouble.",
        labels: [.of(StoreOperationLabel.self), .of(StoreErrorLabel.self)])
    static let storeBusy = MetricDescription(
        "gameserver_store_busy_total", .counter, "Times the database was locked by somebody else.")
    static let storeSizeBytes = MetricDescription("gameserver_store_size_bytes", .gauge, "Size of the database.")
    static let storeWalBytes = MetricDescription(
        "gameserver_store_wal_bytes", .gauge, "Size of the write-ahead log of the database.",
        band: .above(warning: (67_108_864, 50_331_648), critical: (268_435_456, 201_326_592)))
    static let storeFreePages = MetricDescription(
        "gameserver_store_free_pages", .gauge, "Pages of the database that hold nothing.")
    static let storeCacheHits = MetricDescription(
        "gameserver_store_cache_hits_total", .counter, "Pages the database found in its memory.")
    static let storeCacheMisses = MetricDescription(
        "gameserver_store_cache_misses_total", .counter, "Pages the database had to read.")
    static let storeGroupSize = MetricDescription(
        "gameserver_store_group_size", .histogram, "Appends and snapshots committed in one transaction.",
        bounds: MetricBounds.group)
    static let eventsAppended = MetricDescription(
        "gameserver_events_appended_total", .counter, "Events committed to the event store.",
        labels: [.list(.plugins)])
    static let eventChainBreaks = MetricDescription(
        "gameserver_event_chain_breaks_total", .counter, "Records whose digest does not follow from the one before.",
        band: .above(warning: (0, 0), critical: nil, of: "increase"))
    static let eventAppendLagSeconds = MetricDescription(
        "gameserver_event_append_lag_seconds", .gauge, "How long the oldest record has waited for its commit.",
        band: .above(warning: (1, 0.5), critical: (5, 2)))

    static let storeRows = [
        commits, commitSeconds, storeOperationSeconds, storeErrors, storeBusy, storeSizeBytes, storeWalBytes,
        storeFreePages, storeCacheHits, storeCacheMisses, storeGroupSize, eventsAppended, eventChainBreaks,
        eventAppendLagSeconds,
    ]

    // MARK: Loops and HTTP

    static let loopLagSeconds = MetricDescription(
        "gameserver_eventloop_lag_seconds", .histogram, "How much later than due an event loop came to its work.",
        labels: [.list(.loops)], bounds: MetricBounds.handling,
        band: .above(warning: (0.05, 0.03), critical: (0.25, 0.15), of: "p99"))
    static let loopBusySeconds = MetricDescription(
        "gameserver_eventloop_busy_seconds_total", .counter,
        "Processor time of an event loop's thread: what it worked, and did not wait.",
        labels: [.list(.loops)])

    static let loopConnections = MetricDescription(
        "gameserver_eventloop_connections", .gauge, "Players' WebSockets open on an event loop.",
        labels: [.list(.loops)])

    static let loopRows = [loopLagSeconds, loopBusySeconds, loopConnections]

    /// The name OpenTelemetry gives it, so ready-made panels find it.
    static let httpRequestSeconds = MetricDescription(
        "http_server_request_duration_seconds", .histogram, "From the head of a request to the end of its answer.",
        labels: [.of(HTTPMethodLabel.self), .list(.routes), .of(HTTPStatusLabel.self)], bounds: MetricBounds.http,
        band: .above(warning: (2, 1.5), critical: (5, 4), of: "p95 for warning, p99 for critical"))
    static let httpActive = MetricDescription(
        "http_server_active_requests", .gauge, "HTTP requests being answered now.")
    static let httpResponseBytes = MetricDescription(
        "gameserver_http_response_bytes", .histogram, "Size of an answer's body.", labels: [.list(.routes)],
        bounds: MetricBounds.size)

    static let httpRows = [httpRequestSeconds, httpActive, httpResponseBytes]
}
