/// Reads protobuf by hand, so that the exposition is not checked against its own writer.
struct ProtobufReader {
    enum Field: Equatable {
        case varint(UInt64)
        case double(Double)
        case bytes([UInt8])
    }

    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    /// Messages that each begin with their length.
    static func delimited(_ bytes: [UInt8]) -> [[Int: [Field]]] {
        var reader = ProtobufReader(bytes)
        var messages: [[Int: [Field]]] = []
        while !reader.bytes.isEmpty { messages.append(message(reader.take(Int(reader.varint())))) }
        return messages
    }

    static func message(_ bytes: [UInt8]) -> [Int: [Field]] {
        var reader = ProtobufReader(bytes)
        var fields: [Int: [Field]] = [:]
        while !reader.bytes.isEmpty {
            let tag = reader.varint()
            let field: Field =
                switch tag & 7 {
                case 0: .varint(reader.varint())
                case 1:
                    .double(
                        Double(
                            bitPattern: reader.take(8).enumerated().reduce(0) {
                                $0 | UInt64($1.element) << UInt64($1.offset * 8)
                            }))
                default: .bytes(reader.take(Int(reader.varint())))
                }
            fields[Int(tag >> 3), default: []].append(field)
        }
        return fields
    }

    static func varints(_ bytes: [UInt8]) -> [UInt64] {
        var reader = ProtobufReader(bytes)
        var numbers: [UInt64] = []
        while !reader.bytes.isEmpty { numbers.append(reader.varint()) }
        return numbers
    }

    static func signed(_ value: UInt64) -> Int { Int(value >> 1) ^ -Int(value & 1) }

    private mutating func varint() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = bytes.popFirst() {
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { break }
            shift += 7
        }
        return value
    }

    private mutating func take(_ count: Int) -> [UInt8] {
        defer { bytes = bytes.dropFirst(count) }
        return Array(bytes.prefix(count))
    }
}

extension [Int: [ProtobufReader.Field]] {
    func text(_ field: Int) -> String? { bytes(field).first.map { String(decoding: $0, as: UTF8.self) } }

    func bytes(_ field: Int) -> [[UInt8]] {
        (self[field] ?? []).compactMap { if case .bytes(let bytes) = $0 { bytes } else { nil } }
    }

    func messages(_ field: Int) -> [Self] { bytes(field).map(ProtobufReader.message) }

    func number(_ field: Int) -> UInt64? {
        if case .varint(let value)? = self[field]?.first { value } else { nil }
    }

    func double(_ field: Int) -> Double? {
        if case .double(let value)? = self[field]?.first { value } else { nil }
    }
}
