import Testing

@testable import WebSocket

@Suite("RFC 6455 §4.2: opening handshake") struct HandshakeTests {
    private static let good = [
        ("Host", "example.com"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
    ]

    private func request(_ headers: [(String, String)], line: String = "GET /chat HTTP/1.1") throws -> Request {
        var head = try RequestHead(line: Array(line.utf8)[...])
        head.headers = Headers(headers)
        return Request(head, body: [], peer: "test")
    }

    private func replacing(_ name: String, _ value: String?) -> [(String, String)] {
        Self.good.compactMap { $0.0 == name ? value.map { (name, $0) } : $0 }
    }

    /// The refusal, or nil when the handshake was accepted.
    private func refusal(_ headers: [(String, String)], line: String = "GET /chat HTTP/1.1") throws -> RequestRefusal? {
        switch Handshake.check(try request(headers, line: line)) {
        case .accept: nil
        case .refuse(let refusal): refusal
        }
    }

    @Test func `the RFC's example key gets the RFC's example answer`() throws {
        #expect(Handshake.acceptKey(for: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(try refusal(Self.good) == nil)
    }

    @Test func `names and tokens are compared without case and found in lists`() throws {
        var headers = replacing("Connection", "keep-alive, UPGRADE")
        headers[1] = ("uPgRaDe", "h2c, WebSocket")
        #expect(try refusal(headers) == nil)
    }

    @Test(
        arguments: [
            ("Upgrade", nil, 426), ("Upgrade", "h2c", 426), ("Connection", nil, 400), ("Connection", "keep-alive", 400),
            ("Sec-WebSocket-Key", nil, 400), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ", 400),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j", 400), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub2*jZQ==", 400),
            ("Sec-WebSocket-Version", nil, 400), ("Sec-WebSocket-Version", "8", 426),
            ("Sec-WebSocket-Version", "14", 426),
        ] as [(String, String?, Int)])
    func `a handshake that breaks a clause is refused`(name: String, value: String?, status: Int) throws {
        #expect(try refusal(replacing(name, value))?.status == status)
    }

    @Test func `another version is answered with the one spoken here`() throws {
        let response = try #require(try refusal(replacing("Sec-WebSocket-Version", "8")))
        #expect(response.headers.contains { $0 == ("Sec-WebSocket-Version", "13") })
    }

    @Test(arguments: [("Sec-WebSocket-Version", "8"), ("Upgrade", nil)] as [(String, String?)])
    func `426 names what to upgrade to`(name: String, value: String?) throws {
        let response = try #require(try refusal(replacing(name, value)))
        #expect(response.headers.contains { $0 == ("Upgrade", "websocket") })
    }

    @Test func `a key given twice is refused`() throws {
        #expect(try refusal(Self.good + [("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")])?.status == 400)
    }

    @Test func `another method is refused with the one allowed`() throws {
        let response = try #require(try refusal(Self.good, line: "POST /chat HTTP/1.1"))
        #expect(response.status == 405)
        #expect(response.headers.contains { $0 == ("Allow", "GET") })
    }

    @Test func `a request in the old protocol is refused`() throws {
        #expect(try refusal(Self.good, line: "GET /chat HTTP/1.0")?.status == 400)
    }

    @Test func `subprotocols come in the client's order, over several fields`() throws {
        let offers = [("Sec-WebSocket-Protocol", "b, a"), ("Sec-WebSocket-Protocol", "c")]
        #expect(try request(Self.good + offers).offeredSubprotocols == ["b", "a", "c"])
    }

    @Test(arguments: ["a,,b", "a b", "a, a", "", "a;q=1"])
    func `malformed subprotocols are refused`(value: String) throws {
        #expect(try refusal(Self.good + [("Sec-WebSocket-Protocol", value)])?.status == 400)
    }
}
