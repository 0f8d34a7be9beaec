extension ConfigurationKey {
    /// A day, the most that most times may be.
    private static let dayMs = 86_400_000
    private static let monthMs = 31 * dayMs
    private static let decadeMs = 3653 * dayMs

    /// Every key, section by section. Parsing, environment names, flags, `config print` and the table in
    /// docs/OPERATIONS.md all come from here; the defaults stand in `Configuration`.
    public static let all = core + tls

    private static let core: [ConfigurationKey] = [
        .text(
            "server", "host", \.server.host, 1...255, flag: "--host", "Address to listen on; `::` takes IPv4 too."),
        .integer("server", "port", \.server.port, 0...65_535, flag: "--port", "Port to listen on; 0 takes a free one."),
        .listen(
            "server", "listen", \.server.listen,
            "More addresses to listen on; with ` proxy` behind it, trusted proxies begin with a PROXY header there."),
        .boolean(
            "server", "proxy_protocol", \.server.proxyProtocol,
            "Whether trusted proxies begin with a PROXY header on `server.host`, or on sockets that were handed over."),
        .boolean(
            "server", "reuse_port", \.server.reusePort,
            "Whether other servers of the same user, each with its own data, may listen on the same port."),
        .choice(
            "server", "socket_mode", \.server.socketMode,
            "Permissions of the files of Unix-domain sockets: who may write may connect."),
        .text(
            "server", "data_directory", \.server.dataDirectory, 1...4096, flag: "--data",
            "Where rooms, the port file and a generated token are kept."),
        .integer(
            "server", "loops", \.server.loops, 0...64, flag: "--loops",
            "Event loops, each with its share of connections and rooms; 0 is one for each core."),
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
        .integer(
            "limits", "waiting_commands", \.limits.waitingCommands, 1...10_000,
            "Commands of one connection that wait for rooms; with so many it is not read until half of them are taken."),
        .integer(
            "limits", "message_ms", \.limits.messageMs, 10...dayMs,
            "Time for a message, or a control frame, to come in whole once it has begun; then it closes with 1008."),
        .integer(
            "limits", "fragments", \.limits.fragments, 1...1_000_000,
            "Fragments a message may come in; with one more the connection closes with 1009."),
        .integer(
            "limits", "control_frames_per_s", \.limits.controlFramesPerS, 1...1_000_000,
            "WebSocket pings and pongs a connection may send each second; one more closes it with 1008."),

        .integer("heartbeat", "idle_ms", \.heartbeat.idleMs, 10...dayMs, "Silence after which a client is pinged."),
        .integer(
            "heartbeat", "waited_ms", \.heartbeat.waitedMs, 10...dayMs,
            "The same for a client whose seat the room waits for."),
        .integer(
            "heartbeat", "answer_ms", \.heartbeat.answerMs, 10...dayMs,
            "Silence after a ping that closes a connection with 4004."),
        .integer(
            "heartbeat", "suspect_ms", \.heartbeat.suspectMs, 10...dayMs,
            "Silence after a ping from which what is sent to a connection counts as failed."),
        .integer(
            "heartbeat", "hello_ms", \.heartbeat.helloMs, 10...dayMs,
            "Time for `hello` to come; then the connection closes with 4509."),

        .integer(
            "slow", "lagging_bytes", \.slow.laggingBytes, 1024...268_435_456,
            "Unsent bytes above which a client gets no more events, and one snapshot when it has caught up."),
        .integer(
            "slow", "lagging_ms", \.slow.laggingMs, 10...dayMs, "Time a client may lag; then it is closed with 4003."),
        .integer(
            "slow", "gap_events", \.slow.gapEvents, 1...10_000,
            "Events a client may have been sent and not acknowledged; with more it counts as out of step."),
        .integer(
            "slow", "gap_ms", \.slow.gapMs, 10...dayMs,
            "How long its last acknowledgement may be ago before that counts."),
        .integer(
            "slow", "outbox_bytes", \.slow.outboxBytes, 65_536...1_073_741_824,
            "Unsent bytes that end a connection at once."),
        .integer(
            "slow", "kernel_send_bytes", \.slow.kernelSendBytes, 0...16_777_216,
            "What the kernel may hold for a client that does not read, unseen by `slow.lagging_bytes`; 0: what it likes."
        ),
        .integer(
            "slow", "kernel_receive_bytes", \.slow.kernelReceiveBytes, 0...16_777_216,
            "What the kernel may hold of a client that is not read, times two; 0: what it likes."),

        .boolean(
            "compression", "enabled", \.compression.isEnabled,
            "Whether clients that offer permessage-deflate get what every watcher may read compressed."),
        .integer(
            "compression", "min_bytes", \.compression.minBytes, 1...16_777_216,
            "Shortest message that is compressed; below it the work saves no packet."),
        .integer(
            "compression", "level", \.compression.level, 1...9,
            "What it takes to make messages shorter: 1 is the fastest, 9 the smallest."),
        .integer(
            "compression", "memory_level", \.compression.memoryLevel, 1...9,
            "Memory of a loop's compressing context beside its window; each step doubles it, 9 is 256 KiB."),
        .integer(
            "compression", "window_bits", \.compression.windowBits, 9...15,
            "How far back in a message repetition is found: two to its power bytes; a context holds four times that."),

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
            "rooms", "sleep_after_ms", \.rooms.sleepAfterMs, 0...monthMs,
            "Time without anybody after which a paused room leaves the memory, until somebody asks for it."),
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
        .integer(
            "store", "cleanup_every_ms", \.store.cleanupEveryMs, 0...monthMs,
            "Time between two cleanups of the store; 0 for none but those an operator asks for."),
        .integer(
            "store", "closed_retention_ms", \.store.closedRetentionMs, 0...3660 * dayMs,
            "How long closed rooms are kept, never less than `rooms.gone_ms`, and records living rooms no longer need."),
        .integer(
            "store", "max_bytes", \.store.maxBytes, 0...1 << 50,
            "Database size above which a cleanup takes younger ones too, oldest closed rooms first; 0 for no limit."),
        .integer(
            "store", "scrub_records_per_s", \.store.scrubRecordsPerS, 0...100_000,
            "Stored records checked against their digests each second, in the background; 0 for none."),

        .secret(
            "admin", "token", \.admin.token, flag: "--admin-token",
            "Token for everything that is not public; the environment is better than the flag, which `ps` shows."),
        .secret(
            "admin", "operator_token", \.admin.operatorToken,
            "Token of the role operator: reads logs and mends, sees no hand. Without it there is no such role."),
        .secret(
            "admin", "viewer_token", \.admin.viewerToken,
            "Token of the role viewer: reads numbers and health, as a monitor does. Without it there is no such role."),
        .boolean("metrics", "public", \.metrics.isPublic, "Whether /metrics is open to everybody."),
        .boolean(
            "monitoring", "enabled", \.monitoring.isEnabled,
            "Whether connections and rooms are watched, health is judged and trouble is mended."),
        .integer(
            "monitoring", "pulse_ms", \.monitoring.pulseMs, 50...5000,
            "How often a loop reports its state to the monitor, and the monitor looks at the system."),
        .integer(
            "health", "interval_ms", \.health.intervalMs, 100...dayMs,
            "How often a component is checked to begin with; trouble makes it more often, quiet less."),
        .integer("health", "floor_ms", \.health.floorMs, 100...dayMs, "The most often a component is checked."),
        .integer("health", "ceiling_ms", \.health.ceilingMs, 100...dayMs, "The least often a component is checked."),
        .integer(
            "health", "confirm_ms", \.health.confirmMs, 50...60_000,
            "How soon a bad reading is looked at again before it counts."),
        .boolean(
            "health", "self_test", \.health.selfTest,
            "Whether the server opens a WebSocket to itself now and then; it is counted nowhere."),
        .text(
            "health", "certificate_file", \.health.certificateFile, 0...4096,
            "Certificate whose expiry is watched, in PEM, such as that of the proxy in front; empty for none."),
        .boolean("recovery", "enabled", \.recovery.isEnabled, "Whether procedures start by themselves."),
        .integer(
            "recovery", "probe_ms", \.recovery.probeMs, 50...60_000,
            "How long a silent connection has to answer when stale connections are looked for."),
        .integer(
            "recovery", "proof_ms", \.recovery.proofMs, 50...60_000,
            "How long a client has to show that it is in step again."),
        .integer(
            "recovery", "pending_age_ms", \.recovery.pendingAgeMs, 50...dayMs,
            "How long messages have waited for a reader before a snapshot takes their place."),
        .integer(
            "recovery", "storm_opens_per_min", \.recovery.stormOpensPerMin, 50...10_000_000,
            "New connections a minute up to which it is never a storm, however few there usually are."),
        .integer(
            "recovery", "admit_per_s", \.recovery.admitPerS, 1...100_000,
            "New connections a second while many reconnect at once."),
        .integer(
            "recovery", "hold_ms", \.recovery.holdMs, 100...dayMs,
            "The longest that new connections are held back without being decided anew."),
        .integer(
            "recovery", "quarantine_ms", \.recovery.quarantineMs, 100...dayMs,
            "How long no new rooms of a game are opened that faults again and again, or a middleware is set aside."),
        .text(
            "recovery", "overrides", \.recovery.overrides, 0...4096,
            "Numbers of single procedures, as in `memory_pressure.cooldown_seconds=120`, separated by commas."),
        .level("logging", "level", \.logging.level, flag: "--log-level", "The least important lines that are logged."),
        .levels(
            "logging", "category_levels", \.logging.categoryLevels,
            "Categories with a level of their own, as in `websocket=debug,access=warning`."),
        .text(
            "logging", "file", \.logging.file, 0...4096,
            "Log file; empty for standard error."),
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
        .integer(
            "logging", "gather_ms", \.logging.gatherMs, 1...10_000,
            "How long lines are gathered under load before they are written; errors and the audit trail do not wait."),
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
            "Sockets open at once, at most 64 fewer than the system grants descriptors; one more is turned away: 503."),
        .integer(
            "http", "connections_per_address", \.http.connectionsPerAddress, 0...1_000_000,
            "The same of one address, or one IPv6 network of 64 bits; one more is turned away: 429. 0 for no limit."),
        .integer(
            "http", "opens_per_s", \.http.opensPerS, 0...1_000_000,
            "Connections opened each second, as many at once; one more is turned away: 503. 0 for no limit."),
        .integer(
            "http", "opens_per_address_per_s", \.http.opensPerAddressPerS, 0...1_000_000,
            "The same of one address, or one IPv6 network of 64 bits; one more is turned away: 429. 0 for no limit."),
        .addresses(
            "http", "uncounted_addresses", \.http.uncountedAddresses,
            "Whom neither limit of single addresses concerns."),
        .integer("http", "header_ms", \.http.headerMs, 10...dayMs, "Time for a request to come in whole."),
        .integer(
            "http", "keep_alive_ms", \.http.keepAliveMs, 10...dayMs,
            "Silence between two requests that ends a connection."),
        .integer(
            "http", "proxy_header_ms", \.http.proxyHeaderMs, 10...dayMs,
            "Time for a trusted proxy's PROXY header to come in; then the connection is closed."),
        .integer(
            "http", "response_stall_ms", \.http.responseStallMs, 10...dayMs,
            "Time a client may take not a byte of a response; then the connection is cut."),
        .integer(
            "http", "response_ms", \.http.responseMs, 10...dayMs,
            "Time for a whole response to be taken, however evenly; then the connection is cut."),
        .integer(
            "http", "close_ms", \.http.closeMs, 10...dayMs,
            "Time a client has to answer a close frame, and then to end its side; then the connection is cut."),
        .integer(
            "http", "body_bytes", \.http.bodyBytes, 0...16_777_216,
            "Longest request body; a longer one is answered 413."),
        .text(
            "http", "allowed_origins", \.http.allowedOrigins, 0...4096,
            "Origins, separated by commas, whose pages may connect; empty for all."),
        .integer(
            "http", "public_rate_per_min", \.http.publicRatePerMin, 1...1_000_000,
            "Requests a minute an address may make without a token, half as many again at once; more is answered 429."),
        .integer(
            "http", "operator_rate_per_min", \.http.operatorRatePerMin, 1...1_000_000,
            "The same for each token."),
        .integer(
            "http", "failed_auth_per_min", \.http.failedAuthPerMin, 1...1_000_000,
            "Wrong tokens a minute an address may try, half as many again at once; then it is locked out."),
        .integer(
            "http", "failed_auth_lockout_ms", \.http.failedAuthLockoutMs, 0...dayMs,
            "Time for which none of the tokens of an address is looked at after too many wrong ones."),
        .addresses(
            "http", "trusted_proxies", \.http.trustedProxies,
            "Proxies that name the client: by a PROXY header, or by the last entry of X-Forwarded-For."),
    ]
}
