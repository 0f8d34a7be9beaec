import PluginAPI

/// One thing that can be asked over HTTP: where, by whom, with what, and what comes back.
///
/// Matching, the refusal of other methods, the OpenAPI document, the label of the HTTP metrics and the table in
/// docs/OPERATIONS.md all come from these values.
struct Route: Sendable {
    enum Method: String, Sendable { case get = "GET", post = "POST", put = "PUT" }

    /// Who may ask.
    enum Access: Sendable, Equatable {
        case everybody
        case role(OperatorRole)
        /// Everybody with `metrics.public`, else viewers.
        case metrics

        func least(metricsArePublic: Bool) -> OperatorRole? {
            switch self {
            case .everybody: nil
            case .role(let role): role
            case .metrics: metricsArePublic ? nil : .viewer
            }
        }
    }

    /// What a right question is answered with; every wrong one gets the error object.
    struct Answer: Sendable {
        var status = 200
        var type = "application/json"
        var schema: Schema?
    }

    /// JSON a request brings along.
    struct Body: Sendable {
        let schema: Schema
        let isRequired: Bool
    }

    let endpoint: Endpoint
    let method: Method
    /// As the label of metrics and log lines has it; a segment in braces is a parameter.
    let path: String
    /// Other templates with the same meaning; each path also answers with and without `/api`.
    let aliases: [String]
    let access: Access
    /// Probes are not: an orchestrator must never be told to slow down.
    let isLimited: Bool
    let query: [QueryParameter]
    let body: Body?
    let answers: [Answer]
    /// Statuses of refusals that only this route has, with their meaning.
    let refusals: [(status: Int, meaning: String)]
    let summary: String

    static let roomPattern = "^[0-9A-TV-Za-tv-z]{8}$"
    /// The largest number that every reader of JSON keeps exactly.
    static let largest = 1 << 53 - 1

    init(
        _ endpoint: Endpoint, _ method: Method, _ path: String, aliases: [String] = [], _ access: Access,
        isLimited: Bool = true, query: [QueryParameter] = [], body: Body? = nil, _ answers: [Answer],
        refusals: [(Int, String)] = [], _ summary: String
    ) {
        self.endpoint = endpoint
        self.method = method
        self.path = path
        self.aliases = aliases
        self.access = access
        self.isLimited = isLimited
        self.query = query
        self.body = body
        self.answers = answers
        self.refusals = refusals.map { (status: $0.0, meaning: $0.1) }
        self.summary = summary
    }

    /// Whether asking changes something, which the audit trail then tells.
    var isMutating: Bool { method != .get && endpoint != .logTicket }

    /// Every template that means this route, the canonical one first.
    var templates: [String] {
        var all: [String] = []
        for path in [path] + aliases {
            let bare = path.hasPrefix("/api/") ? String(path.dropFirst(4)) : path
            for form in [path, bare, "/api" + bare] where !all.contains(form) { all.append(form) }
        }
        return all
    }

    /// Names of the parameters in the path, in order.
    var pathParameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }
}

/// The questions there are. The compiler sees to it that each is answered; the table, that each has a path.
enum Endpoint: String, Sendable, CaseIterable {
    case live, ready, started
    case health, detailedHealth, healthHistory, socketHealth, storeHealth
    case metrics, roomFigures, socketStatistics, systemStatistics, roomStatistics, rateStatistics
    case recoveryStatus, recoveryTrigger, procedureEnable, procedureDisable
    case rooms, room, roomEvents, roomEventsSince, roomState
    case storeStatistics, storeCleanup, systemEvents
    case logs, logTail, logTicket, logLevels, setLogLevel
    case tlsReload
    case openAPI
}
