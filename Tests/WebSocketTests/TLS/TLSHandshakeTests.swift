import COpenSSL
import TestSupport
import Testing

@testable import WebSocket

@Suite("TLS: the handshake") struct TLSHandshakeTests {
    @Test(arguments: [(TLS1_2_VERSION, "TLSv1.2"), (TLS1_3_VERSION, "TLSv1.3")])
    func `TLS 1_2 and 1_3 are spoken, with encryption that notices changes`(version: Int32, name: String) throws {
        let server = try SecureServer()
        var options = SecureClient.Options()
        options.versions = version...version
        let client = try SecureClient(port: server.port, options)
        #expect(client.version == name)
        #expect(client.cipher.contains("GCM") || client.cipher.contains("CHACHA20"))
        #expect(version == TLS1_3_VERSION || client.cipher.hasPrefix("ECDHE-"))
        try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
        let counters = try #require(server.counters { $0.full == 1 })
        #expect(counters.inProgress == 0 && counters.open == 1)
    }

    @Test(arguments: [TLS1_VERSION, TLS1_1_VERSION]) func `what is older is refused`(version: Int32) throws {
        let server = try SecureServer()
        var options = SecureClient.Options()
        options.versions = version...version
        let words = SecureClient.Failure.handshake("tlsv1 alert protocol version")
        #expect(throws: words) { try SecureClient(port: server.port, options) }
        #expect(server.counters { $0[.version] == 1 && $0.inProgress == 0 } != nil)
    }

    @Test(arguments: ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-CCM"])
    func `a cipher without forward secrecy, or none of those we have, is refused`(cipher: String) throws {
        let server = try SecureServer()
        var options = SecureClient.Options()
        options.versions = TLS1_2_VERSION...TLS1_2_VERSION
        options.ciphers = cipher
        let words = SecureClient.Failure.handshake("sslv3 alert handshake failure")
        #expect(throws: words) { try SecureClient(port: server.port, options) }
        #expect(server.counters { $0[.noSharedCipher] == 1 && $0.inProgress == 0 && $0.open == 0 } != nil)
    }

    @Test func `version 1_3 can be demanded`() throws {
        let server = try SecureServer { $0.minimumVersion = .tls13 }
        var options = SecureClient.Options()
        options.versions = TLS1_2_VERSION...TLS1_2_VERSION
        #expect(throws: SecureClient.Failure.self) { try SecureClient(port: server.port, options) }
        #expect(try SecureClient(port: server.port).version == "TLSv1.3")
    }

    @Test func `renegotiation is refused`() throws {
        let server = try SecureServer()
        var options = SecureClient.Options()
        options.versions = TLS1_2_VERSION...TLS1_2_VERSION
        let client = try SecureClient(port: server.port, options)
        try client.renegotiate()
        #expect(throws: SecureClient.Failure.stream("no renegotiation")) { try client.receive() }
        #expect(server.counters { $0.full == 1 && $0.inProgress == 0 } != nil)
    }

    @Test func `of the protocols offered HTTP_1_1 is chosen, and a client without it is refused`() throws {
        let server = try SecureServer()
        var options = SecureClient.Options()
        #expect(try SecureClient(port: server.port, options).applicationProtocol == "")
        options.protocols = ["h2", "http/1.1"]
        #expect(try SecureClient(port: server.port, options).applicationProtocol == "http/1.1")
        options.protocols = ["h2"]
        let words = SecureClient.Failure.handshake("tlsv1 alert no application protocol")
        #expect(throws: words) { try SecureClient(port: server.port, options) }
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION]) func `one byte a packet is enough`(version: Int32) throws {
        let server = try SecureServer()
        var options = SecureClient.Options()
        options.packetBytes = 1
        options.versions = version...version
        let client = try SecureClient(port: server.port, options)
        try client.open()
        try client.send(clientFrame(text: "hello"))
        #expect(try client.receiveFrame() == .text("hello"))
    }

    @Test func `a client that says nothing is cut when its time is up`() throws {
        var limits = Limits()
        limits.handshakeMilliseconds = 100
        let server = try SecureServer(limits)
        let silent = try RawClient(port: server.port)
        #expect(try silent.receiveToEnd() == [])
        #expect(server.counters { $0[.timeout] == 1 && $0.inProgress == 0 } != nil)
        #expect(server.server.counters.open == 0)
    }

    @Test func `after the handshake the request has its own time`() throws {
        var limits = Limits()
        limits.handshakeMilliseconds = 100
        let server = try SecureServer(limits)
        let client = try SecureClient(port: server.port)
        server.server.letPass(milliseconds: 200)
        try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.receive(through: "\r\n").hasPrefix("HTTP/1.1 200 "))
    }

    @Test func `who comes while as many handshakes as may be are under way waits for one to end`() throws {
        var limits = Limits()
        limits.maxHandshakes = 3
        let server = try SecureServer(limits)
        var silent = try (0..<3).map { _ in try RawClient(port: server.port) }
        #expect(server.counters { $0.inProgress == 3 } != nil)
        let waiting = try SecureClient(RawClient(port: server.port))
        let answered = Box<Bool>()
        nonisolated(unsafe) let client = waiting  // used by one thread at a time: the poster's, until it is joined
        let poster = Poster { answered.put((try? client.handshake()) != nil) }
        server.server.letPass(milliseconds: 100)
        #expect(server.server.counters.accepted == 3)
        silent.removeFirst()
        #expect(answered.take())
        poster.join()
        let counters = try #require(server.counters { $0.full == 1 })
        #expect(counters.inProgress == 2 && counters[.gone] == 1)
        silent.removeAll()
        #expect(server.counters { $0.inProgress == 0 } != nil)
    }

    @Test func `many handshakes at once are all done, a few in a turn`() throws {
        var limits = Limits()
        limits.handshakesPerTurn = 1
        limits.maxHandshakes = 5
        let server = try SecureServer(limits)
        let port = server.port
        let done = Journal<Bool>()
        let posters = (0..<20).map { _ in Poster { done.add((try? SecureClient(port: port)) != nil) } }
        for _ in 0..<20 { #expect(done.next() == true) }
        for poster in posters { poster.join() }
        #expect(server.counters { $0.full == 20 && $0.inProgress == 0 && $0.open == 0 } != nil)
    }

    @Test func `a request without TLS is told what is wrong, in words it can read`() throws {
        let server = try SecureServer()
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(answer.contains("this port speaks TLS"))
        #expect(server.counters { $0[.plainHTTP] == 1 && $0.inProgress == 0 } != nil)
    }

    @Test func `noise is refused with an alert`() throws {
        let server = try SecureServer()
        let client = try RawClient(port: server.port)
        try client.send([UInt8](repeating: 0x5A, count: 300))
        let answer = try client.receiveToEnd()
        #expect(answer.isEmpty || answer.first == 0x15)
        #expect(server.counters { $0[.malformed] == 1 && $0.inProgress == 0 } != nil)
    }

    @Test func `a client that goes away in the middle is counted and forgotten`() throws {
        let server = try SecureServer()
        do {
            let client = try RawClient(port: server.port)
            try client.send([0x16, 0x03, 0x01])
        }
        #expect(server.counters { $0[.gone] == 1 && $0.inProgress == 0 } != nil)
        #expect(server.server.counters.open == 0)
    }

    @Test func `a loop that ends lets go of handshakes`() throws {
        let server = try SecureServer()
        let client = try RawClient(port: server.port)
        #expect(server.counters { $0.inProgress == 1 } != nil)
        server.server.stop()
        #expect(try client.receiveToEnd() == [])
    }
}
