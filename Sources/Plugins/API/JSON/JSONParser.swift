/// Why a text is not the JSON we take.
public enum JSONError: Error, Hashable, Sendable {
    case unexpectedByte(at: Int)
    case unexpectedEnd
    case nestedTooDeep(limit: Int)
    case duplicateKey(at: Int)
    case badString(at: Int)
    case badNumber(at: Int)
    case trailingBytes(at: Int)

    public var message: String {
        switch self {
        case .unexpectedByte(let at): "unexpected character at byte \(at)"
        case .unexpectedEnd: "the text ends too early"
        case .nestedTooDeep(let limit): "nested deeper than \(limit) levels"
        case .duplicateKey(let at): "a key stands twice in one object, again at byte \(at)"
        case .badString(let at): "bad string at byte \(at)"
        case .badNumber(let at): "bad number at byte \(at)"
        case .trailingBytes(let at): "text goes on after the value at byte \(at)"
        }
    }
}

extension JSON {
    /// Deepest nesting that is read; deeper text is refused before it can exhaust the stack.
    public static let maxDepth = 32

    /// Reads one JSON value, strictly: UTF-8, no duplicate keys, nothing after the value but white space.
    ///
    /// - Parameter maxDepth: deepest nesting; at most `JSON.maxDepth`.
    /// - Source: RFC 8259.
    public init(parsing text: [UInt8], maxDepth: Int = JSON.maxDepth) throws(JSONError) {
        var parser = JSONParser(text: text, maxDepth: min(maxDepth, Self.maxDepth))
        self = try parser.document()
    }
}

private struct JSONParser {
    let text: [UInt8]
    let maxDepth: Int
    var index = 0

    init(text: [UInt8], maxDepth: Int) {
        self.text = text
        self.maxDepth = maxDepth
    }

    mutating func document() throws(JSONError) -> JSON {
        let value = try value(depth: 0)
        skipSpace()
        guard index == text.count else { throw .trailingBytes(at: index) }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        guard depth < maxDepth else { throw .nestedTooDeep(limit: maxDepth) }
        skipSpace()
        switch try peek() {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw .unexpectedByte(at: index)
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        index += 1
        var members: [JSON.Member] = []
        var keys: Set<String> = []
        if try closes(with: UInt8(ascii: "}")) { return .object([]) }
        while true {
            skipSpace()
            guard try peek() == UInt8(ascii: "\"") else { throw .unexpectedByte(at: index) }
            let start = index
            let key = try string()
            // A short object is searched faster than it is hashed.
            if members.count < 8 {
                if members.contains(where: { $0.key == key }) { throw .duplicateKey(at: start) }
            } else {
                if keys.isEmpty { keys = Set(members.map(\.key)) }
                if !keys.insert(key).inserted { throw .duplicateKey(at: start) }
            }
            skipSpace()
            try expect(UInt8(ascii: ":"))
            members.append(JSON.Member(key, try value(depth: depth + 1)))
            if try closes(with: UInt8(ascii: "}")) { return .object(members) }
            try expect(UInt8(ascii: ","))
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON {
        index += 1
        var elements: [JSON] = []
        if try closes(with: UInt8(ascii: "]")) { return .array([]) }
        while true {
            elements.append(try value(depth: depth + 1))
            if try closes(with: UInt8(ascii: "]")) { return .array(elements) }
            try expect(UInt8(ascii: ","))
        }
    }

    private mutating func string() throws(JSONError) -> String {
        let start = index
        index += 1
        let first = index
        while index < text.count, text[index] != UInt8(ascii: "\""), text[index] != UInt8(ascii: "\\") {
            guard text[index] >= 0x20 else { throw .badString(at: index) }
            index += 1
        }
        guard index < text.count else { throw .unexpectedEnd }
        var bytes = Array(text[first..<index])
        while text[index] != UInt8(ascii: "\"") {
            if text[index] == UInt8(ascii: "\\") {
                try escape(into: &bytes)
            } else {
                guard text[index] >= 0x20 else { throw .badString(at: index) }
                bytes.append(text[index])
                index += 1
            }
            guard index < text.count else { throw .unexpectedEnd }
        }
        index += 1
        guard let string = String(validating: bytes, as: UTF8.self) else { throw .badString(at: start) }
        return string
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(JSONError) {
        let start = index
        index += 1
        guard index < text.count else { throw .unexpectedEnd }
        let code = text[index]
        index += 1
        switch code {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(code)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = UInt32(try hexadecimal())
            if (0xD800..<0xDC00).contains(scalar) {
                guard index + 1 < text.count, text[index] == UInt8(ascii: "\\"), text[index + 1] == UInt8(ascii: "u")
                else { throw .badString(at: start) }
                index += 2
                let low = UInt32(try hexadecimal())
                guard (0xDC00..<0xE000).contains(low) else { throw .badString(at: start) }
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let unicode = Unicode.Scalar(scalar) else { throw .badString(at: start) }
            bytes.append(contentsOf: UTF8.encode(unicode) ?? UTF8.encodedReplacementCharacter)
        default: throw .badString(at: start)
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt16 {
        guard index + 4 <= text.count else { throw .unexpectedEnd }
        var value: UInt16 = 0
        for byte in text[index..<index + 4] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt16(byte - 0x30)
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt16(byte - 0x61 + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt16(byte - 0x41 + 10)
            default: throw .badString(at: index)
            }
        }
        index += 4
        return value
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = index
        var whole = true
        if text[index] == UInt8(ascii: "-") { index += 1 }
        let integerDigits = digits()
        guard integerDigits > 0, integerDigits == 1 || text[index - integerDigits] != UInt8(ascii: "0") else {
            throw .badNumber(at: start)
        }
        if index < text.count, text[index] == UInt8(ascii: ".") {
            whole = false
            index += 1
            guard digits() > 0 else { throw .badNumber(at: start) }
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            whole = false
            index += 1
            if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") { index += 1 }
            guard digits() > 0 else { throw .badNumber(at: start) }
        }
        let digits = String(decoding: text[start..<index], as: UTF8.self)
        if whole, let integer = Int64(digits) { return .integer(integer) }
        guard let number = Double(digits), number.isFinite else { throw .badNumber(at: start) }
        return .number(number)
    }

    private mutating func digits() -> Int {
        let start = index
        while index < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[index]) { index += 1 }
        return index - start
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let matches = word.withUTF8Buffer { text[index...].starts(with: $0) }
        guard matches else { throw .unexpectedByte(at: index) }
        index += word.utf8CodeUnitCount
        return value
    }

    private mutating func closes(with byte: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard try peek() == byte else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard try peek() == byte else { throw .unexpectedByte(at: index) }
        index += 1
    }

    private func peek() throws(JSONError) -> UInt8 {
        guard index < text.count else { throw .unexpectedEnd }
        return text[index]
    }

    private mutating func skipSpace() {
        while index < text.count,
            text[index] == 0x20 || text[index] == 0x09 || text[index] == 0x0A || text[index] == 0x0D
        {
            index += 1
        }
    }
}
