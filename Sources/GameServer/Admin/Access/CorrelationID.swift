import WebSocket

/// The name of one request in answers and log lines.
enum CorrelationID {
    static let maxCharacters = 64

    /// The client's own, if it may stand in a log line, else a new one.
    static func of(_ request: Request) -> String {
        request.headers["X-Request-Id"].flatMap { isValid($0) ? $0 : nil } ?? fresh()
    }

    /// 1 to 64 of `[A-Za-z0-9._-]`.
    static func isValid(_ text: String) -> Bool {
        (1...maxCharacters).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// 32 hexadecimal digits, as a trace has.
    static func fresh() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let hex = String(random.next(), radix: 16)
            return String(repeating: "0", count: 16 - hex.count) + hex
        }.joined()
    }
}
