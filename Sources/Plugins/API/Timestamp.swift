/// A wall-clock instant in Unix milliseconds, as it stands on the wire and in the store.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let unixMilliseconds: Int64

    public init(unixMilliseconds: Int64) { self.unixMilliseconds = unixMilliseconds }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.unixMilliseconds < right.unixMilliseconds
    }

    public static func + (instant: Timestamp, delay: Duration) -> Timestamp {
        Timestamp(unixMilliseconds: instant.unixMilliseconds + delay.milliseconds)
    }

    public static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        .milliseconds(later.unixMilliseconds - earlier.unixMilliseconds)
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        unixMilliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(unixMilliseconds)
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero.
    public var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
