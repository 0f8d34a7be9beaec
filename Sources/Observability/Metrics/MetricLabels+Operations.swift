/// The life of a room, as the wire names it.
public enum RoomStateLabel: Int, MetricLabel {
    case waiting, playing, finished
    public static var labelName: String { "state" }
}

public enum RoomEndLabel: Int, MetricLabel {
    case finished, abandoned, host, other
    public static var labelName: String { "reason" }
}

public enum PlayerKindLabel: Int, MetricLabel {
    case human, bot
    public static var labelName: String { "kind" }
}

/// What the event store said to a record.
public enum CommitLabel: Int, MetricLabel {
    case committed, conflict, fenced, unavailable, unknown
    public static var labelName: String { "outcome" }
}

/// What the event store can be asked, or does by itself.
public enum StoreOperationLabel: Int, MetricLabel {
    case append, claim, snapshot, read, directory, verify, begin, commit, checkpoint
    case note, statistics, cleanup, reopen, scrub, other
    public static var labelName: String { "op" }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.labelValue, $0) })

    /// - Parameter name: the operation's own name; one outside the set counts as `other`.
    public init(named name: String) { self = Self.byName[name] ?? .other }
}

/// What kind of trouble the event store met.
public enum StoreErrorLabel: Int, MetricLabel {
    case busy, full, io, corrupt, readonly, other
    public static var labelName: String { "kind" }
}

public enum HTTPMethodLabel: Int, MetricLabel {
    case get, head, post, put, delete, patch, options, other
    public static var labelName: String { "http_request_method" }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.labelValue, $0) })

    public var labelValue: String { self == .other ? "_OTHER" : "\(self)".uppercased() }

    public init(named name: String) { self = Self.byName[name] ?? .other }
}

/// The status of an answer; one outside the set counts as the first of its class.
public enum HTTPStatusLabel: Int, MetricLabel {
    case switching, ok, created, accepted, noContent, moved, notModified, redirected
    case badRequest, unauthorized, forbidden, notFound, methodNotAllowed, notAcceptable, timeout, conflict, gone,
        tooLarge
    case mediaType, upgradeRequired, tooMany, headersTooLarge
    case `internal`, notImplemented, unavailable
    public static var labelName: String { "http_response_status_code" }

    private static let codes = [
        101, 200, 201, 202, 204, 301, 304, 308, 400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 415, 426, 429, 431,
        500,
        501, 503,
    ]

    public init(code: Int) {
        let firstOfClass: HTTPStatusLabel =
            switch code {
            case ..<200: .switching
            case ..<300: .ok
            case ..<400: .moved
            case ..<500: .badRequest
            default: .internal
            }
        self = Self.codes.firstIndex(of: code).flatMap(Self.init(rawValue:)) ?? firstOfClass
    }

    public var labelValue: String { String(Self.codes[rawValue]) }
}

/// How well a component is; the numbers are `gameserver_health_level`'s.
public enum HealthStateLabel: Int, MetricLabel {
    case healthy, warning, critical, unknown
    /// A state set's label is named like its family.
    public static var labelName: String { "gameserver_health_state" }
}

public enum CheckLabel: Int, MetricLabel {
    case ok, failed, timeout
    public static var labelName: String { "result" }
}

public enum ProcedureLabel: Int, MetricLabel {
    case staleConnections, highPendingMessages, roomStateCorruption, clientDesync, memoryPressure, systemOverload
    case databaseConnectionLoss, reconnectStorm, pluginFault, other
    public static var labelName: String { "procedure" }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.labelValue, $0) })

    public init(named name: String) { self = Self.byName[name] ?? .other }
}

/// What a run of a recovery procedure came to.
public enum RecoveryLabel: Int, MetricLabel {
    case effective, ineffective, harmful, failed, refused, dryRun
    public static var labelName: String { "result" }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.labelValue, $0) })

    /// - Parameter name: the verdict's name; one outside the set counts as `failed`.
    public init(named name: String) { self = Self.byName[name] ?? .failed }
}

/// A level in the words of a log line.
public enum LogLevelLabel: Int, MetricLabel {
    case debug, info, warning, error, critical
    public static var labelName: String { "level" }

    public init(_ level: LogLevel) {
        self =
            switch level {
            case .trace, .debug: .debug
            case .info, .notice: .info
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }
}

public enum LogCategoryLabel: Int, MetricLabel {
    case access, gameEvent, websocket, performance, security, error, business, audit, recovery, config, system, other
    public static var labelName: String { "category" }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.labelValue, $0) })

    public init(_ category: LogCategory) { self = Self.byName[category.rawValue] ?? .other }
}

/// What observing costs, by thread.
public enum ObserverLabel: Int, MetricLabel {
    case monitor, logWriter, storeReader
    public static var labelName: String { "part" }
}
