/// Writes a `Codable` value as JSON text in one pass, in the form the wire and the store share.
///
/// Names become snake_case, an enum case becomes `{"kind": "case_name", …fields}`, a nil optional is left out.
public enum FlatEncoder {
    /// - Throws: only what a hand-written `encode(to:)` throws.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        let output = FlatOutput()
        try output.write(value, path: [])
        output.closeAll()
        return output.text
    }

    static func write(_ tree: JSON, to encoder: any Encoder) -> Bool {
        guard let encoder = encoder as? FlatValueEncoder else { return false }
        tree.write(to: &encoder.output.text)
        return true
    }
}

/// The text so far, and the objects and arrays still open in it.
private final class FlatOutput {
    struct Open {
        let isObject: Bool
        var isEmpty = true
        var keepsNames = false
    }

    var text: [UInt8] = []
    private var open: [Open] = []

    init() { text.reserveCapacity(256) }

    func begin(object: Bool, keepsNames: Bool = false) -> Int {
        text.append(UInt8(ascii: object ? "{" : "["))
        open.append(Open(isObject: object, keepsNames: keepsNames))
        return open.count
    }

    /// Closes whatever was opened inside the container at `depth`, so that it can go on.
    func close(above depth: Int) {
        while open.count > depth {
            let closed = open.removeLast()
            text.append(UInt8(ascii: closed.isObject ? "}" : "]"))
        }
    }

    func closeAll() { close(above: 0) }

    func isEmpty(at depth: Int) -> Bool { open[depth - 1].isEmpty }

    func member(_ key: String, at depth: Int) {
        element(at: depth)
        text.append(jsonString: open[depth - 1].keepsNames ? key : FlatNames.snakeCase(key))
        text.append(UInt8(ascii: ":"))
    }

    func element(at depth: Int) {
        close(above: depth)
        if !open[depth - 1].isEmpty { text.append(UInt8(ascii: ",")) }
        open[depth - 1].isEmpty = false
    }

    func write<Value: Encodable>(_ value: Value, path: [any CodingKey]) throws {
        let start = text.count
        try value.encode(to: FlatValueEncoder(output: self, codingPath: path, keepsNames: value is any StringKeyed))
        if text.count == start { text.append(json: "{}") }  // a type without members asks for no container
    }
}

private struct FlatValueEncoder: Encoder, SingleValueEncodingContainer {
    let output: FlatOutput
    let codingPath: [any CodingKey]
    let keepsNames: Bool
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        let depth = output.begin(object: true, keepsNames: keepsNames)
        return KeyedEncodingContainer(FlatKeyedContainer(output: output, depth: depth, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        FlatUnkeyedContainer(output: output, depth: output.begin(object: false), codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { output.text.append(json: "null") }
    func encode(_ value: Bool) { output.text.append(json: value ? "true" : "false") }
    func encode(_ value: String) { output.text.append(jsonString: value) }
    func encode(_ value: Double) { output.text.append(jsonNumber: value) }
    func encode(_ value: Float) { output.text.append(jsonNumber: Double(value)) }
    func encode(_ value: Int) { output.text.append(jsonInteger: value) }
    func encode(_ value: Int8) { output.text.append(jsonInteger: value) }
    func encode(_ value: Int16) { output.text.append(jsonInteger: value) }
    func encode(_ value: Int32) { output.text.append(jsonInteger: value) }
    func encode(_ value: Int64) { output.text.append(jsonInteger: value) }
    func encode(_ value: UInt) { output.text.append(jsonInteger: value) }
    func encode(_ value: UInt8) { output.text.append(jsonInteger: value) }
    func encode(_ value: UInt16) { output.text.append(jsonInteger: value) }
    func encode(_ value: UInt32) { output.text.append(jsonInteger: value) }
    func encode(_ value: UInt64) { output.text.append(jsonInteger: value) }
    func encode<Value: Encodable>(_ value: Value) throws { try output.write(value, path: codingPath) }
}

private struct FlatKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let output: FlatOutput
    let depth: Int
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) {
        output.member(key.stringValue, at: depth)
        output.text.append(json: "null")
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        output.member(key.stringValue, at: depth)
        try output.write(value, path: codingPath + [key])
    }

    /// Only synthesized enum coding nests under a key of an empty object: the key is the case, its fields follow in
    /// the same object.
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        if output.isEmpty(at: depth) {
            output.member(FlatNames.kind, at: depth)
            output.text.append(jsonString: FlatNames.snakeCase(key.stringValue))
            return KeyedEncodingContainer(
                FlatKeyedContainer<Nested>(output: output, depth: depth, codingPath: codingPath + [key]))
        }
        output.member(key.stringValue, at: depth)
        return KeyedEncodingContainer(
            FlatKeyedContainer<Nested>(
                output: output, depth: output.begin(object: true), codingPath: codingPath + [key]))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        output.member(key.stringValue, at: depth)
        return FlatUnkeyedContainer(
            output: output, depth: output.begin(object: false), codingPath: codingPath + [key])
    }

    func superEncoder() -> any Encoder {
        preconditionFailure("class inheritance has no flat form: make \(codingPath) a struct or an enum")
    }

    func superEncoder(forKey key: Key) -> any Encoder { superEncoder() }
}

private struct FlatUnkeyedContainer: UnkeyedEncodingContainer {
    let output: FlatOutput
    let depth: Int
    let codingPath: [any CodingKey]
    var count = 0

    init(output: FlatOutput, depth: Int, codingPath: [any CodingKey]) {
        self.output = output
        self.depth = depth
        self.codingPath = codingPath
    }

    mutating func encodeNil() {
        next()
        output.text.append(json: "null")
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        next()
        try output.write(value, path: codingPath)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        next()
        return KeyedEncodingContainer(
            FlatKeyedContainer<Nested>(output: output, depth: output.begin(object: true), codingPath: codingPath))
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        next()
        return FlatUnkeyedContainer(output: output, depth: output.begin(object: false), codingPath: codingPath)
    }

    mutating func superEncoder() -> any Encoder {
        preconditionFailure("class inheritance has no flat form: make \(codingPath) a struct or an enum")
    }

    private mutating func next() {
        output.element(at: depth)
        count += 1
    }
}
