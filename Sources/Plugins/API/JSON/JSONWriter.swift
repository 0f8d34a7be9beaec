// Writing JSON text straight into a byte buffer: messages are composed of finished pieces, so what is rendered once
// is copied, never parsed or encoded again.

extension [UInt8] {
    /// Appends `text`, which is JSON already.
    public mutating func append(json text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    public mutating func append(json text: [UInt8]) {
        append(contentsOf: text)
    }

    /// Appends the decimal digits of `integer`.
    public mutating func append(jsonInteger integer: some BinaryInteger) {
        if integer >= 0, integer < 10 {
            append(UInt8(ascii: "0") + UInt8(integer))
        } else {
            append(contentsOf: String(integer).utf8)
        }
    }

    /// Appends the shortest text that reads back as `number`; JSON has no infinities, they become `null`.
    public mutating func append(jsonNumber number: Double) {
        guard number.isFinite else { return append(json: "null") }
        append(contentsOf: "\(number)".utf8)
    }

    /// Appends `string` in quotes, escaped as RFC 8259 §7 asks.
    public mutating func append(jsonString string: String) {
        append(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { bytes in
            var clean = 0
            for (index, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                append(contentsOf: bytes[clean..<index])
                clean = index + 1
                appendEscape(of: byte)
            }
            append(contentsOf: bytes[clean...])
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(of byte: UInt8) {
        switch byte {
        case 0x22: append(json: #"\""#)
        case 0x5C: append(json: #"\\"#)
        case 0x0A: append(json: #"\n"#)
        case 0x0D: append(json: #"\r"#)
        case 0x09: append(json: #"\t"#)
        default:
            append(json: #"\u00"#)
            append(Self.hexDigits[Int(byte >> 4)])
            append(Self.hexDigits[Int(byte & 15)])
        }
    }

    private static var hexDigits: [UInt8] { Array("0123456789abcdef".utf8) }
}
