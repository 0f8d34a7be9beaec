import TestSupport
import Testing

@testable import WebSocket

/// The two forms a proxy writes.
enum Proxied {
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    static func binary(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
        signature + [0x20 | command, family, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
    }

    static let version4 = binary(1, 0x11, [10, 1, 2, 3, 127, 0, 0, 1, 0x12, 0x67, 0x13, 0xBA])
    static let local = binary(0, 0, [])

    static func line(_ text: String) -> [UInt8] { Array("PROXY \(text)\r\n".utf8) }
}

@Suite("PROXY protocol") struct ProxyHeaderTests {
    private func read(_ bytes: [UInt8]) -> ProxyHeader.Outcome { ProxyHeader.read(bytes[...]) }

    private func client(_ text: String, _ port: UInt16) -> ProxyHeader {
        ProxyHeader(client: IPAddress(text), port: port)
    }

    @Test func `version 2 names a client of IPv4, and of IPv6`() {
        #expect(read(Proxied.version4 + [1, 2, 3]) == .header(client("10.1.2.3", 4711), bytes: 28))
        let source: [UInt8] = [0x20, 1, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [1]
        let bytes = Proxied.binary(1, 0x21, source + source + [0, 80, 0, 81] + [0x04, 0, 1, 9])
        #expect(read(bytes) == .header(client("2001:db8::1", 80), bytes: bytes.count))
    }

    @Test func `a proxy that speaks for itself names nobody`() {
        #expect(read(Proxied.local) == .header(ProxyHeader(), bytes: 16))
        // Unix-domain clients of the proxy, datagrams, and families not known.
        for family: UInt8 in [0x31, 0x12, 0x00, 0x41] {
            let bytes = Proxied.binary(1, family, Array(repeating: 7, count: 40))
            #expect(read(bytes) == .header(ProxyHeader(), bytes: 56))
        }
        #expect(read(Proxied.line("UNKNOWN")) == .header(ProxyHeader(), bytes: 15))
        #expect(read(Proxied.line("UNKNOWN ffff::1 ffff::2 1 2")) == .header(ProxyHeader(), bytes: 35))
    }

    @Test func `version 1 names a client`() {
        let line = Proxied.line("TCP4 192.168.0.1 10.0.0.1 56324 443")
        #expect(read(line + [65]) == .header(client("192.168.0.1", 56324), bytes: line.count))
        let other = Proxied.line("TCP6 2001:db8::7 ::1 1 65535")
        #expect(read(other) == .header(client("2001:db8::7", 1), bytes: other.count))
    }

    @Test func `every beginning of a header is incomplete, and none is taken for whole`() {
        for whole in [Proxied.version4, Proxied.local, Proxied.line("TCP4 1.2.3.4 5.6.7.8 9 10")] {
            for count in 0..<whole.count { #expect(read(Array(whole[..<count])) == .incomplete) }
        }
    }

    @Test(arguments: [
        Array("GET / HTTP/1.1\r\n".utf8), [0], [0x0D, 0x0A, 0x0D, 0x0B], Array("PROXx".utf8),
        Proxied.line("TCP4 1.2.3.4 5.6.7.8 9"), Proxied.line("TCP4 1.2.3.4 5.6.7.8 9 70000"),
        Proxied.line("TCP4 ::1 ::2 9 10"), Proxied.line("TCP6 1.2.3.4 5.6.7.8 9 10"),
        Proxied.line("TCP5 1.2.3.4 5.6.7.8 9 10"),
        Proxied.line("TCP4  1.2.3.4 5.6.7.8 9 10"), Array("PROXY UNKNOWN\n".utf8),
        Array("PROXY \(String(repeating: "x", count: 101))".utf8), Proxied.binary(2, 0x11, []),
        Proxied.binary(0x11, 0x11, []),
        Proxied.binary(1, 0x11, Array(repeating: 0, count: 11)),
        Proxied.binary(1, 0x21, Array(repeating: 0, count: 35)),
        Proxied.binary(0, 0, Array(repeating: 0, count: 2033)),
    ]) func `anything else is refused`(bytes: [UInt8]) {
        guard case .refusal = read(bytes) else {
            Issue.record("\(read(bytes))")
            return
        }
    }

    @Test func `random bytes behind a signature are read without harm`() {
        var state: UInt64 = 4
        print("seed \(state)")
        for _ in 0..<20_000 {
            var bytes = Proxied.signature
            for _ in 0..<Int(state >> 33 % 60) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(UInt8(truncatingIfNeeded: state >> 40))
            }
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            if case .header(_, let count) = read(bytes) { #expect(count <= bytes.count) }
        }
    }
}

@Suite("PROXY protocol, over a socket") struct ProxyIntroductionTests {
    private static let local = ListenAddress(.port(0, host: "127.0.0.1"), expectsProxyHeader: true)
    private let get = "GET /peer HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"

    private func server(_ limits: Limits = Limits(), trusting proxies: String = "127.0.0.0/8") throws -> TestServer {
        try TestServer(limits, doorkeeper: Doorkeeper(limits, proxies: AddressList(proxies)), at: Self.local)
    }

    private func answer(_ client: RawClient) throws -> String {
        String(decoding: try client.receiveToEnd(), as: UTF8.self)
    }

    @Test func `a trusted proxy's word is the address of the peer, however it is cut`() throws {
        let server = try server()
        for bytes in [Proxied.version4, Proxied.line("TCP4 10.1.2.3 127.0.0.1 4711 80")] {
            for pieces in slicings(of: bytes + Array(get.utf8)) {
                let client = try RawClient(port: server.port)
                for piece in pieces { try client.send(piece) }
                #expect(try answer(client).hasSuffix("\r\n\r\n10.1.2.3:4711"))
            }
        }
        #expect(server.counters.proxyHeadersRefused == 0)
    }

    @Test func `a WebSocket opens behind the header, in the same packet`() throws {
        let server = try server()
        let client = try RawClient(port: server.port)
        try client.send(Proxied.version4 + Array(RawClient.upgradeRequest().utf8) + clientFrame(text: "early"))
        #expect(try client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
        #expect(try client.receiveFrame() == .text("early"))
    }

    @Test func `a proxy that speaks for itself keeps its own address`() throws {
        let server = try server()
        let client = try RawClient(port: server.port)
        try client.send(Proxied.local + Array(get.utf8))
        #expect(try answer(client).contains("\r\n\r\n127.0.0.1:"))
    }

    @Test func `from anybody else the header is no request`() throws {
        let server = try server(trusting: "10.0.0.1")
        let client = try RawClient(port: server.port)
        try client.send(Proxied.line("TCP4 10.1.2.3 127.0.0.1 4711 80") + Array(get.utf8))
        #expect(try answer(client).hasPrefix("HTTP/1.1 400 "))
        let honest = try RawClient(port: server.port)
        try honest.send(get)
        #expect(try answer(honest).contains("\r\n\r\n127.0.0.1:"))
    }

    @Test func `a trusted proxy without the header is closed unanswered`() throws {
        let server = try server()
        let client = try RawClient(port: server.port)
        try client.send(get)
        #expect(throws: RawClient.Failure.self) { if try client.receive().isEmpty { throw RawClient.Failure.reset } }
        #expect(server.counters.proxyHeadersRefused == 1 && server.counters.open == 0)
    }

    @Test func `a header that does not come whole in time ends the connection`() throws {
        var limits = Limits()
        limits.proxyHeaderMilliseconds = 20
        let server = try server(limits)
        let client = try RawClient(port: server.port)
        try client.send(Array(Proxied.version4.prefix(20)))
        #expect(try client.receiveToEnd() == [])
        #expect(server.counters.proxyHeadersRefused == 1 && server.counters.open == 0)
    }

    @Test func `ceilings of addresses are those of the clients, not of their proxy`() throws {
        var limits = Limits()
        limits.maxConnectionsPerAddress = 1
        let server = try server(limits)
        let first = try RawClient(port: server.port)
        try first.send(Proxied.line("TCP4 10.1.2.3 127.0.0.1 1 80") + Array(RawClient.upgradeRequest().utf8))
        #expect(try first.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
        let second = try RawClient(port: server.port)
        try second.send(Proxied.line("TCP4 10.1.2.3 127.0.0.1 2 80"))
        #expect(try answer(second).hasPrefix("HTTP/1.1 429 "))
        let other = try RawClient(port: server.port)
        try other.send(Proxied.line("TCP4 10.1.2.4 127.0.0.1 3 80") + Array(RawClient.upgradeRequest().utf8))
        #expect(try other.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
        #expect(server.counters.refusedOfAddress == 1)
    }
}
