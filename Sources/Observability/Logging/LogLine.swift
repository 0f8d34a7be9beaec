/// One JSON object under construction.
struct LogLine {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    mutating func open(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    mutating func close(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    mutating func key(_ name: String) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        text(name)
        bytes.append(UInt8(ascii: ":"))
    }

    mutating func member(_ name: String, _ value: LogValue) {
        key(name)
        switch value {
        case .string(let value): text(value)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let value) where value.isFinite: bytes.append(contentsOf: "\(value)".utf8)
        case .number(let value): text("\(value)")
        case .boolean(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .redacted: text("[redacted]")
        }
        needsComma = true
    }

    /// Takes back what was written after `count` bytes, a whole member.
    mutating func cut(to count: Int) {
        bytes.removeLast(bytes.count - count)
        needsComma = bytes.last != UInt8(ascii: "{")
    }

    private mutating func text(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        let start = bytes.count
        for scalar in text.unicodeScalars {
            guard bytes.count - start < LogEncoder.maxValueBytes else {
                bytes.append(contentsOf: "…".utf8)
                break
            }
            switch scalar {
            case "\"": bytes.append(contentsOf: "\\\"".utf8)
            case "\\": bytes.append(contentsOf: "\\\\".utf8)
            case "\n": bytes.append(contentsOf: "\\n".utf8)
            case _ where scalar.properties.generalCategory == .control:
                let hex = String(scalar.value, radix: 16)
                bytes.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - hex.count))\(hex)".utf8)
            default: bytes.append(contentsOf: UTF8.encode(scalar)!)  // every scalar has an encoding
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// Points in time as RFC 3339 text in UTC.
enum Timestamp {
    /// - Source: RFC 3339 §5.6; days to date after Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    static func text(microseconds: Int) -> String {
        let day = Int((Double(microseconds) / 86_400e6).rounded(.down))
        let rest = microseconds - day * 86_400_000_000
        let z = day + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfYear - (153 * shifted + 2) / 5 + 1, 2))"
        let seconds = rest / 1_000_000
        let time = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return "\(date)T\(time).\(padded(rest % 1_000_000, 6))Z"
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
