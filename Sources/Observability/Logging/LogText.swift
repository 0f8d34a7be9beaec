import Glibc

/// Log lines under construction, one behind the other, in memory that stays for the next ones.
struct LogText: ~Copyable {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0
    private var needsComma = false

    /// - Parameter capacity: bytes to have room for at first.
    init(capacity: Int) {
        self.capacity = capacity
        memory = .allocate(byteCount: capacity, alignment: 1)
    }

    deinit { memory.deallocate() }

    // MARK: Bytes

    /// A copy of what was written after the first `start` bytes.
    func bytes(from start: Int = 0) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: memory + start, count: count - start))
    }

    mutating func append(_ more: [UInt8]) {
        more.withUnsafeBytes { if let base = $0.baseAddress { append(base, $0.count) } }
    }

    @inline(__always)
    private mutating func append(_ base: UnsafeRawPointer, _ more: Int) {
        reserve(more)
        memcpy(memory + count, base, more)
        count &+= more
    }

    /// Takes back what was written after `count` bytes: whole members, or whole lines.
    mutating func cut(to count: Int) {
        self.count = count
        let last = count > 0 ? memory.load(fromByteOffset: count - 1, as: UInt8.self) : UInt8(ascii: "\n")
        needsComma = last != UInt8(ascii: "{") && last != UInt8(ascii: "\n")
    }

    mutating func removeAll() {
        count = 0
        needsComma = false
    }

    @inline(__always)
    private mutating func mark(_ mark: Unicode.Scalar) {
        reserve(1)
        memory.storeBytes(of: UInt8(ascii: mark), toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    @inline(__always)
    private mutating func append(text: StaticString) { append(text.utf8Start, text.utf8CodeUnitCount) }

    @inline(__always)
    private mutating func reserve(_ more: Int) { if capacity &- count < more { grow(more) } }

    @inline(never)
    private mutating func grow(_ more: Int) {
        capacity = max(2 * capacity, count + more)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 1)
        larger.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = larger
    }

    // MARK: JSON

    mutating func open(_ bracket: Unicode.Scalar) {
        mark(bracket)
        needsComma = false
    }

    mutating func close(_ bracket: Unicode.Scalar) {
        mark(bracket)
        needsComma = true
    }

    /// A name that stands in the program and needs no escape.
    mutating func key(_ name: StaticString) {
        let length = name.utf8CodeUnitCount
        reserve(length + 4)
        var place = memory + count
        if needsComma {
            place.storeBytes(of: UInt8(ascii: ","), as: UInt8.self)
            place += 1
        }
        place.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
        memcpy(place + 1, name.utf8Start, length)
        place.storeBytes(of: UInt8(ascii: "\""), toByteOffset: length &+ 1, as: UInt8.self)
        place.storeBytes(of: UInt8(ascii: ":"), toByteOffset: length &+ 2, as: UInt8.self)
        count = place + length + 3 - memory
    }

    /// A name that may be anything.
    mutating func key(any name: String, maxBytes: Int = LogEncoder.maxNameBytes) {
        if needsComma { mark(",") }
        text(name, maxBytes: maxBytes)
        mark(":")
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
        mark("\"")
        reserve(Timestamp.textBytes)
        Timestamp.write(microseconds: microseconds, to: memory + count)
        count += Timestamp.textBytes
        mark("\"")
        needsComma = true
    }

    /// A value that stands in the program.
    mutating func member(_ name: StaticString, _ value: StaticString) {
        key(name)
        let maxBytes = LogEncoder.maxNameBytes
        if !plain(value.utf8Start, value.utf8CodeUnitCount, maxBytes: maxBytes) {
            text("\(value)", maxBytes: maxBytes)
        }
        needsComma = true
    }

    /// The end of the outermost object and of its line.
    mutating func end() {
        close("}")
        mark("\n")
        needsComma = false
    }

    /// The next element of a list.
    mutating func element(_ text: String, maxBytes: Int) {
        if needsComma { mark(",") }
        self.text(text, maxBytes: maxBytes)
        needsComma = true
    }

    /// Members that were made apart.
    mutating func append(members: [UInt8]) {
        guard !members.isEmpty else { return }
        if needsComma { mark(",") }
        append(members)
        needsComma = true
    }

    /// What follows a key.
    mutating func value(_ value: LogValue, maxBytes: Int = LogEncoder.maxValueBytes) {
        switch value {
        case .string(let value): text(value, maxBytes: maxBytes)
        case .integer(let value): append(value)
        case .number(let value) where value.isFinite: append(string: "\(value)")
        case .number(let value): text("\(value)", maxBytes: maxBytes)
        case .boolean(let value): append(text: value ? "true" : "false")
        case .redacted: text("[redacted]", maxBytes: maxBytes)
        }
        needsComma = true
    }

    /// - Parameter maxBytes: of the escaped text; the rest is cut at a character.
    private mutating func text(_ text: String, maxBytes: Int) {
        var text = text
        if text.withUTF8({ plain($0.baseAddress, $0.count, maxBytes: maxBytes) }) { return }
        mark("\"")
        escape(text, maxBytes: maxBytes)
        mark("\"")
    }

    /// Most text needs no escape: it is taken whole.
    ///
    /// - Returns: false when it does, or is too long; then nothing is written.
    private mutating func plain(_ base: UnsafeRawPointer?, _ length: Int, maxBytes: Int) -> Bool {
        let bytes = UnsafeRawBufferPointer(start: base, count: length)
        guard length <= maxBytes, Self.isPlain(bytes) else { return false }
        reserve(length + 2)
        let place = memory + count
        place.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
        if let base { memcpy(place + 1, base, length) }
        place.storeBytes(of: UInt8(ascii: "\""), toByteOffset: length &+ 1, as: UInt8.self)
        count &+= length &+ 2
        return true
    }

    private mutating func append(string text: String) {
        var text = text
        text.withUTF8 { if let base = $0.baseAddress { append(base, $0.count) } }
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
        reserve(length + 1)
        if value < 0 { mark("-") }
        count += length
        rest = value.magnitude
        for place in 1...length {
            let digit = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            memory.storeBytes(of: digit, toByteOffset: count - place, as: UInt8.self)
            rest /= 10
        }
    }

    private mutating func escape(_ text: String, maxBytes: Int) {
        let start = count
        for scalar in text.unicodeScalars {
            guard count - start < maxBytes else {
                append(text: "…")
                break
            }
            switch scalar {
            case "\"": append(text: "\\\"")
            case "\\": append(text: "\\\\")
            case "\n": append(text: "\\n")
            case _ where Self.steers(scalar):
                let hex = String(scalar.value, radix: 16)
                append(string: "\\u\(String(repeating: "0", count: max(0, 4 - hex.count)))\(hex)")
            default: append(string: String(scalar))
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
