/// How a record becomes a line.
public enum LogFormat: Sendable {
    /// One JSON object, for machines.
    case json
    /// Time, level, category, message and fields, for a terminal.
    case human
}

/// Who speaks in a log: the fields that stay the same from line to line.
public struct LogOrigin: Sendable {
    public var service: String
    public var version: String
    public var node: String
    public var processID: Int

    public init(service: String = "gameserver", version: String, node: String, processID: Int) {
        self.service = service
        self.version = version
        self.node = node
        self.processID = processID
    }
}
