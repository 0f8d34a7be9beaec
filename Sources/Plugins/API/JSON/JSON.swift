/// A JSON value as a tree.
///
/// Whole numbers that fit 64 bits keep their exactness (`integer`); an object keeps the order of its members.
///
/// - Source: RFC 8259.
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([Member])

    public struct Member: Sendable, Hashable {
        public let key: String
        public let value: JSON

        public init(_ key: String, _ value: JSON) {
            self.key = key
            self.value = value
        }
    }

    /// The member `key` of an object; nil when there is none, or no object.
    public subscript(key: String) -> JSON? {
        members?.first { $0.key == key }?.value
    }

    public var members: [Member]? { if case .object(let members) = self { members } else { nil } }
    public var elements: [JSON]? { if case .array(let elements) = self { elements } else { nil } }
    public var string: String? { if case .string(let string) = self { string } else { nil } }
    public var integer: Int64? { if case .integer(let integer) = self { integer } else { nil } }
    public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
    public var isNull: Bool { self == .null }

    /// The same object with `other`'s members laid over it.
    public func overlaid(with other: JSON) -> JSON {
        guard let mine = members, let theirs = other.members else { return other }
        let kept = mine.filter { member in !theirs.contains { $0.key == member.key } }
        return .object(kept + theirs)
    }

    /// Compact UTF-8 text of the value.
    public func encoded() -> [UInt8] {
        var text: [UInt8] = []
        write(to: &text)
        return text
    }

    func write(to text: inout [UInt8]) {
        switch self {
        case .null: text.append(json: "null")
        case .bool(let bool): text.append(json: bool ? "true" : "false")
        case .integer(let integer): text.append(jsonInteger: integer)
        case .number(let number): text.append(jsonNumber: number)
        case .string(let string): text.append(jsonString: string)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                element.write(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                text.append(jsonString: member.key)
                text.append(UInt8(ascii: ":"))
                member.value.write(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member($0, $1) }) }
    public init(nilLiteral: ()) { self = .null }
}

/// A tree inside a `Codable` value is written and read as it stands; its keys are data and keep their form.
extension JSON: Codable {
    public init(from decoder: any Decoder) throws {
        guard let json = FlatDecoder.tree(of: decoder) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a JSON tree is read by FlatDecoder only"))
        }
        self = json
    }

    public func encode(to encoder: any Encoder) throws {
        guard FlatEncoder.write(self, to: encoder) else {
            throw EncodingError.invalidValue(
                self,
                .init(codingPath: encoder.codingPath, debugDescription: "a JSON tree is written by FlatEncoder only"))
        }
    }
}
