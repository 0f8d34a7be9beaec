import Glibc
import WebSocket

/// Which address a request comes from: the peer's own, or the one a trusted proxy names.
struct ClientAddresses: Sendable {
    private let trusted: Set<String>

    /// - Parameter proxies: addresses separated by commas.
    init(trusting proxies: String) {
        trusted = Set(
            proxies.split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }.filter { !$0.isEmpty })
    }

    /// Without its port.
    ///
    /// Only the last entry of `X-Forwarded-For` was written by the proxy that is trusted; what stands before it came
    /// with the request.
    func address(of request: Request) -> String {
        let peer = Self.host(of: request.peer)
        guard trusted.contains(peer), let named = request.headers.values("X-Forwarded-For").last,
            let last = named.split(separator: ",").last
        else { return peer }
        let hop = Self.host(of: last.filter { $0 != " " && $0 != "\t" })
        return Self.isAddress(hop) ? hop : peer
    }

    /// Whose requests are counted together: of IPv6 the network of 64 bits, because a single customer has all of it.
    ///
    /// - Source: RFC 4291 §2.5.4.
    static func network(of address: String) -> String {
        guard address.contains(":"), let bytes = bytes(ofVersion6: address) else { return address }
        // An IPv4 client of a socket that speaks both.
        if bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
            return bytes.suffix(4).map { String($0) }.joined(separator: ".")
        }
        return Array(bytes.prefix(8)).hexadecimal + "::/64"
    }

    private static func host(of text: String) -> String {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text.dropFirst().prefix(upTo: end)) }
        guard text.count(where: { $0 == ":" }) == 1 else { return text }
        return String(text.prefix { $0 != ":" })
    }

    private static func isAddress(_ text: String) -> Bool {
        var version4 = in_addr()
        return inet_pton(AF_INET, text, &version4) == 1 || bytes(ofVersion6: text) != nil
    }

    private static func bytes(ofVersion6 text: String) -> [UInt8]? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: address) { Array($0) }
    }
}
