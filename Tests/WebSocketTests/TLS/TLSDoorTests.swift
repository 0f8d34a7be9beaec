import TestSupport
import Testing

@testable import WebSocket

@Suite("TLS: at the door") struct TLSDoorTests {
    private static let behindProxy = ListenAddress(.port(0, host: "127.0.0.1"), expectsProxyHeader: true)
    private let header = "PROXY TCP4 10.1.2.3 127.0.0.1 4711 443\r\n"
    private let get = "GET /peer HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"

    private func serverBehindProxy(_ limits: Limits = Limits()) throws -> SecureServer {
        let doorkeeper = Doorkeeper(limits, proxies: try AddressList("127.0.0.0/8"))
        return try SecureServer(limits, doorkeeper: doorkeeper, at: Self.behindProxy)
    }

    @Test func `who has yet to be named counts as a handshake already`() throws {
        var limits = Limits()
        limits.maxHandshakes = 2
        let server = try serverBehindProxy(limits)
        var nameless = try (0..<2).map { _ in try RawClient(port: server.port) }
        server.server.letPass(milliseconds: 50)
        let waiting = try RawClient(port: server.port)
        server.server.letPass(milliseconds: 50)
        #expect(server.server.counters.accepted == 2)
        nameless.removeFirst()
        try waiting.send(header)
        let client = try SecureClient(waiting)
        try client.handshake()
        #expect(server.server.counters.accepted == 3)
        nameless.removeAll()
    }

    @Test func `a proxy names the client before TLS begins`() throws {
        let server = try serverBehindProxy()
        for pieces in [[header], header.map { String($0) }] {
            let raw = try RawClient(port: server.port)
            for piece in pieces { try raw.send(piece) }
            let client = try SecureClient(raw)
            try client.handshake()
            try client.send(get)
            #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self).hasSuffix("\r\n\r\n10.1.2.3:4711"))
        }
        #expect(server.counters { $0.full == 2 && $0.open == 0 && $0.inProgress == 0 } != nil)
    }

    @Test func `a handshake behind a header has its time`() throws {
        var limits = Limits()
        limits.handshakeMilliseconds = 50
        let server = try serverBehindProxy(limits)
        let raw = try RawClient(port: server.port)
        try raw.send(header)
        #expect(try raw.receiveToEnd() == [])
        #expect(server.counters { $0[.timeout] == 1 && $0.inProgress == 0 } != nil)
        #expect(server.server.counters.open == 0)
    }

    @Test func `a client whose address has enough is turned away behind its header without a word`() throws {
        var limits = Limits()
        limits.maxConnectionsPerAddress = 1
        let server = try serverBehindProxy(limits)
        let first = try RawClient(port: server.port)
        try first.send(header)
        let inside = try SecureClient(first)
        try inside.handshake()
        let second = try RawClient(port: server.port)
        try second.send(header)
        #expect(try second.receiveToEnd() == [])
        let counters = server.server.counters
        #expect(counters.refusedOfAddress == 1 && counters.open == 1 && counters.tls.inProgress == 0)
    }

    @Test func `who is turned away from a TLS port hears nothing, and costs no handshake`() throws {
        var limits = Limits()
        limits.maxConnections = 1
        let server = try SecureServer(limits)
        do {
            let inside = try SecureClient(port: server.port)
            let extra = try RawClient(port: server.port)
            #expect(try extra.receiveToEnd() == [])
            let counters = server.server.counters
            #expect(counters.refusedFull == 1 && counters.turningAway == 0 && counters.open == 1)
            #expect(counters.tls.full == 1 && counters.tls.inProgress == 0)
            withExtendedLifetime(inside) {}
        }
        // The place is free again once the one inside has gone.
        #expect(server.counters { $0.open == 0 } != nil)
        try SecureClient(port: server.port).open()
    }
}
