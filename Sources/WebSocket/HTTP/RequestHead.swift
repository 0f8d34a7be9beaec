/// A request up to its body, already checked.
struct RequestHead: Sendable {
    var method: String
    /// As it stood in the request line.
    var target: String
    /// Percent-decoded, without the query.
    var path: String
    var query: [(name: String, value: String)]
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    var minorVersion: Int
    var headers = Headers()
    var contentLength = 0

    /// Whether the connection may serve another request: never with HTTP/1.0.
    var keepsAlive: Bool { minorVersion >= 1 && !headers.hasToken("close", in: "Connection") }

    /// A request line.
    ///
    /// - Throws: `RequestRefusal` when it is malformed or in a version that is not spoken here.
    /// - Source: RFC 9112 §3.
    init(line: ArraySlice<UInt8>) throws(RequestRefusal) {
        let parts = line.split(separator: HTTPCharacters.space, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw RequestRefusal(400, "the request line has not three parts") }
        guard !parts[0].isEmpty, parts[0].allSatisfy(HTTPCharacters.isToken) else {
            throw RequestRefusal(400, "the method is not a token")
        }
        let version = Array(parts[2])
        guard version.count == 8, version.starts(with: "HTTP/".utf8), HTTPCharacters.isDigit(version[5]),
            version[6] == UInt8(ascii: "."), HTTPCharacters.isDigit(version[7])
        else {
            throw RequestRefusal(400, "the version is malformed")
        }
        guard version[5] == UInt8(ascii: "1"), version[7] <= UInt8(ascii: "1") else {
            throw RequestRefusal(505, "HTTP/1.1 is spoken here")
        }
        guard parts[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw RequestRefusal(400, "the target holds a forbidden character")
        }
        method = String(decoding: parts[0], as: UTF8.self)
        target = String(decoding: parts[1], as: UTF8.self)
        minorVersion = version[7] == UInt8(ascii: "1") ? 1 : 0
        (path, query) = try Self.resource(target, method: method)
    }

    /// Path and query of a target in origin form, absolute form, or `*` for OPTIONS.
    ///
    /// - Source: RFC 9112 §3.2.
    private static func resource(_ target: String, method: String) throws(RequestRefusal) -> (
        String, [(name: String, value: String)]
    ) {
        if target == "*", method == "OPTIONS" { return ("*", []) }
        var rest = Substring(target)
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            rest = rest.firstIndex { $0 == "/" || $0 == "?" }.map { rest[$0...] } ?? "/"
            if rest.first == "?" { rest = "/" + rest }
        }
        guard rest.first == "/", !rest.contains("#") else {
            throw RequestRefusal(400, "the target is not a path")
        }
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = percentDecoded(parts[0], plusIsSpace: false), !path.utf8.contains(0) else {
            throw RequestRefusal(400, "the path is not valid percent-encoded UTF-8")
        }
        // Decoded it would look like one that parts segments, to a router behind a proxy that saw none.
        guard !parts[0].lowercased().contains("%2f") else {
            throw RequestRefusal(400, "the path holds an encoded slash")
        }
        var query: [(name: String, value: String)] = []
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecoded(sides[0], plusIsSpace: true),
                let value = percentDecoded(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
            else {
                throw RequestRefusal(400, "the query is not valid percent-encoded UTF-8")
            }
            query.append((name, value))
        }
        return (path, query)
    }

    private static func percentDecoded(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+"), plusIsSpace {
                bytes.append(HTTPCharacters.space)
            } else if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal)
                else { return nil }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// Why a request is answered without asking anyone.
struct RequestRefusal: Error {
    let status: Int
    let reason: String
    /// Fields the status demands.
    let headers: [(String, String)]

    init(_ status: Int, _ reason: String, _ headers: [(String, String)] = []) {
        self.status = status
        self.reason = reason
        self.headers = headers
    }
}
