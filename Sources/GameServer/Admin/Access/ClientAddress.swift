import WebSocket

/// Which address a request comes from: the peer's own, or the one a trusted proxy names.
struct ClientAddresses: Sendable {
    private let trusted: AddressList

    /// - Parameter proxies: as a setting names them.
    init(trusting proxies: AddressList) {
        trusted = proxies
    }

    /// Nil for a client that came over a Unix-domain socket and was not named.
    ///
    /// Only the last entry of `X-Forwarded-For` was written by the proxy that is trusted; what stands before it came
    /// with the request.
    func client(of request: Request) -> IPAddress? {
        let peer = IPAddress(Self.host(of: request.peer))
        guard trusted.contains(peer), let named = request.headers.values("X-Forwarded-For").last,
            let last = named.split(separator: ",").last
        else { return peer }
        return IPAddress(Self.host(of: last.filter { $0 != " " && $0 != "\t" })) ?? peer
    }

    /// The same as people write it, without a port.
    func address(of request: Request) -> String {
        client(of: request).map { "\($0)" } ?? AddressList.unixWord
    }

    /// Whose requests are counted together: of IPv6 the network of 64 bits, because a single customer has all of it.
    ///
    /// - Source: RFC 4291 §2.5.4.
    static func network(of address: String) -> String {
        guard let known = IPAddress(address) else { return address }
        return known.isVersion4 ? "\(known)" : "\(known.prefix(bits: 64))/64"
    }

    private static func host(of text: String) -> String {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text.dropFirst().prefix(upTo: end)) }
        guard text.count(where: { $0 == ":" }) == 1 else { return text }
        return String(text.prefix { $0 != ":" })
    }
}
