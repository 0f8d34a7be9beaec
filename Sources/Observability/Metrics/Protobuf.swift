/// The few pieces of the protobuf wire format that an exposition needs.
///
/// - Source: protobuf.dev, "Encoding".
enum Protobuf {
    static func zigzag(_ value: Int) -> UInt64 { UInt64(bitPattern: Int64(value << 1 ^ value >> 63)) }

    /// A `LabelPair`.
    static func pair(_ name: String, _ value: String) -> [UInt8] {
        var pair: [UInt8] = []
        pair.append(field: 1, text: name)
        pair.append(field: 2, text: value)
        return pair
    }
}

extension [UInt8] {
    mutating func append(varint value: UInt64) {
        var value = value
        while value >= 0x80 {
            append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        append(UInt8(value))
    }

    /// - Parameter wire: 0 varint, 1 eight bytes, 2 with its length.
    mutating func append(tag field: Int, wire: Int) { append(varint: UInt64(field << 3 | wire)) }

    mutating func append(field: Int, varint value: UInt64) {
        append(tag: field, wire: 0)
        append(varint: value)
    }

    mutating func append(field: Int, zigzag value: Int) { append(field: field, varint: Protobuf.zigzag(value)) }

    mutating func append(field: Int, double value: Double) {
        append(tag: field, wire: 1)
        var bits = value.bitPattern.littleEndian
        Swift.withUnsafeBytes(of: &bits) { append(contentsOf: $0) }
    }

    mutating func append(field: Int, text: String) {
        append(tag: field, wire: 2)
        append(varint: UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    mutating func append(field: Int, message: [UInt8]) {
        append(tag: field, wire: 2)
        append(varint: UInt64(message.count))
        append(contentsOf: message)
    }
}
