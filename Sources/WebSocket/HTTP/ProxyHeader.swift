/// What a proxy says of a connection before the connection's own first byte: the PROXY protocol, version 1 or 2.
///
/// - Source: HAProxy's `proxy-protocol.txt`, §2.
struct ProxyHeader: Equatable {
    enum Outcome: Equatable {
        /// All that came so far belongs to the header, and there is more of it.
        case incomplete
        /// The header, and how long it is.
        case header(ProxyHeader, bytes: Int)
        case refusal(String)
    }

    /// Whose connection it is; nil when the proxy speaks for itself, or of no IP connection.
    var client: IPAddress?
    var port: UInt16 = 0

    /// Longest header taken: far above the 52 bytes of two IPv6 addresses, to leave room for what a proxy adds.
    static let maxBytes = 2048
    /// Longest line of version 1, its end included.
    private static let maxLineBytes = 107
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let word = Array("PROXY ".utf8)

    /// Reads the header at the start of `bytes`.
    static func read(_ bytes: ArraySlice<UInt8>) -> Outcome {
        if bytes.starts(with: signature) { return binary(bytes) }
        if bytes.starts(with: word) { return line(bytes) }
        if signature.starts(with: bytes) || word.starts(with: bytes) { return .incomplete }
        return .refusal("no PROXY header")
    }

    // MARK: Version 2

    private static func binary(_ bytes: ArraySlice<UInt8>) -> Outcome {
        guard bytes.count >= 16 else { return .incomplete }
        let head = Array(bytes.prefix(16))
        let length = 16 + Int(head[14]) << 8 + Int(head[15])
        guard head[12] >> 4 == 2, head[12] & 0xF <= 1 else { return .refusal("version or command is unknown") }
        guard length <= maxBytes else { return .refusal("\(length) bytes exceed the limit of \(maxBytes)") }
        guard bytes.count >= length else { return .incomplete }
        let body = Array(bytes.prefix(length).dropFirst(16))
        func number(at offset: Int, bytes count: Int) -> UInt64 {
            body[offset..<offset + count].reduce(0) { $0 << 8 | UInt64($1) }
        }
        // What the proxy asks for itself, such as its own health check, comes from the proxy.
        if head[12] & 0xF == 0 { return .header(ProxyHeader(), bytes: length) }
        switch head[13] {
        case 0x11:
            guard body.count >= 12 else { return .refusal("addresses are cut short") }
            let client = IPAddress(version4: UInt32(number(at: 0, bytes: 4)))
            return .header(ProxyHeader(client: client, port: UInt16(number(at: 8, bytes: 2))), bytes: length)
        case 0x21:
            guard body.count >= 36 else { return .refusal("addresses are cut short") }
            let client = IPAddress(high: number(at: 0, bytes: 8), low: number(at: 8, bytes: 8))
            return .header(ProxyHeader(client: client, port: UInt16(number(at: 32, bytes: 2))), bytes: length)
        // Neither IP nor a stream: the proxy's own address stands.
        default: return .header(ProxyHeader(), bytes: length)
        }
    }

    // MARK: Version 1

    private static func line(_ bytes: ArraySlice<UInt8>) -> Outcome {
        guard let end = bytes.prefix(maxLineBytes).firstIndex(of: 0x0A) else {
            return bytes.count < maxLineBytes ? .incomplete : .refusal("the line does not end")
        }
        let count = end - bytes.startIndex + 1
        guard count >= 2, bytes[end - 1] == 0x0D else { return .refusal("the line does not end in CR LF") }
        let words = bytes[bytes.startIndex..<end - 1].split(separator: 0x20, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        if words.count >= 2, words[1] == "UNKNOWN" { return .header(ProxyHeader(), bytes: count) }
        guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6", let client = IPAddress(words[2]),
            IPAddress(words[3]) != nil, let port = UInt16(words[4]), UInt16(words[5]) != nil,
            words[2].contains(":") == (words[1] == "TCP6")
        else { return .refusal("the line names no client") }
        return .header(ProxyHeader(client: client, port: port), bytes: count)
    }
}
