/// One HTTP response. The engine adds `Content-Length`, `Connection` and `Date`, and leaves the body out for HEAD.
public struct Response: Sendable {
    public var status: Int
    public var headers: [(String, String)]
    public var body: [UInt8]

    public init(status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Status line and header fields as they go on the wire.
    ///
    /// - Parameter date: the `Date` field's value, unless the response has one.
    /// - Source: RFC 9112 §4 and §6.3; RFC 9110 §6.6.1 and §7.8.
    func encodedHead(keepsAlive: Bool, date: String?) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
        for (name, value) in headers {
            head += "\(name.filter(Self.isPrintable)): \(value.filter(Self.isPrintable))\r\n"
        }
        if let date, !headers.contains(where: { $0.0.lowercased() == "date" }) { head += "Date: \(date)\r\n" }
        if carriesBody || status == 304 && !body.isEmpty { head += "Content-Length: \(body.count)\r\n" }
        let upgrade = headers.contains { $0.0.lowercased() == "upgrade" } ? "upgrade, " : ""
        head += "Connection: \(upgrade)\(keepsAlive ? "keep-alive" : "close")\r\n\r\n"
        return Array(head.utf8)
    }

    /// Whether this status has a body at all, be it empty.
    var carriesBody: Bool { status >= 200 && status != 204 && status != 304 }

    /// A line end inside a field would start another field, so what a caller took from a request cannot hold one.
    private static func isPrintable(_ character: Character) -> Bool {
        character.utf8.allSatisfy(HTTPCharacters.isFieldValue)
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}
