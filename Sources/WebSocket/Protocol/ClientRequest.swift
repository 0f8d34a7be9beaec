/// What a client asks of a server when it opens a WebSocket.
public struct ClientRequest: Sendable {
    /// A name or an address; an IPv6 address without brackets.
    public var host: String
    public var port: UInt16
    /// Path and query, as they stand in the request line: starts with a slash, nothing to be encoded in it.
    public var target: String
    /// In order of preference.
    public var subprotocols: [String] = []
    /// Further fields.
    public var headers: [(String, String)] = []
    /// What is offered of permessage-deflate; nil for nothing.
    public var compression: CompressionPolicy?
    /// The port that need not be named: 443 with TLS.
    var defaultPort: UInt16 = 80

    /// - Precondition: the target starts with a slash and is visible ASCII; a host is no empty text.
    public init(host: String, port: UInt16, target: String = "/") {
        precondition(!host.isEmpty && host.utf8.allSatisfy(Self.isVisible), "a host is visible ASCII")
        precondition(target.hasPrefix("/") && target.utf8.allSatisfy(Self.isVisible), "a target is a path and query")
        self.host = host
        self.port = port
        self.target = target
    }

    /// The `Host` field's value.
    ///
    /// - Source: RFC 6455 §4.1, the request's item 4.
    var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == defaultPort ? name : "\(name):\(port)"
    }

    private static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }
}
