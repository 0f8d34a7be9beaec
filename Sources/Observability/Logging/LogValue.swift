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

/// What a line says beyond its message: its `details`, in the order given.
///
/// A name may be anything, also one of the schema's own. Of two fields with one name the first counts.
public struct LogFields: Sendable, ExpressibleByDictionaryLiteral {
    var pairs: [(String, LogValue)]

    public init(dictionaryLiteral pairs: (String, LogValue)...) { self.pairs = pairs }

    public init(_ pairs: [(String, LogValue)]) { self.pairs = pairs }

    /// Texts by name, sorted so that equal ones read alike.
    public init(_ texts: [String: String]) {
        pairs = texts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }
    }
}
