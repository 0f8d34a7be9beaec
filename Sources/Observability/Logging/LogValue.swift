/// The value of one field of a log line.
public enum LogValue: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case redacted

    /// A secret enters a log only in this form.
    public static func secret(_: Secret) -> LogValue { .redacted }

    /// In milliseconds.
    public static func duration(_ duration: Duration) -> LogValue { .number(duration.seconds * 1000) }
}

extension LogValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}

public typealias LogFields = KeyValuePairs<StaticString, LogValue>

/// Whom a log line is about, passed along explicitly; it depends on no task or thread.
public struct LogContext: Sendable, Equatable {
    public var correlationID: String?
    public var connectionID: UInt64?
    public var roomID: String?
    /// The room's sequence number: the same one as on the wire and in the store.
    public var roomSequence: Int?

    public init(
        correlationID: String? = nil, connectionID: UInt64? = nil, roomID: String? = nil, roomSequence: Int? = nil
    ) {
        self.correlationID = correlationID
        self.connectionID = connectionID
        self.roomID = roomID
        self.roomSequence = roomSequence
    }

    public static let none = LogContext()
}
