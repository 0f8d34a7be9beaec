/// A value that stands as `null` on the wire when there is none, where a plain optional is left out.
///
/// Use it where readers expect the key to be there always: `winner` of a turn nobody won.
public enum Nullable<Value: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
    case null
    case value(Value)

    public init(_ value: Value?) {
        self = value.map { .value($0) } ?? .null
    }

    public var optional: Value? {
        if case .value(let value) = self { value } else { nil }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self = container.decodeNil() ? .null : .value(try container.decode(Value.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .value(let value): try container.encode(value)
        }
    }
}
