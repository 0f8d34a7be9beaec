import COpenSSL

/// The server's half of the opening handshake, as values.
///
/// - Source: RFC 6455 §4.2.
enum Handshake {
    enum Outcome {
        /// Answer 101 with this `Sec-WebSocket-Accept`; the client offers these extensions.
        case accept(key: String, ExtensionList)
        case refuse(RequestRefusal)
    }

    /// The version spoken here.
    static let version = "13"

    /// Checks a request against every clause of §4.2.1.
    static func check(_ request: Request) -> Outcome {
        let headers = request.headers
        guard request.method == "GET" else {
            return refuse(405, "the opening handshake is a GET", [("Allow", "GET")])
        }
        guard request.minorVersion >= 1 else { return refuse(400, "the opening handshake needs HTTP/1.1") }
        guard request.body.isEmpty else { return refuse(400, "the opening handshake has no body") }
        guard headers.hasToken("websocket", in: "Upgrade") else {
            return upgradeRequired("only WebSocket is spoken here: Upgrade must name websocket")
        }
        guard headers.hasToken("upgrade", in: "Connection") else { return refuse(400, "Connection must name Upgrade") }

        let versions = headers.values("Sec-WebSocket-Version")
        guard versions.count == 1 else { return refuse(400, "Sec-WebSocket-Version must be given once") }
        guard versions[0] == version else {
            return upgradeRequired("version 13 is spoken here")
        }
        let keys = headers.values("Sec-WebSocket-Key")
        guard keys.count == 1, isKey(keys[0]) else {
            return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64, given once")
        }
        guard subprotocols(in: headers) != nil else {
            return refuse(400, "Sec-WebSocket-Protocol must be different tokens")
        }
        guard let extensions = ExtensionList(in: headers) else {
            return refuse(400, "Sec-WebSocket-Extensions is malformed")
        }
        return .accept(key: acceptKey(for: keys[0]), extensions)
    }

    /// Subprotocols the client offers, in its order of preference; nil when the field is malformed.
    static func subprotocols(in headers: Headers) -> [String]? {
        var offered: [String] = []
        for value in headers.values("Sec-WebSocket-Protocol") {
            for part in value.split(separator: ",", omittingEmptySubsequences: false) {
                let name = part.trimmingSpaces()
                guard !name.isEmpty, name.utf8.allSatisfy(HTTPCharacters.isToken), !offered.contains(name) else {
                    return nil
                }
                offered.append(name)
            }
        }
        return offered
    }

    /// - Source: RFC 6455 §4.2.2, item 5.4.
    static func acceptKey(for key: String) -> String {
        let joined = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        _ = SHA1(joined, joined.count, &digest)
        return base64(digest)
    }

    /// The head of the answer that opens the connection.
    static func response(acceptKey: String, subprotocol: String?, extensions: String? = nil) -> [UInt8] {
        var head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        head += "Sec-WebSocket-Accept: \(acceptKey)\r\n"
        if let subprotocol { head += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
        if let extensions { head += "\(ExtensionList.header): \(extensions)\r\n" }
        return Array((head + "\r\n").utf8)
    }

    private static func refuse(_ status: Int, _ reason: String, _ headers: [(String, String)] = []) -> Outcome {
        .refuse(RequestRefusal(status, reason, headers))
    }

    /// - Source: RFC 9110 §15.5.22; RFC 6455 §4.2.2, item 4.
    private static func upgradeRequired(_ reason: String) -> Outcome {
        refuse(426, reason, [("Upgrade", "websocket"), ("Sec-WebSocket-Version", version)])
    }

    /// Sixteen bytes are 22 characters, of which the last carries only two bits, and two of padding.
    private static func isKey(_ key: String) -> Bool {
        let characters = Array(key.utf8)
        guard characters.count == 24, characters[22] == UInt8(ascii: "="), characters[23] == UInt8(ascii: "=") else {
            return false
        }
        return characters[..<22].allSatisfy { alphabet.contains($0) }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            var letters = [UInt8](repeating: UInt8(ascii: "="), count: 4)
            for place in (0..<4).reversed() {
                if place <= group.count { letters[place] = alphabet[bits & 63] }
                bits >>= 6
            }
            text += letters
        }
        return String(decoding: text, as: UTF8.self)
    }
}
