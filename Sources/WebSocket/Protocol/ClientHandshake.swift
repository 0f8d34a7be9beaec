/// The client's half of the opening handshake, as values: what to send, and what the answer means.
///
/// - Source: RFC 6455 §4.1.
struct ClientHandshake {
    enum Outcome {
        case incomplete
        case opened(Opened)
        /// Nothing further is read; the connection is to be closed.
        case failed(HandshakeFailure)
    }

    /// What both ends agreed on.
    struct Opened: Equatable {
        var subprotocol: String?
        /// nil: nothing is compressed.
        var compression: DeflateParameters?
        /// What the server sent behind its answer.
        var remainder: [UInt8] = []
    }

    private let request: ClientRequest
    private let key: String
    private let limits: Limits
    private var answer: [UInt8] = []

    /// - Parameter nonce: 16 random bytes, never used before.
    init(_ request: ClientRequest, nonce: [UInt8], limits: Limits) {
        precondition(nonce.count == 16, "a nonce has 16 bytes")
        self.request = request
        self.limits = limits
        key = Handshake.base64(nonce)
    }

    /// The request, whole.
    var head: [UInt8] {
        var head = "GET \(request.target) HTTP/1.1\r\nHost: \(request.authority)\r\n"
        head += "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        head += "Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: \(Handshake.version)\r\n"
        if !request.subprotocols.isEmpty {
            head += "Sec-WebSocket-Protocol: \(request.subprotocols.joined(separator: ", "))\r\n"
        }
        if let compression = request.compression { head += "\(ExtensionList.header): \(compression.offer)\r\n" }
        for (name, value) in request.headers { head += "\(name): \(value)\r\n" }
        return Array((head + "\r\n").utf8)
    }

    /// Takes what came.
    mutating func receive(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        // The end of the answer may lie across two pieces.
        let searched = max(answer.count - 3, 0)
        answer.append(contentsOf: bytes)
        let limit = limits.maxRequestLineBytes + limits.maxHeaderBytes
        guard let end = Self.end(of: answer, from: searched) else {
            return answer.count > limit ? .failed(.answerTooLong(limit: limit)) : .incomplete
        }
        if end > limit { return .failed(.answerTooLong(limit: limit)) }
        do throws(HandshakeFailure) {
            let (status, headers) = try Self.parse(answer[..<end], maxFields: limits.maxHeaderFields)
            var opened = try check(status, headers)
            opened.remainder = Array(answer[end...])
            return .opened(opened)
        } catch {
            return .failed(error)
        }
    }

    /// Where an empty line ends.
    private static func end(of bytes: [UInt8], from start: Int) -> Int? {
        var at = start
        while at + 4 <= bytes.count {
            if bytes[at] == 13, bytes[at + 1] == 10, bytes[at + 2] == 13, bytes[at + 3] == 10 { return at + 4 }
            at += 1
        }
        return nil
    }

    // MARK: The answer

    /// Status and fields of an answer.
    ///
    /// - Source: RFC 9112 §4 and §5.
    private static func parse(
        _ bytes: ArraySlice<UInt8>, maxFields: Int
    ) throws(HandshakeFailure) -> (status: Int, Headers) {
        var lines: [ArraySlice<UInt8>] = []
        for line in bytes.dropLast(2).split(separator: HTTPCharacters.lineFeed, omittingEmptySubsequences: false)
            .dropLast()
        {
            guard line.last == HTTPCharacters.carriageReturn, !line.dropLast().contains(HTTPCharacters.carriageReturn)
            else { throw .malformed("a line ends in CR LF") }
            lines.append(line.dropLast())
        }
        let status = Array(lines.first ?? [])
        guard status.count >= 12, status.starts(with: "HTTP/1.".utf8), HTTPCharacters.isDigit(status[7]),
            status[8] == HTTPCharacters.space, status[9..<12].allSatisfy(HTTPCharacters.isDigit),
            status.count == 12 || status[12] == HTTPCharacters.space
        else { throw .malformed("the status line is none") }
        guard lines.count - 1 <= maxFields else { throw .malformed("more than \(maxFields) header fields") }
        var headers = Headers()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(HTTPCharacters.isToken),
                line[(colon + 1)...].allSatisfy(HTTPCharacters.isFieldValue)
            else { throw .malformed("a header field is none") }
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self).trimmingSpaces()
            headers.append(String(decoding: line[..<colon], as: UTF8.self), value)
        }
        return (status[9..<12].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }, headers)
    }

    /// - Source: RFC 6455 §4.1, the client's checks 1 to 6.
    private func check(_ status: Int, _ headers: Headers) throws(HandshakeFailure) -> Opened {
        // A redirect, too: where it leads was not asked for.
        guard status == 101 else { throw .refused(status: status) }
        guard headers.hasToken("websocket", in: "Upgrade") else { throw .malformed("Upgrade does not name websocket") }
        guard headers.hasToken("upgrade", in: "Connection") else {
            throw .malformed("Connection does not name Upgrade")
        }
        guard headers.values("Sec-WebSocket-Accept") == [Handshake.acceptKey(for: key)] else { throw .wrongAccept }
        var opened = Opened()
        let subprotocols = headers.values("Sec-WebSocket-Protocol")
        guard subprotocols.count <= 1 else { throw .malformed("Sec-WebSocket-Protocol is given more than once") }
        if let subprotocol = subprotocols.first {
            guard request.subprotocols.contains(subprotocol) else { throw .subprotocolNotOffered(subprotocol) }
            opened.subprotocol = subprotocol
        }
        guard let extensions = ExtensionList(in: headers) else {
            throw .malformed("Sec-WebSocket-Extensions is no list")
        }
        for item in extensions.items {
            guard let compression = request.compression, opened.compression == nil,
                let agreed = compression.agreed(by: item)
            else { throw .extensionNotOffered(item.name) }
            opened.compression = agreed
        }
        return opened
    }
}

/// Why a server's answer does not open a WebSocket.
public enum HandshakeFailure: Error, Equatable, Sendable {
    /// Any status but 101. Redirects are not followed.
    case refused(status: Int)
    case malformed(String)
    case answerTooLong(limit: Int)
    /// The answer was not made for our key.
    case wrongAccept
    case subprotocolNotOffered(String)
    /// An extension that was not offered, or not with these parameters.
    case extensionNotOffered(String)
}

extension HandshakeFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .refused(let status): "the server answered \(status) instead of 101"
        case .malformed(let what): "the server's answer is malformed: \(what)"
        case .answerTooLong(let limit): "the server's answer exceeds the limit of \(limit) bytes"
        case .wrongAccept: "Sec-WebSocket-Accept does not answer the key"
        case .subprotocolNotOffered(let name): "the server chose the subprotocol \(name), which was not offered"
        case .extensionNotOffered(let name): "the server chose \(name) with parameters that were not offered"
        }
    }
}
