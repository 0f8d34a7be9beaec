/// A room's public name: 8 characters of Crockford base32, random, so that it can be read aloud and typed.
public struct RoomID: Hashable, Sendable, CustomStringConvertible {
    /// 40 bits.
    public let raw: UInt64

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    private static let length = 8

    public init(raw: UInt64) { self.raw = raw & 0xFF_FFFF_FFFF }

    public static func random(using generator: inout some RandomNumberGenerator) -> RoomID {
        RoomID(raw: generator.next())
    }

    /// Reads an id as people write it: case does not matter, I and L are 1, O is 0.
    public init?(_ text: String) {
        guard text.utf8.count == Self.length else { return nil }
        var raw: UInt64 = 0
        for byte in text.utf8 {
            let upper = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte & 0xDF : byte
            let digit =
                switch upper {
                case UInt8(ascii: "I"), UInt8(ascii: "L"): UInt8(ascii: "1")
                case UInt8(ascii: "O"): UInt8(ascii: "0")
                default: upper
                }
            guard let value = Self.alphabet.firstIndex(of: digit) else { return nil }
            raw = raw << 5 | UInt64(value)
        }
        self.raw = raw
    }

    public var description: String {
        let digits = (0..<Self.length).reversed().map { Self.alphabet[Int(raw >> (5 * UInt64($0)) & 31)] }
        return String(decoding: digits, as: UTF8.self)
    }
}

extension RoomID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = RoomID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected a room id")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
