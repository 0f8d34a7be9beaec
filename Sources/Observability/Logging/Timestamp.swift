/// Points in time as RFC 3339 text in UTC.
enum Timestamp {
    /// Bytes of the text.
    static let textBytes = 27

    static func text(microseconds: Int) -> String {
        String(unsafeUninitializedCapacity: textBytes) { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            write(microseconds: microseconds, to: base)
            return textBytes
        }
    }

    /// The same as a part of a file's name: `20231114T221320.123456Z`.
    static func compact(microseconds: Int) -> String {
        var text = text(microseconds: microseconds)
        text.removeAll { $0 == "-" || $0 == ":" }
        return text
    }

    /// Writes `textBytes` bytes.
    ///
    /// - Source: RFC 3339 §5.6; days to date after Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    static func write(microseconds: Int, to target: UnsafeMutableRawPointer) {
        var days = microseconds / 86_400_000_000
        if days * 86_400_000_000 > microseconds { days -= 1 }
        let rest = microseconds - days * 86_400_000_000
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let seconds = rest / 1_000_000
        let fraction = rest % 1_000_000
        pair(year / 100 % 100, to: target)
        pair(year % 100, "-", to: target + 2)
        pair(month, "-", to: target + 5)
        pair(dayOfYear - (153 * shifted + 2) / 5 + 1, "T", to: target + 8)
        pair(seconds / 3600, ":", to: target + 11)
        pair(seconds / 60 % 60, ":", to: target + 14)
        pair(seconds % 60, ".", to: target + 17)
        pair(fraction / 10_000, to: target + 20)
        pair(fraction / 100 % 100, to: target + 22)
        pair(fraction % 100, "Z", to: target + 24)
    }

    @inline(__always)
    private static func pair(_ value: Int, to target: UnsafeMutableRawPointer) {
        let digits = UInt8(truncatingIfNeeded: value)
        target.storeBytes(of: UInt8(ascii: "0") + digits / 10, as: UInt8.self)
        target.storeBytes(of: UInt8(ascii: "0") + digits % 10, toByteOffset: 1, as: UInt8.self)
    }

    @inline(__always)
    private static func pair(_ value: Int, _ mark: Unicode.Scalar, to target: UnsafeMutableRawPointer) {
        pair(value, to: target)
        target.storeBytes(of: UInt8(ascii: mark), toByteOffset: 2, as: UInt8.self)
    }

    /// What either text means, or nil when it is neither.
    static func microseconds(of text: some Sequence<UInt8>) -> Int? {
        var bytes = Array(text)
        if bytes.count == 27 {
            for (index, mark) in [(16, ":"), (13, ":"), (7, "-"), (4, "-")] {
                guard bytes.remove(at: index) == mark.utf8.first else { return nil }
            }
        }
        guard bytes.count == 23, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "."),
            bytes[22] == UInt8(ascii: "Z")
        else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15), let fraction = number(16..<22)
        else { return nil }
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return ((days * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000 + fraction
    }
}
