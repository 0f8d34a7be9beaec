/// How much a log line matters.
public enum LogLevel: Int, Comparable, CaseIterable, Sendable {
    case trace, debug, info, notice, warning, error, critical

    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

    /// As settings spell it.
    public var name: String { String(describing: self) }

    /// As a line spells it: the schema knows five levels.
    public var word: String {
        switch self {
        case .trace, .debug: "DEBUG"
        case .info, .notice: "INFO"
        case .warning: "WARNING"
        case .error: "ERROR"
        case .critical: "CRITICAL"
        }
    }

    /// The words of all lines at or above this level.
    public var wordsFromHere: [String] {
        let words = Self.allCases.filter { $0 >= self || $0.word == word }.map(\.word)
        return words.enumerated().filter { words.firstIndex(of: $1) == $0 }.map(\.element)
    }

    /// - Parameter name: a level's name in any case; `warn` means `warning`.
    public init?(name: String) {
        let name = name.lowercased()
        guard let level = Self.allCases.first(where: { $0.name == name || (name == "warn" && $0 == .warning) })
        else { return nil }
        self = level
    }

    /// The same as `rawValue`, known to the caller's module so that a line below the level costs no call.
    @inlinable var rank: UInt64 {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }
}

/// What part of the server's life a log line tells of.
public enum LogCategory: String, CaseIterable, Sendable {
    case access
    case gameEvent = "game_event"
    case websocket, performance, security, error, business, audit, recovery, config
    case system

    /// The place among `allCases`, known to the caller's module.
    @inlinable var index: UInt64 {
        switch self {
        case .access: 0
        case .gameEvent: 1
        case .websocket: 2
        case .performance: 3
        case .security: 4
        case .error: 5
        case .business: 6
        case .audit: 7
        case .recovery: 8
        case .config: 9
        case .system: 10
        }
    }

    /// Whether every line counts by itself, so that repeats are no noise: one per request, per step of a game, per
    /// action of an operator.
    var isRecord: Bool { self == .access || self == .gameEvent || self == .audit }
}
