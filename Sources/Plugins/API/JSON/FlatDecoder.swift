/// Reads a `Codable` value from the flat form that `FlatEncoder` writes.
///
/// Strict where a guess could be wrong: a whole number is not a fraction, a text is not a number, true is not 1.
public enum FlatDecoder {
    /// - Throws: `DecodingError`; `describe` makes one sentence of it.
    public static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from json: JSON) throws -> Value {
        try Value(from: FlatValueDecoder(json: json, codingPath: [], seen: nil))
    }

    public static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, parsing text: [UInt8]
    ) throws -> Value {
        try decode(type, from: try JSON(parsing: text))
    }

    /// Decodes an object and names the members `Value` did not ask for.
    public static func decodeNamingUnknown<Value: Decodable>(
        _ type: Value.Type, from json: JSON
    ) throws -> (value: Value, unknown: [String]) {
        let seen = SeenNames()
        let value = try Value(from: FlatValueDecoder(json: json, codingPath: [], seen: seen))
        return (value, (json.members ?? []).map(\.key).filter { !seen.names.contains($0) })
    }

    static func tree(of decoder: any Decoder) -> JSON? { (decoder as? FlatValueDecoder)?.json }

    /// One sentence for whoever wrote the text: where, and what was expected.
    public static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else {
            return (error as? JSONError)?.message ?? "it cannot be read"
        }
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty
                ? ""
                : path.map { $0.intValue.map(String.init) ?? FlatNames.snakeCase($0.stringValue) }
                    .joined(separator: ".") + ": "
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(place(context.codingPath))\(FlatNames.snakeCase(key.stringValue)) is missing"
        case .typeMismatch(let type, let context) where type != JSON.self:
            // Synthesized enum coding found no case of this name.
            return place(context.codingPath) + "kind: missing or unknown"
        case .dataCorrupted(let context) where context.debugDescription.hasPrefix("Cannot initialize"):
            return place(context.codingPath) + "not one of the values it can take"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return place(context.codingPath) + context.debugDescription
        @unknown default: return "it cannot be read"
        }
    }
}

private final class SeenNames {
    var names: Set<String> = []
}

private struct FlatValueDecoder: Decoder, SingleValueDecodingContainer {
    let json: JSON
    let codingPath: [any CodingKey]
    let seen: SeenNames?
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let members = json.members else { throw mismatch("an object") }
        return KeyedDecodingContainer(FlatKeyedDecoding(members: members, codingPath: codingPath, seen: seen))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = json.elements else { throw mismatch("a list") }
        return FlatUnkeyedDecoding(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { json.isNull }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard let bool = json.bool else { throw mismatch("true or false") }
        return bool
    }

    func decode(_ type: String.Type) throws -> String {
        guard let string = json.string else { throw mismatch("a text") }
        return string
    }

    func decode(_ type: Double.Type) throws -> Double {
        switch json {
        case .number(let number): return number
        case .integer(let integer): return Double(integer)
        default: throw mismatch("a number")
        }
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: self) }

    private func integer<Value: FixedWidthInteger>() throws -> Value {
        guard let integer = json.integer else { throw mismatch("a whole number") }
        guard let value = Value(exactly: integer) else { throw mismatch("a whole number in range") }
        return value
    }

    private func mismatch(_ expected: String) -> DecodingError {
        .typeMismatch(JSON.self, .init(codingPath: codingPath, debugDescription: "expected \(expected)"))
    }
}

private struct FlatKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [JSON.Member]
    let codingPath: [any CodingKey]
    let seen: SeenNames?
    private let keepsNames = String(describing: Key.self) == "_DictionaryCodingKey"

    init(members: [JSON.Member], codingPath: [any CodingKey], seen: SeenNames?) {
        self.members = members
        self.codingPath = codingPath
        self.seen = seen
    }

    /// Synthesized enum decoding asks which one key there is: the case that `kind` names.
    var allKeys: [Key] {
        if Key(stringValue: FlatNames.kind) == nil, let kind = member(FlatNames.kind)?.string {
            return [Key(stringValue: FlatNames.camelCase(kind))].compactMap(\.self)
                .filter { FlatNames.snakeCase($0.stringValue) == kind }
        }
        return members.compactMap { Key(stringValue: keepsNames ? $0.key : FlatNames.camelCase($0.key)) }
    }

    func contains(_ key: Key) -> Bool { value(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try required(key).isNull }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let inner = FlatValueDecoder(json: try required(key), codingPath: codingPath + [key], seen: nil)
        return try inner.decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        if value(key) == nil, member(FlatNames.kind)?.string.map(FlatNames.camelCase) == key.stringValue {
            return KeyedDecodingContainer(
                FlatKeyedDecoding<Nested>(members: members, codingPath: codingPath, seen: seen))
        }
        let inner = FlatValueDecoder(json: try required(key), codingPath: codingPath + [key], seen: nil)
        return try inner.container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try FlatValueDecoder(json: try required(key), codingPath: codingPath + [key], seen: nil).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "has no flat form"))
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try superDecoder() }

    private func member(_ name: String) -> JSON? {
        seen?.names.insert(name)
        return members.first { $0.key == name }?.value
    }

    private func value(_ key: Key) -> JSON? {
        member(keepsNames ? key.stringValue : FlatNames.snakeCase(key.stringValue))
    }

    private func required(_ key: Key) throws -> JSON {
        if let value = value(key) { return value }
        throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "missing"))
    }
}

private struct FlatUnkeyedDecoding: UnkeyedDecodingContainer {
    let elements: [JSON]
    let codingPath: [any CodingKey]
    var currentIndex = 0

    init(elements: [JSON], codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, elements[currentIndex].isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().decode(type) }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }

    private mutating func next() throws -> FlatValueDecoder {
        let path = codingPath + [Position(currentIndex)]
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                JSON.self, .init(codingPath: path, debugDescription: "the list ends too early"))
        }
        defer { currentIndex += 1 }
        return FlatValueDecoder(json: elements[currentIndex], codingPath: path, seen: nil)
    }
}

private struct Position: CodingKey {
    let index: Int

    init(_ index: Int) { self.index = index }
    init?(stringValue: String) { nil }
    init?(intValue: Int) { index = intValue }
    var stringValue: String { "\(index)" }
    var intValue: Int? { index }
}
