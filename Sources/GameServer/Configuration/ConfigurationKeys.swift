extension ConfigurationKey {
    /// A day, the most that most times may be.
    private static let dayMs = 86_400_000
    private static let monthMs = 31 * dayMs
    private static let decadeMs = 3653 * dayMs

    /// Every key, section by section. Parsing, environment names, flags, `config print` and the table in
    /// docs/OPERATIONS.md all come from here; the defaults stand in `Configuration`.
    public static let all: [ConfigurationKey] = [
        .text("server", "host", \.server.host, 1...255, flag: "--host", "Address to listen on."),
        .integer("server", "port", \.server.port, 0...65_535, flag: "--port", "Port to listen on; 0 takes a free one."),
        .text(
            "server", "data_directory", \.server.dataDirectory, 1...4096, flag: "--data",
            "Where rooms, the port file and a generated token are kept."),
        .integer("server", "loops", \.server.loops, 1...1, flag: "--loops", "Event loops."),
        .text("server", "node", \.server.node, 1...64, "Name of this server in `welcome` and in log lines."),

        .integer(
            "limits", "message_bytes", \.limits.messageBytes, 256...1_048_576,
            "Longest message that is read; a longer one is answered `too_large`."),
        .integer(
            "limits", "socket_message_bytes", \.limits.socketMessageBytes, 1024...16_777_216,
            "Longest message the socket takes; a longer one closes it with 1009."),
        .integer(
            "limits", "rate_per_s", \.limits.ratePerS, 1...100_000,
            "Commands, chat lines and lobby requests a connection may send each second."),
        .integer("limits", "burst", \.limits.burst, 1...100_000, "How many of those may come at once."),
        .integer(
            "limits", "total_per_s", \.limits.totalPerS, 1...1_000_000,
            "Messages of any kind a connection may send each second; more closes it with 4507."),
        .integer(
            "limits", "refusals_before_close", \.limits.refusalsBeforeClose, 1...100_000,
            "Refusals in a row for going too fast that close a connection with 4507: the last is the closing itself."),
        .integer(
            "limits", "resync_per_s", \.limits.resyncPerS, 1...1000, "Snapshots a connection may ask for each second."),
        .integer("limits", "rooms_per_connection", \.limits.roomsPerConnection, 1...64, "Rooms a connection may hold."),
        .integer(
            "limits", "chat_characters", \.limits.chatCharacters, 1...2000, "Longest chat text in Unicode scalars."),
        .integer(
            "limits", "name_characters", \.limits.nameCharacters, 1...200, "Longest player name in Unicode scalars."),
        .integer(
            "limits", "queue_commands", \.limits.queueCommands, 1...10_000,
            "Commands that wait for a room; one more is answered `overloaded`."),

        .integer("heartbeat", "idle_ms", \.heartbeat.idleMs, 10...dayMs, "Silence after which a client is pinged."),
        .integer(
            "heartbeat", "waited_ms", \.heartbeat.waitedMs, 10...dayMs,
            "The same for a client whose seat the room waits for."),
        .integer(
            "heartbeat", "answer_ms", \.heartbeat.answerMs, 10...dayMs,
            "Silence after a ping that closes a connection with 4004."),
        .integer(
            "heartbeat", "hello_ms", \.heartbeat.helloMs, 10...dayMs,
            "Time for `hello` to come; then the connection closes with 4509."),

        .integer(
            "slow", "lagging_bytes", \.slow.laggingBytes, 1024...268_435_456,
            "Unsent bytes above which a client gets no more events, and one snapshot when it has caught up."),
        .integer(
            "slow", "lagging_ms", \.slow.laggingMs, 10...dayMs, "Time a client may lag; then it is closed with 4003."),
        .integer(
            "slow", "outbox_bytes", \.slow.outboxBytes, 65_536...1_073_741_824,
            "Unsent bytes that end a connection at once."),

        .integer(
            "rooms", "quiet_drop_ms", \.rooms.quietDropMs, 0...dayMs,
            "A drop shorter than this shows the others nothing."),
        .integer(
            "rooms", "grace_ms", \.rooms.graceMs, 0...dayMs,
            "How long a dropped player's seat waits in a game before the game's policy acts."),
        .integer(
            "rooms", "waiting_grace_ms", \.rooms.waitingGraceMs, 0...dayMs,
            "How long a dropped player's seat is kept before the game has started."),
        .integer(
            "rooms", "pause_after_ms", \.rooms.pauseAfterMs, 0...dayMs,
            "Time without any connected player after which bots and timers pause, and a room that is nobody's closes."),
        .integer(
            "rooms", "abandoned_ms", \.rooms.abandonedMs, 1000...monthMs,
            "Time without any connected player after which a room closes."),
        .integer("rooms", "gone_ms", \.rooms.goneMs, 0...monthMs, "How long a closed room answers `room_gone`."),
        .integer(
            "rooms", "finished_ms", \.rooms.finishedMs, 0...monthMs, "How long a finished room shows its last view."),
        .integer(
            "rooms", "retention_events", \.rooms.retentionEvents, 0...10_000,
            "Most events a returning client is sent one by one; beyond it gets a snapshot."),
        .integer(
            "rooms", "restart_grace_ms", \.rooms.restartGraceMs, 0...dayMs,
            "The least time timers and dropped players get after a restart."),
        .integer(
            "rooms", "snapshot_every_records", \.rooms.snapshotEveryRecords, 1...100_000,
            "Records between two stored snapshots of a room."),
        .integer(
            "rooms", "max_rooms", \.rooms.maxRooms, 1...1_000_000,
            "Rooms open at once; one more is answered `overloaded`."),
        .integer("rooms", "lobby_rooms", \.rooms.lobbyRooms, 1...1000, "Most rooms in an answer to `list`."),

        .choice(
            "store", "durability", \.store.durability, flag: "--durability",
            "What a committed record outlives: loss of `power`, or only the end of the `process`."),

        .secret(
            "admin", "token", \.admin.token, flag: "--admin-token",
            "Token for everything that is not public; the environment is better than the flag, which `ps` shows."),
        .boolean("metrics", "public", \.metrics.isPublic, "Whether /metrics is open to everybody."),
        .level("logging", "level", \.logging.level, flag: "--log-level", "The least important lines that are logged."),
        .levels(
            "logging", "category_levels", \.logging.categoryLevels,
            "Categories with a level of their own, as in `websocket=debug,access=warning`."),
        .text(
            "logging", "file", \.logging.file, 0...4096,
            "Log file, with `audit.log` beside it; empty for standard error."),
        .integer(
            "logging", "max_file_bytes", \.logging.maxFileBytes, 0...1_073_741_824,
            "A log file that would grow beyond it is put aside and compressed; 0 lets it grow."),
        .integer(
            "logging", "max_file_age_ms", \.logging.maxFileAgeMs, 0...decadeMs,
            "A log file this old is put aside and compressed; 0 lets it age."),
        .integer(
            "logging", "retention_ms", \.logging.retentionMs, 0...decadeMs,
            "How long after it was put aside a log file is removed; 0 keeps it."),
        .integer(
            "logging", "retention_bytes", \.logging.retentionBytes, 0...1_099_511_627_776,
            "Bytes of all log files put aside beyond which the oldest are removed; 0 keeps them."),
        .integer(
            "logging", "audit_retention_ms", \.logging.auditRetentionMs, 0...decadeMs,
            "The same as `logging.retention_ms` for `audit.log`."),
        .integer(
            "logging", "ring_lines", \.logging.ringLines, 0...100_000,
            "Newest lines kept in memory, where they can be searched; at most 16 MiB of them."),
        .integer(
            "logging", "repeats_per_s", \.logging.repeatsPerS, 0...100_000,
            "Lines a second that one event may go on writing, ten times as many at once; 0 is no limit."),
        .choice(
            "logging", "client_address", \.logging.clientAddress,
            "How much of a client's address is logged: all, its network, or a hash of it."),
        .boolean(
            "games", "allow_seeds", \.games.allowSeeds, flag: "--allow-seeds",
            "Whether a client may fix a room's luck. For tests: whoever knows the seed knows every hand."),
        .integer(
            "drain", "timeout_ms", \.drain.timeoutMs, 0...dayMs,
            "How long a stopping server waits for its clients to close."),
        .integer(
            "drain", "spread_ms", \.drain.spreadMs, 0...dayMs,
            "Time over which clients are asked to come back, so that they do not all come at once."),

        .text(
            "http", "resources_directory", \.http.resourcesDirectory, 1...4096, "Folder of the pages that are served."),
        .integer(
            "http", "max_connections", \.http.maxConnections, 1...1_000_000,
            "Sockets open at once, at most 64 fewer than the system grants descriptors; one more is closed unanswered."),
        .integer("http", "header_ms", \.http.headerMs, 10...dayMs, "Time for a request to come in whole."),
        .integer(
            "http", "keep_alive_ms", \.http.keepAliveMs, 10...dayMs,
            "Silence between two requests that ends a connection."),
        .integer(
            "http", "body_bytes", \.http.bodyBytes, 0...16_777_216,
            "Longest request body; a longer one is answered 413."),
    ]
}
