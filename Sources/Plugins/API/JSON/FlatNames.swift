/// Names in code and names on the wire: `turnMs` here, `turn_ms` there.
enum FlatNames {
    /// The member that names an enum's case.
    static let kind = "kind"

    static func snakeCase(_ name: String) -> String {
        guard name.utf8.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) else { return name }
        var snake: [UInt8] = []
        for byte in name.utf8 {
            if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) {
                if !snake.isEmpty { snake.append(UInt8(ascii: "_")) }
                snake.append(byte | 0x20)
            } else {
                snake.append(byte)
            }
        }
        return String(decoding: snake, as: UTF8.self)
    }

    static func camelCase(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "_")) else { return name }
        var camel: [UInt8] = []
        var raise = false
        for byte in name.utf8 {
            if byte == UInt8(ascii: "_"), !camel.isEmpty {
                raise = true
            } else {
                camel.append(raise && (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte & 0xDF : byte)
                raise = false
            }
        }
        return String(decoding: camel, as: UTF8.self)
    }
}

/// A dictionary whose keys are data, not names: they are written as they are.
protocol StringKeyed {}
extension Dictionary: StringKeyed where Key == String {}
