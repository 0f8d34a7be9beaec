import Observability
import PluginAPI

/// Every path the server answers besides `/ws` and the static files.
enum AdminRoutes {
    static let table = RouteTable(probes + health + metrics + recovery + rooms + store + logs + tls + surface)

    /// The closed set of values of the label `http_route`. What no route is gets `other`, pages `files`.
    static let labels: [String] = {
        var seen: Set<String> = []
        return table.routes.map(\.path).filter { seen.insert($0).inserted } + [socketLabel, filesLabel, otherLabel]
    }()

    static let socketLabel = "/ws"
    static let filesLabel = "files"
    static let otherLabel = "other"

    /// Most entries of one answer, and as many as come when nobody says how many.
    static let maxEntries = 1000

    private static let limit = QueryParameter(
        "limit", .integer(1...maxEntries), fallback: .integer(Int64(maxEntries)), "Most entries of one answer.")
    private static let afterRoom = QueryParameter("after", .room, "The last room of the page before.")

    private static func json(_ schema: Schema) -> [Route.Answer] { [Route.Answer(schema: schema)] }
    private static func named(_ name: String) -> [Route.Answer] { json(.named(name)) }

    /// 200 or 503 with the same body: the status follows the level.
    private static func judged(_ name: String, also others: [(type: String, name: String)] = []) -> [Route.Answer] {
        [200, 503].flatMap { status in
            [Route.Answer(status: status, schema: .named(name))]
                + others.map { Route.Answer(status: status, type: $0.type, schema: .named($0.name)) }
        }
    }

    // MARK: Probes

    private static func probe(_ endpoint: Endpoint, _ path: String, _ checks: [String], _ summary: String) -> Route {
        let text = Route.Answer(type: "text/plain")
        let answers =
            [Route.Answer(schema: .object([.always("status", .string)])), text]
            + (checks.isEmpty ? [] : [Route.Answer(status: 503, type: "text/plain")])
        return Route(
            endpoint, .get, path, .everybody, isLimited: false,
            query: [
                QueryParameter("verbose", .flag, "Lists every check, a line each."),
                QueryParameter("exclude", .list(Probe.checks(of: endpoint)), "Leaves a check out; may be repeated."),
            ], answers, refusals: checks.map { (503, $0) }, summary)
    }

    private static let probes = [
        probe(.live, "/livez", ["a loop of this server does not answer"], "200 while every event loop turns."),
        probe(
            .ready, "/readyz", ["it drains, its store cannot be relied on, or it protects itself"],
            "200 while it takes new players."),
        probe(.started, "/startupz", [], "200 once it has started."),
    ]

    // MARK: Health

    private static let health = [
        Route(
            .health, .get, "/api/health", .everybody, judged("Health"),
            "Status, version and uptime; 200 while healthy or warning, else 503."),
        Route(
            .detailedHealth, .get, "/api/health/detailed", .role(.viewer),
            judged("DetailedHealth", also: [("application/health+json", "DraftHealth")]),
            "Every component and check, with values, thresholds and what comes next; `application/health+json` by Accept."
        ),
        Route(
            .healthHistory, .get, "/api/health/history", .role(.viewer),
            query: [
                QueryParameter(
                    "resolution", .choice(HealthHistory.Resolution.allCases.map(\.rawValue)), fallback: "hour",
                    "An hour in steps of 10 s, or a day in steps of 1 min."),
                QueryParameter("after", .integer(0...Route.largest), "Number of the last step of the page before."),
                QueryParameter("limit", .integer(1...1440), fallback: 360, "Most steps of one answer."),
            ], named("HealthHistory"), "The levels and values of the last hour or day, step by step."),
        Route(
            .socketHealth, .get, "/api/v1/monitoring/websocket/health", aliases: ["/api/monitoring/websocket/health"],
            .role(.viewer), judged("ComponentHealth"), "The component `websocket`."),
        Route(
            .storeHealth, .get, "/api/v1/monitoring/database/health", aliases: ["/api/monitoring/database/health"],
            .role(.viewer), judged("ComponentHealth"), "The component `store`."),
    ]

    // MARK: Metrics

    private static let metrics = [
        Route(
            .metrics, .get, "/metrics", aliases: ["/api/health/metrics"], .metrics,
            [
                Route.Answer(type: "text/plain", schema: .string),
                Route.Answer(type: "application/openmetrics-text", schema: .string),
                Route.Answer(type: "application/vnd.google.protobuf", schema: .string),
            ], "All metrics for Prometheus, in the form Accept asks for."),
        Route(
            .roomFigures, .get, "/api/metrics/rooms", .role(.viewer),
            query: [
                QueryParameter("top", .integer(1...1000), fallback: 50, "How many rooms."),
                QueryParameter(
                    "by", .choice(RoomFigures.Order.allCases.map(\.rawValue)), fallback: "events_per_s",
                    "The number that makes a room come first."),
            ], named("RoomFigures"), "The rooms with the most of something, with the numbers of each."),
        Route(
            .socketStatistics, .get, "/api/v1/monitoring/websocket/stats", aliases: ["/api/monitoring/websocket/stats"],
            .role(.viewer), named("SocketStatistics"), "Connections, messages and bytes since the start."),
        Route(
            .systemStatistics, .get, "/api/system/stats", .role(.viewer), named("SystemStatistics"),
            "Health, recovery, connections, rooms, events and resources in one document."),
        Route(
            .roomStatistics, .get, "/api/debug/room-stats", .role(.viewer),
            query: [
                QueryParameter("room_id", .room, "Only this room."), limit, afterRoom,
            ], named("RoomStatistics"), refusals: [(404, "there is no such room"), (410, "the room is closed")],
            "Connections and queues, a summary of all rooms, and rooms page by page."),
        Route(
            .rateStatistics, .get, "/api/rate-limit/stats", .role(.viewer), named("RateStatistics"),
            "What was let through and refused, and how full the table of callers is."),
    ]

    // MARK: Recovery

    private static let noProcedure = (404, "there is no such procedure")

    private static let recovery = [
        Route(
            .recoveryStatus, .get, "/api/recovery/status", .role(.viewer), named("RecoveryStatus"),
            "Every procedure, its guard, and the last runs."),
        Route(
            .recoveryTrigger, .post, "/api/recovery/trigger/{name}", .role(.operator),
            query: [
                QueryParameter("dry_run", .flag, "Says what would be touched and touches nothing; also in the body."),
                QueryParameter("scope", .text(200), "A room, a connection or a game; also in the body."),
            ],
            body: Route.Body(schema: .named("RecoveryTrigger"), isRequired: false), named("RecoveryTriggered"),
            refusals: [noProcedure, (409, "the guard refuses; the message says why")],
            "Starts a procedure by hand; its guard still holds."),
        Route(
            .procedureEnable, .post, "/api/recovery/procedures/{name}/enable", .role(.operator),
            named("ProcedureSwitched"), refusals: [noProcedure], "Lets a procedure run again."),
        Route(
            .procedureDisable, .post, "/api/recovery/procedures/{name}/disable", .role(.operator),
            named("ProcedureSwitched"), refusals: [noProcedure], "Stops a procedure from running."),
    ]

    // MARK: Rooms

    private static let noRoom = [(404, "there is no such room"), (410, "the room is closed")]
    private static let replays = [
        noRoom[0], (410, "the room is closed, or that part of its history was deleted"),
        (409, "the history is too long to be read at once"),
    ]
    private static let eyes = QueryParameter(
        "as", .viewer,
        "Through whose eyes. Without it administrators see the truth, others what a watcher sees; a seat's eyes are for administrators."
    )
    private static let events: [QueryParameter] = [
        limit, eyes, QueryParameter("event_type", .text(64), "Only events of this kind."),
    ]

    private static let rooms = [
        Route(
            .rooms, .get, "/api/rooms", .role(.viewer), query: [limit, afterRoom], named("Rooms"), "Rooms by id."),
        Route(
            .room, .get, "/api/rooms/{id}", .role(.viewer), named("Room"), refusals: noRoom, "One room."),
        Route(
            .roomEvents, .get, "/api/rooms/{id}/events", .role(.viewer),
            query: [
                QueryParameter("after", .integer(0...Route.largest), fallback: 0, "Only events behind this number.")
            ]
                + events, named("RoomEvents"), refusals: replays,
            "What happened in a room, closed or not, oldest first."),
        Route(
            .roomEventsSince, .get, "/api/rooms/{id}/events/{since}", .role(.viewer), query: events,
            named("RoomEvents"),
            refusals: replays, "What happened in a room behind event `since`."),
        Route(
            .roomState, .get, "/api/rooms/{id}/state", .role(.viewer),
            query: [
                eyes, QueryParameter("at", .integer(0...Route.largest), "As of this event, rebuilt from the log."),
                QueryParameter(
                    "source", .choice(["live", "replay"]), fallback: "live", "`replay` rebuilds it from the log."),
            ], named("RoomState"), refusals: replays, "The state of a room's game, as it is or as it was."),
    ]

    // MARK: Store

    private static let store = [
        Route(
            .storeStatistics, .get, "/api/event-store/stats", .role(.viewer), named("StoreStatistics"),
            "What is stored, and how well the store is."),
        Route(
            .storeCleanup, .post, "/api/event-store/cleanup", .role(.administrator),
            query: [
                QueryParameter("older_than_hours", .integer(1...720), fallback: 24, "Age above which things go."),
                QueryParameter("dry_run", .flag, "Reports and deletes nothing."),
            ], named("StoreCleanup"), refusals: [(409, "a cleanup is at work")],
            "Deletes closed rooms and old history that nobody needs."),
        Route(
            .systemEvents, .get, "/api/system/events", .role(.operator),
            query: [
                limit,
                QueryParameter("after", .integer(0...Route.largest), fallback: 0, "Only events behind this number."),
                QueryParameter("kind", .text(64), "Only events of this kind."),
            ], named("SystemEvents"), "What the server itself did: recoveries, operators' actions, cleanups."),
    ]

    // MARK: Logs

    private static let logFilter: [QueryParameter] = [
        QueryParameter("level", .choice(LogQuestion.levels), "This level and above."),
        QueryParameter("category", .choice(LogQuestion.categories), "Only this category."),
        QueryParameter("event", .text(64), "Only lines of this event."),
        QueryParameter("room", .room, "Only lines about this room."),
        QueryParameter("correlation_id", .text(64), "Only lines of this operation."),
        QueryParameter("request_id", .text(64), "Only lines of this request."),
        QueryParameter("text", .text(200), "Only lines that hold this text."),
    ]

    private static let logs = [
        Route(
            .logs, .get, "/api/logs", .role(.operator),
            query: [
                QueryParameter("limit", .integer(1...1000), fallback: 100, "Most lines of one answer."),
                QueryParameter("before", .cursor, "The `next` of the page before: only lines older than that."),
                QueryParameter("from", .instant, "Not before this time."),
                QueryParameter("to", .instant, "Not after this time."),
                QueryParameter("files", .flag, "Also reads the log files, not only the newest lines in memory."),
            ] + logFilter, named("Logs"), "Log lines, newest first."),
        Route(
            .logTail, .get, "/api/logs/tail", .role(.operator),
            query: logFilter + [QueryParameter("ticket", .text(64), "A one-time ticket instead of the token.")],
            [Route.Answer(status: 101)], refusals: [(426, "it is a WebSocket")],
            "A WebSocket (subprotocol `gameserver.logs`) that sends log lines as they are written."),
        Route(
            .logTicket, .post, "/api/logs/tickets", .role(.operator),
            [Route.Answer(status: 201, schema: .named("LogTicket"))],
            "A ticket that opens `/api/logs/tail` once, for pages that cannot send a token."),
        Route(
            .logLevels, .get, "/api/logs/levels", .role(.operator), named("LogLevels"),
            "The least level of each category."),
        Route(
            .setLogLevel, .put, "/api/logs/levels", .role(.operator),
            body: Route.Body(schema: .named("LogLevelChange"), isRequired: true), named("LogLevels"),
            "Changes the least level, of one category or of all without one of their own."),
    ]

    private static let surface = [
        Route(
            .openAPI, .get, "/api/openapi.json", .role(.viewer), json(.map(.any)), "This description, as OpenAPI 3.1.")
    ]
}
