/// Reads requests from a connection's bytes, however they are sliced. Does no input or output.
///
/// Strict where leniency lets two readers of one stream disagree: a line ends in CR LF and nothing else, a field is
/// never folded, a body's length is given once and as digits, and there is no transfer coding (501): a small API and
/// a handshake need none.
///
/// - Source: RFC 9112, its §11.2 on smuggling above all.
struct RequestParser {
    enum Outcome {
        case incomplete
        case request(RequestHead, body: [UInt8])
        /// The client waits for `100 Continue` before it sends the body.
        case awaitsContinue
        /// Answer this and close; nothing further is read.
        case refusal(RequestRefusal)
    }

    private enum Stage {
        case requestLine
        case fields
        case body
        case refused
    }

    private let limits: Limits
    private var stage = Stage.requestLine
    /// The request being read, once its first line is there.
    private var head: RequestHead?
    private var buffer: [UInt8] = []
    /// First byte not taken yet.
    private var start = 0
    /// First byte not yet searched for a line end.
    private var searched = 0
    private var headerBytes = 0
    private var maySkipEmptyLine = true

    init(limits: Limits) {
        self.limits = limits
    }

    /// Bytes that arrived and were not taken yet.
    var bufferedBytes: Int { buffer.count - start }

    /// Method of the request being read, or of the one refused, once its first line is there.
    var method: String? { head?.method }

    /// Memory held for bytes, used or not.
    var heldBytes: Int { buffer.capacity }

    /// Whether a request has begun and is not complete.
    var isInsideRequest: Bool {
        if case .requestLine = stage { return bufferedBytes > 0 }
        return true
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start > 0 {
            buffer.removeFirst(start)
            searched -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// What follows the last request, for the protocol that takes the connection over.
    mutating func takeRemainder() -> [UInt8] {
        defer { (buffer, start, searched) = ([], 0, 0) }
        return Array(buffer[start...])
    }

    mutating func next() -> Outcome {
        do throws(RequestRefusal) {
            return try advance()
        } catch {
            stage = .refused
            return .refusal(error)
        }
    }

    private mutating func advance() throws(RequestRefusal) -> Outcome {
        while true {
            switch stage {
            case .refused:
                return .incomplete
            case .requestLine:
                let limit = limits.maxRequestLineBytes
                guard let line = try line(left: limit, of: limit, orRefuse: 414) else { return .incomplete }
                if line.isEmpty, maySkipEmptyLine {
                    maySkipEmptyLine = false
                    continue
                }
                headerBytes = 0
                head = try RequestHead(line: line)
                stage = .fields
            case .fields:
                let limit = limits.maxHeaderBytes
                guard let line = try line(left: limit - headerBytes, of: limit, orRefuse: 431) else {
                    return .incomplete
                }
                headerBytes += line.count + 2
                if !line.isEmpty {
                    try addField(line)
                    continue
                }
                stage = .body
                if try settleBody() { return .awaitsContinue }
            case .body:
                guard let head, bufferedBytes >= head.contentLength else { return .incomplete }
                let body = Array(buffer[start..<start + head.contentLength])
                start += head.contentLength
                searched = start
                // A connection that waits for its next request holds no memory for it.
                if start == buffer.count { (buffer, start, searched) = ([], 0, 0) }
                stage = .requestLine
                maySkipEmptyLine = true
                self.head = nil
                return .request(head, body: body)
            }
        }
    }

    /// The next line without its end; nil when it has not arrived whole.
    ///
    /// - Parameter left: bytes it may take of a limit.
    private mutating func line(
        left: Int, of limit: Int, orRefuse status: Int
    ) throws(RequestRefusal) -> ArraySlice<UInt8>? {
        guard let end = buffer[searched...].firstIndex(of: HTTPCharacters.lineFeed) else {
            searched = buffer.count
            if bufferedBytes > left { throw tooLong(status, limit) }
            return nil
        }
        // Before anything else of it, so that the same is said however it is sliced.
        if end + 1 - start > left { throw tooLong(status, limit) }
        guard end > start, buffer[end - 1] == HTTPCharacters.carriageReturn else {
            throw RequestRefusal(400, "a line ends in CR LF")
        }
        let line = buffer[start..<end - 1]
        if line.contains(HTTPCharacters.carriageReturn) { throw RequestRefusal(400, "a CR stands alone") }
        start = end + 1
        searched = start
        return line
    }

    private func tooLong(_ status: Int, _ limit: Int) -> RequestRefusal {
        RequestRefusal(status, "\(status == 414 ? "request line" : "header") exceeds the limit of \(limit) bytes")
    }

    /// - Source: RFC 9112 §5.
    private mutating func addField(_ line: ArraySlice<UInt8>) throws(RequestRefusal) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(HTTPCharacters.isToken)
        else {
            throw RequestRefusal(400, "a header field has no valid name, or is folded")
        }
        guard line[(colon + 1)...].allSatisfy(HTTPCharacters.isFieldValue) else {
            throw RequestRefusal(400, "a header field holds a forbidden character")
        }
        guard let count = head?.headers.fields.count, count < limits.maxHeaderFields else {
            throw RequestRefusal(431, "more than \(limits.maxHeaderFields) header fields")
        }
        let value = String(decoding: line[(colon + 1)...], as: UTF8.self).trimmingSpaces()
        head?.headers.append(String(decoding: line[..<colon], as: UTF8.self), value)
    }

    /// Checks what spans several fields: the host, and how the body's end is found.
    ///
    /// - Returns: whether the client waits for a `100 Continue`.
    /// - Source: RFC 9112 §3.2 (Host), §6.1 and §6.3 (length).
    private mutating func settleBody() throws(RequestRefusal) -> Bool {
        guard let head else { return false }
        let hosts = head.headers.values("Host")
        guard hosts.count == 1 || (hosts.isEmpty && head.minorVersion == 0) else {
            throw RequestRefusal(400, "Host must be given once")
        }
        guard hosts.allSatisfy({ $0.utf8.allSatisfy(Self.isHost) }) else {
            throw RequestRefusal(400, "Host holds a forbidden character")
        }
        let lengths = head.headers.values("Content-Length")
        if !head.headers.values("Transfer-Encoding").isEmpty {
            guard lengths.isEmpty, head.minorVersion >= 1 else {
                throw RequestRefusal(400, "Transfer-Encoding beside Content-Length or in HTTP/1.0")
            }
            throw RequestRefusal(501, "transfer codings are not taken; give Content-Length")
        }
        guard lengths.count <= 1 else { throw RequestRefusal(400, "Content-Length must be given once") }
        let expectsContinue = try expectsContinue(head)
        guard let length = lengths.first else { return false }
        guard !length.isEmpty, length.utf8.allSatisfy(HTTPCharacters.isDigit) else {
            throw RequestRefusal(400, "Content-Length is not a number")
        }
        guard let bytes = Int(length), bytes <= limits.maxBodyBytes else {
            throw RequestRefusal(413, "body exceeds the limit of \(limits.maxBodyBytes) bytes")
        }
        self.head?.contentLength = bytes
        return expectsContinue && bytes > 0 && bufferedBytes == 0
    }

    /// - Source: RFC 9110 §10.1.1.
    private func expectsContinue(_ head: RequestHead) throws(RequestRefusal) -> Bool {
        guard head.minorVersion >= 1, let expectation = head.headers["Expect"] else { return false }
        guard expectation.lowercased() == "100-continue" else {
            throw RequestRefusal(417, "only 100-continue can be expected")
        }
        return true
    }

    private static func isHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "-._~%!$&'()*+;=:[]".utf8.contains(byte)
        }
    }
}
