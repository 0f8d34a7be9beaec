/// One JSON object under construction.
struct LogLine {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// - Parameter capacity: bytes to have room for at first.
    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func open(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    mutating func close(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    /// A name that stands in the program and needs no escape.
    mutating func key(_ name: StaticString) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    /// A name that may be anything.
    mutating func key(any name: String, maxBytes: Int = LogEncoder.maxNameBytes) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        text(name, maxBytes: maxBytes)
        bytes.append(UInt8(ascii: ":"))
    }

    mutating func member(_ name: StaticString, _ value: LogValue, maxBytes: Int = LogEncoder.maxValueBytes) {
        key(name)
        self.value(value, maxBytes: maxBytes)
    }

    mutating func member(_ name: StaticString, _ value: String, maxBytes: Int = LogEncoder.maxValueBytes) {
        key(name)
        text(value, maxBytes: maxBytes)
        needsComma = true
    }

    /// A time, as RFC 3339 has it.
    mutating func member(_ name: StaticString, microseconds: Int) {
        key(name)
        bytes.append(UInt8(ascii: "\""))
        Timestamp.append(microseconds: microseconds, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// A value that stands in the program.
    mutating func member(_ name: StaticString, _ value: StaticString) {
        key(name)
        bytes.append(UInt8(ascii: "\""))
        let maxBytes = LogEncoder.maxNameBytes
        if !value.withUTF8Buffer({ plain($0, maxBytes: maxBytes) }) { escape("\(value)", maxBytes: maxBytes) }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// The end of the outermost object and of its line.
    mutating func end() {
        close("}")
        bytes.append(UInt8(ascii: "\n"))
    }

    /// The next element of a list.
    mutating func element(_ text: String, maxBytes: Int) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        self.text(text, maxBytes: maxBytes)
        needsComma = true
    }

    /// Members that were made apart.
    mutating func append(members: LogLine) {
        guard !members.bytes.isEmpty else { return }
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        bytes += members.bytes
        needsComma = true
    }

    /// Takes back what was written after `count` bytes, a whole member.
    mutating func cut(to count: Int) {
        bytes.removeLast(bytes.count - count)
        needsComma = bytes.last != UInt8(ascii: "{")
    }

    /// What follows a key.
    mutating func value(_ value: LogValue, maxBytes: Int = LogEncoder.maxValueBytes) {
        switch value {
        case .string(let value): text(value, maxBytes: maxBytes)
        case .integer(let value): append(value)
        case .number(let value) where value.isFinite: bytes.append(contentsOf: "\(value)".utf8)
        case .number(let value): text("\(value)", maxBytes: maxBytes)
        case .boolean(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .redacted: text("[redacted]", maxBytes: maxBytes)
        }
        needsComma = true
    }

    /// - Parameter maxBytes: of the escaped text; the rest is cut at a character.
    private mutating func text(_ text: String, maxBytes: Int) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        if !text.withUTF8({ plain($0, maxBytes: maxBytes) }) { escape(text, maxBytes: maxBytes) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Most text needs no escape: it is taken whole.
    private mutating func plain(_ text: UnsafeBufferPointer<UInt8>, maxBytes: Int) -> Bool {
        guard text.count <= maxBytes, Self.isPlain(UnsafeRawBufferPointer(text)) else { return false }
        bytes.append(contentsOf: text)
        return true
    }

    /// Whether all of it is printable ASCII that JSON takes as it is; looks at eight bytes at a time.
    ///
    /// - Source: Warren, "Hacker's Delight", §6-1, on finding a byte in a word.
    private static func isPlain(_ text: UnsafeRawBufferPointer) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        func hasZero(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
        var index = 0
        var odd: UInt64 = 0
        while index + 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            odd |= word | (word &- ones &* 0x20) & ~word
            odd |= hasZero(word ^ ones &* 0x22) | hasZero(word ^ ones &* 0x5c) | hasZero(word ^ ones &* 0x7f)
            index += 8
        }
        guard odd & highs == 0 else { return false }
        while index < text.count {
            let byte = text[index]
            guard byte >= 0x20, byte < 0x7f, byte != 0x22, byte != 0x5c else { return false }
            index += 1
        }
        return true
    }

    /// In decimal, without a text in between.
    private mutating func append(_ value: Int) {
        var rest = value.magnitude
        var length = 1
        while rest >= 10 {
            rest /= 10
            length += 1
        }
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: length))
        rest = value.magnitude
        for index in (start..<start + length).reversed() {
            bytes[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    private mutating func escape(_ text: String, maxBytes: Int) {
        let start = bytes.count
        for scalar in text.unicodeScalars {
            guard bytes.count - start < maxBytes else {
                bytes.append(contentsOf: "…".utf8)
                break
            }
            switch scalar {
            case "\"": bytes.append(contentsOf: "\\\"".utf8)
            case "\\": bytes.append(contentsOf: "\\\\".utf8)
            case "\n": bytes.append(contentsOf: "\\n".utf8)
            case _ where Self.steers(scalar):
                let hex = String(scalar.value, radix: 16)
                bytes.append(contentsOf: "\\u\(String(repeating: "0", count: max(0, 4 - hex.count)))\(hex)".utf8)
            default: UTF8.encode(scalar).map { bytes.append(contentsOf: $0) }
            }
        }
    }

    /// Control characters, separators of lines, and what turns the direction of reading; none lies above U+FFFF.
    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }
}
