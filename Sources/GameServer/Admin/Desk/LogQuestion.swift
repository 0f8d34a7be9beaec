import Observability

/// Which log lines an operator wants.
struct LogQuestion: Sendable, Equatable {
    /// Unix microseconds.
    var from: Int?
    var to: Int?
    var level: LogLevel?
    var category: LogCategory?
    var event: String?
    var room: String?
    var correlationID: String?
    var requestID: String?
    var text: String?
    /// Only lines before this place.
    var before: LogCursor?
    var limit = 100
    /// Also what is in files only.
    var readsFiles = false

    /// Those that lines have: `trace` and `notice` are written as others.
    static let levels = LogLevel.allCases.filter { $0.word.lowercased() == $0.name }.map(\.name)
    static let categories = LogCategory.allCases.map(\.rawValue)

    init(_ arguments: RouteArguments) {
        from = arguments.integer("from")
        to = arguments.integer("to")
        level = arguments.text("level").flatMap { LogLevel(name: $0) }
        category = arguments.text("category").flatMap { LogCategory(rawValue: $0) }
        event = arguments.text("event")
        // As lines have it: people write ids in small letters too.
        room = arguments.room("room")?.description
        correlationID = arguments.text("correlation_id")
        requestID = arguments.text("request_id")
        text = arguments.text("text")
        before = arguments.text("before").flatMap { LogCursor($0) }
        limit = arguments.integer("limit") ?? 100
        readsFiles = arguments.flag("files")
    }

    /// The same for whoever searches.
    var filter: LogFilter {
        var filter = LogFilter()
        filter.from = from
        filter.to = to
        filter.level = level
        filter.category = category
        filter.event = event
        filter.correlationID = correlationID
        filter.requestID = requestID
        filter.room = room
        filter.text = text
        filter.limit = limit
        filter.before = before
        filter.includesFiles = readsFiles
        return filter
    }
}
