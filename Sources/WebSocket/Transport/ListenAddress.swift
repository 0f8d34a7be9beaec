/// Where to listen.
public struct ListenAddress: Sendable, Hashable {
    public enum Place: Sendable, Hashable {
        /// A host name or an address; port 0 takes a free one. `::` takes IPv4 too.
        case port(UInt16, host: String)
        /// A Unix-domain socket.
        case file(String)
        /// A socket that listens already, handed over by whoever started this process.
        case inherited(Int32)
    }

    public var place: Place
    /// Whether trusted proxies begin each connection with a PROXY header. A connection of anybody else has none.
    public var expectsProxyHeader = false

    private static let proxyWord = " proxy"
    private static let filePrefix = "unix:"
    /// What `sockaddr_un` holds, but for the byte that ends it.
    static let maxFileBytes = 107

    public init(_ place: Place, expectsProxyHeader: Bool = false) {
        self.place = place
        self.expectsProxyHeader = expectsProxyHeader
    }

    /// - Parameter text: `host:port`, `[address]:port` or `unix:/path`, each with ` proxy` behind it or not.
    public init?(_ text: String) {
        var rest = Substring(text)
        let hasProxy = rest.hasSuffix(Self.proxyWord)
        if hasProxy { rest = rest.dropLast(Self.proxyWord.count) }
        if rest.hasPrefix(Self.filePrefix) {
            let path = rest.dropFirst(Self.filePrefix.count)
            guard path.hasPrefix("/"), path.utf8.count <= Self.maxFileBytes, !path.contains("\0") else { return nil }
            self.init(.file(String(path)), expectsProxyHeader: hasProxy)
            return
        }
        guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]) else {
            return nil
        }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains(where: { $0 == " " || $0 == "/" }) else { return nil }
        self.init(.port(port, host: String(host)), expectsProxyHeader: hasProxy)
    }
}

extension ListenAddress: CustomStringConvertible {
    public var description: String {
        let text =
            switch place {
            case .port(let port, let host): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .file(let path): Self.filePrefix + path
            case .inherited(let fd): "descriptor \(fd)"
            }
        return expectsProxyHeader ? text + Self.proxyWord : text
    }
}

/// How to listen.
public struct ListenOptions: Sendable {
    /// Whether other processes of the same user may listen on the same port, the kernel spreading connections.
    public var sharesPort = false
    /// Permissions of the file of a Unix-domain socket: who may write may connect.
    public var fileMode: UInt32 = 0o660
    /// Has all connections speak TLS, behind a PROXY header if one is expected; nil for none.
    public var tls: TLSServerContext?

    public init() {}
}
