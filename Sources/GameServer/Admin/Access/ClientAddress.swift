import Foundation
import WebSocket

/// Which address a request comes from: the peer's own, or the one a trusted proxy names.
struct ClientAddresses: Sendable {
    /// In canonical form.
    private let trusted: Set<String>

    /// A text of a list that is no IP address.
    struct NoAddress: Error, CustomStringConvertible {
        let text: String
        var description: String { "\(text.prefix(64)) is no IP address" }
    }

    /// - Parameter proxies: as `list` reads it.
    init(trusting proxies: String) throws(NoAddress) {
        trusted = Set(try Self.list(proxies))
    }

    /// IP addresses separated by commas, each in canonical form.
    static func list(_ text: String) throws(NoAddress) -> [String] {
        var all: [String] = []
        for entry in text.split(separator: ",") {
            let bare = entry.trimmingCharacters(in: .whitespaces)
            guard !bare.isEmpty else { continue }
            guard let address = canonical(bare) else { throw NoAddress(text: bare) }
            all.append(address)
        }
        return all
    }

    /// The one way to write an IP address; one of IPv4 inside IPv6 is one of IPv4. Nil for what is none.
    ///
    /// - Source: RFC 5952; RFC 4291 §2.5.5.2.
    static func canonical(_ text: String) -> String? {
        var characters = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if let bytes = bytes(ofVersion6: text) {
            if let inner = version4(inside: bytes) { return inner }
            guard inet_ntop(AF_INET6, bytes, &characters, socklen_t(characters.count)) != nil else { return nil }
        } else {
            var version4 = in_addr()
            guard inet_pton(AF_INET, text, &version4) == 1,
                inet_ntop(AF_INET, &version4, &characters, socklen_t(characters.count)) != nil
            else { return nil }
        }
        return String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Without its port.
    ///
    /// Only the last entry of `X-Forwarded-For` was written by the proxy that is trusted; what stands before it came
    /// with the request.
    func address(of request: Request) -> String {
        let host = Self.host(of: request.peer)
        let peer = Self.canonical(host) ?? host
        guard trusted.contains(peer), let named = request.headers.values("X-Forwarded-For").last,
            let last = named.split(separator: ",").last
        else { return peer }
        let hop = Self.host(of: last.filter { $0 != " " && $0 != "\t" })
        return Self.canonical(hop) ?? peer
    }

    /// Whose requests are counted together: of IPv6 the network of 64 bits, because a single customer has all of it.
    ///
    /// - Source: RFC 4291 §2.5.4.
    static func network(of address: String) -> String {
        guard address.contains(":"), let bytes = bytes(ofVersion6: address) else { return address }
        if let inner = version4(inside: bytes) { return inner }
        return Array(bytes.prefix(8)).hexadecimal + "::/64"
    }

    private static func host(of text: String) -> String {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text.dropFirst().prefix(upTo: end)) }
        guard text.count(where: { $0 == ":" }) == 1 else { return text }
        return String(text.prefix { $0 != ":" })
    }

    /// An IPv4 client of a socket that speaks both.
    private static func version4(inside bytes: [UInt8]) -> String? {
        guard bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) else { return nil }
        return bytes.suffix(4).map { String($0) }.joined(separator: ".")
    }

    private static func bytes(ofVersion6 text: String) -> [UInt8]? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: address) { Array($0) }
    }
}
