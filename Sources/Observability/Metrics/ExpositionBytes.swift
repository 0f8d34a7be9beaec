/// Numbers as text, appended without making a string of them where that can be.
extension [UInt8] {
    mutating func append(integer: Int) {
        if integer < 0 { append(UInt8(ascii: "-")) }
        append(digits: integer.magnitude, atLeast: 1)
    }

    /// Nanoseconds as seconds with as many decimals as needed.
    mutating func append(nanoseconds: Int) {
        if nanoseconds < 0 { append(UInt8(ascii: "-")) }
        let (seconds, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        append(digits: seconds, atLeast: 1)
        guard rest > 0 else { return }
        append(UInt8(ascii: "."))
        append(digits: rest, atLeast: 9)
        while last == UInt8(ascii: "0") { removeLast() }
    }

    /// Whole numbers without a fraction, the rest as Swift prints them, which readers of the formats take.
    mutating func append(number: Double) {
        if number.isNaN { return append(contentsOf: "NaN".utf8) }
        if number.isInfinite { return append(contentsOf: (number > 0 ? "+Inf" : "-Inf").utf8) }
        if let whole = Int(exactly: number) { return append(integer: whole) }
        append(contentsOf: "\(number)".utf8)
    }

    /// A bucket's bound in OpenMetrics' canonical form: `1.0`, `0.005`, `+Inf`.
    mutating func append(bound: Double) {
        append(number: bound)
        if bound.isFinite, bound == bound.rounded() { append(contentsOf: ".0".utf8) }
    }

    private mutating func append(digits value: UInt, atLeast width: Int) {
        var text: (UInt64, UInt64, UInt64) = (0, 0, 0)
        Swift.withUnsafeMutableBytes(of: &text) { buffer in
            var value = value
            var start = buffer.count
            var written = 0
            repeat {
                start -= 1
                written += 1
                buffer[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
                value /= 10
            } while value > 0 || written < width
            append(contentsOf: buffer[start...])
        }
    }

    /// - Parameter quotes: whether a quotation mark is escaped too, as in a label's value.
    mutating func append(escaped text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append(contentsOf: [byte, byte])
            case UInt8(ascii: "\n"): append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case UInt8(ascii: "\"") where quotes: append(contentsOf: [UInt8(ascii: "\\"), byte])
            default: append(byte)
            }
        }
    }

    /// `{a="b",c="d"}`, nothing for no labels.
    mutating func append(labels: [(name: String, value: String)]) {
        guard !labels.isEmpty else { return }
        append(UInt8(ascii: "{"))
        for (index, label) in labels.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(contentsOf: label.name.utf8)
            append(contentsOf: "=\"".utf8)
            append(escaped: label.value, quotes: true)
            append(UInt8(ascii: "\""))
        }
        append(UInt8(ascii: "}"))
    }
}
