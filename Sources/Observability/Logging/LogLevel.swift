/// How much a log line matters.
public enum LogLevel: Int, Comparable, CaseIterable, Sendable {
    case trace, debug, info, notice, warning, error, critical

    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

    public var name: String { String(describing: self) }

    /// - Parameter name: a level's name in any case; `warn` means `warning`.
    public init?(name: String) {
        let name = name.lowercased()
        guard let level = Self.allCases.first(where: { $0.name == name || (name == "warn" && $0 == .warning) })
        else { return nil }
        self = level
    }
}

/// What part of the server's life a log line tells of.
public enum LogCategory: String, CaseIterable, Sendable {
    case access
    case gameEvent = "game_event"
    case websocket, performance, security, error, business, audit, recovery, config
    case system
}
