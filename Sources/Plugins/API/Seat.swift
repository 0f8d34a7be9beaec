/// A place at the table, counted from 0. Its player may change; the seat stays.
public struct Seat: Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
    public let index: Int

    public init(_ index: Int) { self.index = index }
    public init(integerLiteral value: Int) { index = value }

    public static func < (left: Seat, right: Seat) -> Bool { left.index < right.index }
}

extension Seat: Codable {
    public init(from decoder: any Decoder) throws {
        index = try decoder.singleValueContainer().decode(Int.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(index)
    }
}

/// Whose eyes a view is made for.
public enum Viewer: Hashable, Sendable {
    case seat(Seat)
    /// Sits nowhere and may know only what everybody knows.
    case watcher

    public var seat: Seat? {
        if case .seat(let seat) = self { seat } else { nil }
    }
}

/// What became of the person in a seat while the game ran.
public enum Presence: String, Hashable, Sendable, Codable {
    /// Gone for longer than the grace time; the manifest's drop policy has acted.
    case dropped
    /// Back in the seat, which obeys them again at once.
    case returned
    /// Left for good; a bot keeps the seat to the end.
    case left
}
