/// One HTTP request, complete and checked.
public struct Request: Sendable {
    public var method: String
    /// As it stood in the request line.
    public var target: String
    /// Percent-decoded, without the query. Never used to find a file by name.
    public var path: String
    /// In the order of the target, percent-decoded.
    public var query: [(name: String, value: String)]
    public var headers: Headers
    public var body: [UInt8]
    /// Address and port of the other end.
    public var peer: String
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    public var minorVersion: Int

    init(_ head: RequestHead, body: [UInt8], peer: String) {
        method = head.method
        target = head.target
        path = head.path
        query = head.query
        headers = head.headers
        minorVersion = head.minorVersion
        self.body = body
        self.peer = peer
    }

    /// Subprotocols the client offers, in its order of preference.
    public var offeredSubprotocols: [String] { Handshake.subprotocols(in: headers) ?? [] }
}
