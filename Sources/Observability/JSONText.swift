/// JSON under construction: members and elements in the order they are written, commas where they belong.
///
/// The caller opens and closes in pairs and writes keys only inside objects. What it cannot get wrong is the text: every
/// string is escaped, and a number JSON has no word for is `null`.
///
/// - Source: RFC 8259.
public struct JSONText: Sendable {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init() {}

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Structure

    /// - Parameter bracket: `{` or `[`.
    public mutating func open(_ bracket: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    /// - Parameter bracket: `}` or `]`.
    public mutating func close(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    /// The name of the member whose value is written next.
    public mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func object(_ name: String, _ members: (inout JSONText) -> Void) {
        key(name)
        open("{")
        members(&self)
        close("}")
    }

    public mutating func array(_ name: String, _ elements: (inout JSONText) -> Void) {
        key(name)
        open("[")
        elements(&self)
        close("]")
    }

    // MARK: Members and elements; nil is `null`

    public mutating func member(_ name: String, _ value: String?) {
        key(name)
        element(value)
    }

    public mutating func member(_ name: String, _ value: Int?) {
        key(name)
        element(value)
    }

    public mutating func member(_ name: String, _ value: Double?) {
        key(name)
        element(value)
    }

    public mutating func member(_ name: String, _ value: Bool?) {
        key(name)
        element(value)
    }

    public mutating func element(_ value: String?) {
        guard let value else { return raw("null") }
        separate()
        quote(value)
        needsComma = true
    }

    public mutating func element(_ value: Int?) { raw(value.map(String.init) ?? "null") }

    public mutating func element(_ value: Bool?) { raw(value.map { $0 ? "true" : "false" } ?? "null") }

    /// A whole number has no fraction; what is not finite is `null`.
    public mutating func element(_ value: Double?) {
        guard let value, value.isFinite else { return raw("null") }
        raw(Int(exactly: value).map(String.init) ?? "\(value)")
    }

    /// - Parameter json: one complete JSON value, written as it is.
    public mutating func raw(_ json: String) {
        separate()
        bytes.append(contentsOf: json.utf8)
        needsComma = true
    }

    // MARK: Bytes

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case 0..<0x20, 0x7F:
                let hex = String(byte, radix: 16)
                bytes.append(contentsOf: "\\u00\(hex.count < 2 ? "0" : "")\(hex)".utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
