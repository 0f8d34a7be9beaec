import TestSupport
import Testing

@testable import WebSocket

@Suite("RFC 6455 §4.1: the client's opening handshake") struct ClientHandshakeTests {
    /// The RFC's own nonce and answer.
    private let nonce = Array("the sample nonce".utf8)
    private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    private static let good = [
        "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Accept: \(accept)",
    ]

    private func handshake(_ change: (inout ClientRequest) -> Void = { _ in }) -> ClientHandshake {
        var request = ClientRequest(host: "example.com", port: 5050, target: "/chat?room=1")
        change(&request)
        return ClientHandshake(request, nonce: nonce, limits: Limits())
    }

    private func answer(_ lines: [String]) -> [UInt8] { Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) }

    /// What becomes of an answer, however it is cut.
    private func outcome(
        _ bytes: [UInt8], _ change: (inout ClientRequest) -> Void = { _ in }
    ) -> Result<ClientHandshake.Opened, HandshakeFailure>? {
        var outcomes: [Result<ClientHandshake.Opened, HandshakeFailure>?] = []
        for slices in slicings(of: bytes) {
            var handshake = handshake(change)
            var outcome: Result<ClientHandshake.Opened, HandshakeFailure>?
            var rest = slices[...]
            while outcome == nil, let slice = rest.popFirst() {
                switch slice.withUnsafeBytes({ handshake.receive($0) }) {
                case .incomplete: break
                case .failed(let failure): outcome = .failure(failure)
                case .opened(var opened):
                    opened.remainder += rest.joined()
                    outcome = .success(opened)
                }
            }
            outcomes.append(outcome)
        }
        for other in outcomes { #expect(other == outcomes[0]) }
        return outcomes[0]
    }

    @Test func `the request has every field the RFC asks for`() {
        let head = String(
            decoding: handshake {
                $0.subprotocols = ["a", "b"]
                $0.headers = [("Authorization", "Bearer x")]
                $0.compression = CompressionPolicy()
            }.head, as: UTF8.self)
        #expect(
            head == """
                GET /chat?room=1 HTTP/1.1\r\nHost: example.com:5050\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate; \
                server_no_context_takeover; client_no_context_takeover; client_max_window_bits\r\n\
                Authorization: Bearer x\r\n\r\n
                """)
    }

    @Test(
        arguments: [("::1", 80, "[::1]"), ("h", 80, "h"), ("127.0.0.1", 81, "127.0.0.1:81")]
            as [(String, UInt16, String)])
    func `the host is named with its port unless that is usual`(host: String, port: UInt16, expected: String) {
        #expect(ClientRequest(host: host, port: port).authority == expected)
    }

    @Test func `our server takes our request`() throws {
        var parser = RequestParser(limits: Limits())
        handshake { $0.compression = CompressionPolicy() }.head.withUnsafeBytes { parser.append($0) }
        guard case .request(let head, let body) = parser.next(),
            case .accept(let key, let extensions) = Handshake.check(Request(head, body: body, peer: "test"))
        else {
            Issue.record("refused")
            return
        }
        #expect(key == Self.accept)
        #expect(CompressionPolicy.offer(in: extensions) != nil)
    }

    @Test func `a right answer opens, and what stands behind it is the connection's`() {
        #expect(outcome(answer(Self.good)) == .success(.init()))
        #expect(outcome(answer(Self.good) + [0x81, 0x00]) == .success(.init(remainder: [0x81, 0x00])))
        let shouting = ["HTTP/1.1 101", "UPGRADE: WebSocket", "connection: keep-alive, UPGRADE"] + [Self.good[3]]
        #expect(outcome(answer(shouting)) == .success(.init()))
    }

    @Test(arguments: [200, 301, 302, 307, 400, 401, 404, 426, 503])
    func `any other status fails, redirects too`(status: Int) {
        let lines = ["HTTP/1.1 \(status) Whatever", "Location: ws://elsewhere/"] + Self.good.dropFirst()
        #expect(outcome(answer(lines)) == .failure(.refused(status: status)))
    }

    @Test(arguments: [1, 2, 3]) func `an answer without one of its fields fails`(line: Int) {
        var lines = Self.good
        lines.remove(at: line)
        guard case .failure(let failure) = outcome(answer(lines)) else {
            Issue.record("opened")
            return
        }
        if line == 3 { #expect(failure == .wrongAccept) }
    }

    @Test func `an answer for another key fails, and one given twice`() {
        let other = Self.good[..<3] + ["Sec-WebSocket-Accept: \(Handshake.acceptKey(for: "other"))"]
        #expect(outcome(answer(Array(other))) == .failure(.wrongAccept))
        #expect(outcome(answer(Self.good + [Self.good[3]])) == .failure(.wrongAccept))
    }

    @Test func `a subprotocol is one of those offered`() {
        let chosen = answer(Self.good + ["Sec-WebSocket-Protocol: b"])
        #expect(outcome(chosen) { $0.subprotocols = ["a", "b"] } == .success(.init(subprotocol: "b")))
        #expect(outcome(chosen) { $0.subprotocols = ["a"] } == .failure(.subprotocolNotOffered("b")))
        #expect(outcome(chosen) == .failure(.subprotocolNotOffered("b")))
    }

    @Test func `an extension is one that was offered, once, as it was offered`() {
        let name = "permessage-deflate"
        let agreed = answer(Self.good + ["Sec-WebSocket-Extensions: \(name); server_no_context_takeover"])
        let parameters = DeflateParameters(server: .init(keepsContext: false), client: .init(keepsContext: false))
        #expect(outcome(agreed) { $0.compression = CompressionPolicy() } == .success(.init(compression: parameters)))
        #expect(outcome(agreed) == .failure(.extensionNotOffered(name)))
        let right = "\(name); server_no_context_takeover"
        for wrong in [name, "\(name); x", "x", "\(right), \(right)"] {
            let bytes = answer(Self.good + ["Sec-WebSocket-Extensions: \(wrong)"])
            guard case .failure(.extensionNotOffered) = outcome(bytes, { $0.compression = CompressionPolicy() }) else {
                Issue.record("\(wrong)")
                continue
            }
        }
    }

    @Test(
        arguments: [
            "HTTP/1.1 10", "HTTP/2 101 x", "http/1.1 101 x", "HTTP/1.1 1O1 x", "HTTP/1.1 1011",
            "HTTP/1.1 101 x\nUpgrade: y", "HTTP/1.1 101 x\r\n folded: y", "HTTP/1.1 101 x\r\nno colon",
            "HTTP/1.1 101 x\r\na b: c", "HTTP/1.1 101 x\r\na: \u{1}",
        ])
    func `what is no answer of HTTP fails`(lines: String) {
        guard case .failure(.malformed) = outcome(answer([lines] + Self.good.dropFirst())) else {
            Issue.record("opened")
            return
        }
    }

    @Test func `an answer has an end`() {
        var limits = Limits()
        limits.maxRequestLineBytes = 100
        limits.maxHeaderBytes = 200
        var handshake = ClientHandshake(ClientRequest(host: "h", port: 1), nonce: nonce, limits: limits)
        let most = [UInt8](repeating: 65, count: 300)
        guard case .incomplete = most.withUnsafeBytes({ handshake.receive($0) }),
            case .failed(.answerTooLong(300)) = [65].withUnsafeBytes({ handshake.receive($0) })
        else {
            Issue.record("went on")
            return
        }
        let many = answer(Self.good + (0..<100).map { "X-\($0): y" })
        #expect(outcome(many) == .failure(.malformed("more than 100 header fields")))
    }
}

@Suite("RFC 6455 §5: the client's frames") struct ClientFramingTests {
    private func serverFrame(_ firstByte: UInt8, _ payload: [UInt8]) -> [UInt8] {
        var frame = FrameEncoder.frame(Opcode(rawValue: firstByte & 0x0F), payload: payload)
        frame[0] = firstByte
        return frame
    }

    @Test(arguments: [0, 1, 125, 126, 65_535, 65_536, 100_000])
    func `a server's frames arrive however they are sliced`(count: Int) {
        var limits = Limits()
        limits.maxMessageBytes = 1 << 20
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
        let bytes = serverFrame(0x82, payload) + serverFrame(0x89, [1]) + serverFrame(0x88, [])
        for slices in count < 1000 ? slicings(of: bytes) : [[bytes], pieces(of: bytes, sizes: [4099, 1, 13])] {
            #expect(hear(slices, limits: limits, role: .client) == [.binary(payload), .ping([1]), .close(nil, "")])
        }
    }

    @Test func `text is checked, fragments are put together, compressed messages inflated`() {
        let text = serverFrame(0x01, Array("gr".utf8)) + serverFrame(0x80, Array("ün".utf8))
        for slices in slicings(of: text) { #expect(hear(slices, role: .client) == [.text("grün")]) }
        #expect(hear(serverFrame(0x81, [0xC3]), role: .client) == [.violation(.invalidUTF8)])
        let bytes = serverFrame(0xC1, deflated(prose(500)))
        for slices in slicings(of: bytes) {
            let heard = hear(slices, role: .client, deflate: agreed(role: .client))
            #expect(heard == [.text(String(decoding: prose(500), as: UTF8.self))])
        }
    }

    @Test(arguments: [0x81, 0x88, 0x89, 0x01] as [UInt8]) func `a masked frame is a violation`(firstByte: UInt8) {
        for slices in slicings(of: clientFrame(firstByte, [1, 2, 3])) {
            #expect(hear(slices, role: .client) == [.violation(.maskedFrame)])
        }
        #expect(hear([0xF1, 0x80], role: .client) == [.violation(.reservedBits(7))])
        #expect(hear([0x83, 0x80], role: .client) == [.violation(.reservedOpcode(3))])
    }

    @Test(arguments: [0, 5, 125, 126, 70_000])
    func `what a client writes is masked, and a server reads it`(count: Int) {
        var limits = Limits()
        limits.maxMessageBytes = 1 << 20
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let frame = [UInt8](unsafeUninitializedCapacity: count + FrameEncoder.maxMaskedHeaderBytes) { buffer, written in
            guard let base = buffer.baseAddress else { return }
            written = payload.withUnsafeBytes { FrameEncoder.writeMasked(.binary, $0, key: 0xA1B2_C3D4, to: base) }
        }
        #expect(frame == clientFrame(0x82, payload, key: [0xD4, 0xC3, 0xB2, 0xA1]))
        #expect(hear(frame, limits: limits) == [.binary(payload)])
    }

    @Test func `no key is used twice`() {
        var keys = MaskingKeys()
        let taken = (0..<1000).map { _ in keys.next() }
        // Two of a thousand are the same by chance once in 8,600 runs; a hundred would be no chance.
        #expect(Set(taken).count > 900)
    }
}
