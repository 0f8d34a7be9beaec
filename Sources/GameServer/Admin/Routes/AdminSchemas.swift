/// The shapes of answers and bodies, by name.
enum AdminSchemas {
    static let all: [(name: String, schema: Schema)] = [
        ("Error", error), ("Health", health), ("DetailedHealth", detailedHealth), ("DraftHealth", draftHealth),
        ("ComponentHealth", componentHealth), ("HealthHistory", healthHistory),
        ("Level", level), ("SocketStatistics", socketStatistics), ("SystemStatistics", systemStatistics),
        ("RoomStatistics", roomStatistics), ("RoomFigures", roomFigures), ("RoomNumbers", roomNumbers),
        ("RateStatistics", rateStatistics), ("RecoveryStatus", recoveryStatus), ("RecoveryTrigger", recoveryTrigger),
        ("RecoveryTriggered", recoveryTriggered), ("ProcedureSwitched", procedureSwitched), ("Rooms", rooms),
        ("RoomLine", .object(roomLine)), ("Room", room), ("RoomEvents", roomEvents), ("RoomState", roomState),
        ("StoreStatistics", storeStatistics), ("StoreCleanup", storeCleanup), ("SystemEvents", systemEvents),
        ("Logs", logs), ("LogTicket", logTicket), ("LogLevels", logLevels), ("LogLevelChange", logLevelChange),
        ("Certificates", certificates),
    ]

    private static let error: Schema = .object([
        .always(
            "error",
            .object([.always("code", .string), .always("message", .string), .always("request_id", .string)]))
    ])

    // MARK: Health

    private static let level: Schema = .choice(["healthy", "warning", "critical", "unknown"])

    private static let health: Schema = .object([
        .always("status", .named("Level")), .always("timestamp", .string), .always("timestamp_unix", .number),
        .always("uptime_seconds", .integer), .always("uptime_formatted", .string), .always("version", .string),
        .always("service", .string),
    ])

    private static let detailedHealth: Schema = .object([
        .maybe("success", .boolean), .maybe("status", .string), .maybe("timestamp", .string),
        .maybe("overall_status", .named("Level")), .maybe("components", .any), .maybe("checks", .any),
        .maybe("services", .any), .maybe("health", .any),
    ])

    /// - Source: draft-inadarei-api-health-check-06.
    private static let draftHealth: Schema = .object([
        .always("status", .choice(["pass", "warn", "fail"])), .always("version", .string),
        .always("releaseId", .string), .always("serviceId", .string), .always("description", .string),
        .maybe("output", .string),
        .always(
            "checks",
            .map(
                .array(
                    .object([
                        .always("componentId", .string), .always("componentType", .string),
                        .always("status", .choice(["pass", "warn", "fail"])), .maybe("time", .string),
                        .maybe("output", .string),
                    ])))),
    ])

    private static let componentHealth: Schema = .object([
        .maybe("status", .string), .maybe("component", .string), .maybe("checks", .any),
    ])

    private static let healthHistory: Schema = .object([
        .always("resolution", .choice(["hour", "day"])), .always("step_seconds", .number), .always("start", .string),
        .always("first", .integer), .always("count", .integer), .always("overall", .array(.named("Level"))),
        .always("components", .map(.array(.named("Level")))), .always("values", .map(.array(.nullable(.number)))),
        .always("next", .nullable(.integer)),
    ])

    // MARK: Numbers

    private static let socketStatistics: Schema = .object([
        .always("success", .boolean), .always("timestamp", .string), .always("active_connections", .integer),
        .always("open_sockets", .integer), .always("opened_total", .integer), .always("refused_total", .integer),
        .always("messages_in_total", .integer), .always("messages_out_total", .integer),
        .always("bytes_in_total", .integer), .always("bytes_out_total", .integer),
        .always("protocol_errors_total", .integer), .always("outbox_overflows_total", .integer),
        .always("requests_total", .integer), .always("uptime_seconds", .integer),
    ])

    private static let roomTotals: Schema = .object([
        .always("total_rooms", .integer), .always("active_games", .integer), .always("total_players", .integer),
        .always("bots", .integer), .always("awake", .integer), .always("by_status", .map(.integer)),
        .always("by_game", .map(.integer)),
    ])

    private static let systemStatistics: Schema = .object([
        .always("success", .boolean), .always("timestamp", .string), .always("uptime_seconds", .integer),
        .always("health", .any), .always("recovery", .any), .always("websocket", .any), .always("rooms", roomTotals),
        .always("events", .any), .always("resources", .any),
    ])

    private static let roomStatistics: Schema = .object([
        .always("timestamp", .string),
        .always(
            "stats",
            .object([
                .always("connection_stats", .map(.any)), .always("queue_stats", .map(.any)),
                .always("active_connections", .integer), .always("rooms", .array(.any)),
                .always("room_validation", .map(.any)), .always("room_summary", .map(.any)),
            ])),
        .always("has_more", .boolean), .maybe("next", .string),
    ])

    private static let roomNumbers: Schema = .object([
        .always("room", .string), .always("game", .string), .always("state", .string), .always("members", .integer),
        .always("humans", .integer), .always("bots", .integer), .always("seq", .integer),
        .always("events_per_s", .number), .always("pending", .integer), .always("lagging", .integer),
        .always("unsent_bytes", .integer), .always("queued_requests", .integer), .always("last_activity", .integer),
        .maybe("waiting_on", .any),
    ])

    private static let roomFigures: Schema = .object([
        .always("timestamp", .string), .always("by", .string), .always("awake", .integer), .always("asleep", .integer),
        .always("rooms", .array(.named("RoomNumbers"))),
    ])

    private static let rateStatistics: Schema = .object([
        .always("success", .boolean), .always("accepted", .integer), .always("refused", .integer),
        .always("failed_auth_refused", .integer), .always("callers", .integer), .always("max_callers", .integer),
        .always("strangers", .integer), .always("refusals_not_audited", .integer), .always("limits", .map(.integer)),
        .always("routes", .map(.any)),
    ])

    // MARK: Recovery

    private static let recoveryStatus: Schema = .object([
        .maybe("success", .boolean), .maybe("procedures", .any),
        .maybe(
            "middleware",
            .array(
                .object([
                    .always("name", .string), .always("hooks", .array(.string)), .always("set_aside", .boolean),
                ]))),
    ])

    private static let recoveryTrigger: Schema = .object([
        .maybe("scope", .nullable(.text(1...200))), .maybe("dry_run", .boolean), .maybe("context", .map(.any)),
    ])

    private static let recoveryTriggered: Schema = .object([
        .maybe("success", .boolean), .maybe("procedure", .string), .maybe("triggered", .boolean),
    ])

    private static let procedureSwitched: Schema = .object([
        .maybe("success", .boolean), .maybe("procedure", .string), .maybe("enabled", .boolean),
    ])

    // MARK: Rooms

    private static let roomLine: [Schema.Field] = [
        .always("room", .string), .always("game", .string), .always("visibility", .choice(["public", "private"])),
        .always("changed", .integer), .always("awake", .boolean),
    ]

    private static let rooms: Schema = .object([
        .always("count", .integer), .always("rooms", .array(.named("RoomLine"))), .always("has_more", .boolean),
        .maybe("next", .string),
    ])

    private static let room: Schema = .object(
        roomLine + [
            .always("seq", .integer), .always("record", .integer), .always("connections", .integer),
            .always("epoch", .string), .always("status", .any),
        ])

    private static let roomEvents: Schema = .object([
        .always("success", .boolean), .always("room", .string), .always("room_id", .string),
        .always("event_count", .integer), .always("has_more", .boolean), .always("next", .integer),
        .always(
            "events",
            .array(
                .object([
                    .always("seq", .integer), .always("at", .nullable(.integer)), .always("record", .integer),
                    .always("event", .any), .maybe("error", .string),
                ]))),
        .always(
            "analysis",
            .object([
                .always("first_event", .nullable(.any)), .always("last_event", .nullable(.any)),
                .always("event_types", .map(.integer)),
            ])),
        .always(
            "recovery_info",
            .object([.always("latest_sequence", .integer), .always("has_more_events", .boolean)])),
    ])

    private static let roomState: Schema = .object([
        .always("room", .string), .always("seq", .integer), .always("record", .integer),
        .always("state_source", .choice(["live", "reconstructed"])), .maybe("status", .any), .maybe("state", .any),
        .maybe("view", .any),
        .always("recovery_info", .object([.always("latest_sequence", .integer)])),
    ])

    // MARK: Store

    private static let storeStatistics: Schema = .object([
        .always("success", .boolean),
        .always(
            "statistics",
            .object([
                .always("total_events", .integer), .always("current_sequence", .integer),
                .always("rooms_with_events", .integer), .always("events_last_24h", .integer),
                .always("room_stats", .map(.integer)), .always("event_type_stats", .map(.integer)),
                .always("games", .map(.any)), .always("records", .integer), .always("snapshots", .integer),
                .always("database_bytes", .integer), .always("free_bytes", .integer), .always("wal_bytes", .integer),
                .always("bytes_per_event", .nullable(.number)), .always("oldest_record", .nullable(.integer)),
            ])),
        .always("health", .map(.any)), .always("features", .map(.boolean)),
    ])

    private static let storeCleanup: Schema = .object([
        .always("success", .boolean), .always("deleted_events", .integer), .always("older_than_hours", .integer),
        .always("dry_run", .boolean), .always("cleanup_completed", .boolean), .always("deleted_rooms", .integer),
        .always("trimmed_rooms", .integer), .always("deleted_records", .integer), .always("deleted_bytes", .integer),
        .always("deleted_system_events", .integer), .always("damaged_rooms", .integer), .always("took_ms", .integer),
    ])

    private static let systemEvents: Schema = .object([
        .always(
            "events",
            .array(
                .object([
                    .always("number", .integer), .always("at", .integer), .always("kind", .string),
                    .always("subject", .string), .always("actor", .string), .maybe("correlation_id", .string),
                    .always("body", .map(.any)), .always("digest", .string),
                ]))),
        .always("has_more", .boolean), .maybe("next", .integer), .always("latest", .integer),
    ])

    // MARK: Logs

    private static let logs: Schema = .object([
        .always("lines", .array(.map(.any))), .always("has_more", .boolean), .maybe("next", .string),
        .always("truncated", .boolean), .always("incomplete", .boolean),
    ])

    private static let logTicket: Schema = .object([
        .always("ticket", .string), .always("expires_in_seconds", .integer), .always("path", .string),
    ])

    private static let logLevels: Schema = .object([
        .always("level", .string), .always("categories", .map(.string)),
    ])

    private static let certificates: Schema = .object([
        .always(
            "certificates",
            .array(
                .object([
                    .always("file", .string), .always("names", .array(.string)), .always("begins", .string),
                    .always("ends", .string),
                ])))
    ])

    private static let logLevelChange: Schema = .object([
        .maybe("category", .nullable(.choice(LogQuestion.categories))), .always("level", .choice(LogQuestion.levels)),
    ])
}
