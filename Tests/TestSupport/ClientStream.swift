/// What a test's client says and hears, whatever carries it. Reads block up to a deadline; a test never sleeps.
public protocol ClientStream: AnyObject {
    func send(_ bytes: [UInt8]) throws
    /// What comes next, up to `limit` bytes; empty at the end of the stream.
    func receive(limit: Int) throws -> [UInt8]
}

extension ClientStream {
    public func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    public func receive() throws -> [UInt8] {
        try receive(limit: 65_536)
    }

    /// Exactly this many bytes, or fewer when the stream ends.
    public func receive(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try receive(limit: count - bytes.count)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    /// Up to and including `mark`.
    public func receive(through mark: String) throws -> String {
        let mark = Array(mark.utf8)
        var bytes: [UInt8] = []
        while !bytes.suffix(mark.count).elementsEqual(mark) {
            let next = try receive(limit: 1)
            if next.isEmpty { break }
            bytes += next
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Everything until the other side ends the stream.
    public func receiveToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = try receive()
            if more.isEmpty { return bytes }
            bytes += more
        }
    }
}

// MARK: - WebSocket

extension ClientStream {
    /// Does the opening handshake.
    ///
    /// - Returns: the head of the answer.
    @discardableResult
    public func open(path: String = "/", extra: String = "") throws -> String {
        try send(RawClient.upgradeRequest(path: path, extra: extra))
        return try receive(through: "\r\n\r\n")
    }

    /// The next frame; nil at the end of the stream.
    public func receiveFrame() throws -> RawClient.Frame? {
        let head = try receive(exactly: 2)
        guard head.count == 2 else { return nil }
        var length = Int(head[1] & 0x7F)
        if length == 126 || length == 127 {
            length = try receive(exactly: length == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) }
        }
        return RawClient.Frame(firstByte: head[0], payload: try receive(exactly: length))
    }
}

extension RawClient {
    /// A frame as a server sends it.
    public struct Frame: Equatable {
        public var firstByte: UInt8
        public var payload: [UInt8]

        public init(firstByte: UInt8, payload: [UInt8]) {
            self.firstByte = firstByte
            self.payload = payload
        }

        public static func text(_ text: String) -> Frame { Frame(firstByte: 0x81, payload: Array(text.utf8)) }

        public static func close(_ code: UInt16) -> Frame {
            Frame(firstByte: 0x88, payload: [UInt8(code >> 8), UInt8(code & 0xFF)])
        }

        /// The code of a close frame.
        public var closeCode: UInt16? {
            firstByte == 0x88 && payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil
        }
    }

    public static func upgradeRequest(path: String = "/", extra: String = "") -> String {
        """
        GET \(path) HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\(extra)\r\n
        """
    }
}
