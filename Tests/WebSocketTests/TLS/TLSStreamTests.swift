import COpenSSL
import TestSupport
import Testing

@testable import WebSocket

@Suite("TLS: the stream") struct TLSStreamTests {
    @Test(arguments: [0, 125, 16_000, 16_384, 70_000, 200_000, 3_000_000])
    func `messages of every size come back`(count: Int) throws {
        var limits = Limits()
        limits.maxMessageBytes = 4 << 20
        limits.maxOutboxBytes = 16 << 20
        let server = try SecureServer(limits)
        let client = try SecureClient(port: server.port)
        try client.open()
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 % 95 + 32) }
        for _ in 0..<3 {
            try client.send(clientFrame(0x82, payload) + clientFrame(text: "after"))
            let frame = try #require(try client.receiveFrame())
            #expect(frame.firstByte == 0x82 && frame.payload == payload)
            #expect(try client.receiveFrame() == .text("after"))
        }
    }

    @Test func `the smallest buffer that TLS is promised is enough`() throws {
        var limits = Limits()
        limits.maxMessageBytes = 1 << 20
        limits.maxOutboxBytes = 16 << 20
        limits.receiveBufferBytes = 32 << 10
        let server = try SecureServer(limits)
        let client = try SecureClient(port: server.port)
        try client.open()
        let payload = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        try client.send(clientFrame(0x82, payload) + clientFrame(text: "after"))
        #expect(try client.receiveFrame()?.payload == payload)
        #expect(try client.receiveFrame() == .text("after"))
    }

    @Test(arguments: [1, 3, 1000, 16_385]) func `records may come in any pieces`(packetBytes: Int) throws {
        let server = try SecureServer()
        var options = SecureClient.Options()
        options.packetBytes = packetBytes
        let client = try SecureClient(port: server.port, options)
        try client.open()
        let texts = ["short", String(repeating: "long ", count: 2000), "end"]
        try client.send(texts.flatMap { clientFrame(text: $0) })
        for text in texts { #expect(try client.receiveFrame() == .text(text)) }
    }

    @Test func `many messages in one record and many records in one packet are answered in order`() throws {
        let server = try SecureServer()
        let client = try SecureClient(port: server.port)
        try client.open()
        try client.send((0..<5000).flatMap { clientFrame(text: "message \($0)") })
        for index in 0..<5000 { #expect(try client.receiveFrame() == .text("message \(index)")) }
        for index in 0..<50 { try client.send(clientFrame(text: "message \(index)")) }
        for index in 0..<50 { #expect(try client.receiveFrame() == .text("message \(index)")) }
    }

    @Test func `what was said in one turn leaves in one send, and a shared message goes to all`() throws {
        let server = try SecureServer()
        let clients = try (0..<5).map { _ in try SecureClient(port: server.port) }
        for client in clients { try client.open() }
        let before = server.server.counters.sends
        try clients[2].send(clientFrame(text: ":all") + clientFrame(text: "own") + clientFrame(text: ":all"))
        for (index, client) in clients.enumerated() {
            #expect(try client.receiveFrame() == .text("to all"))
            if index == 2 { #expect(try client.receiveFrame() == .text("own")) }
            #expect(try client.receiveFrame() == .text("to all"))
        }
        #expect(server.server.counters.sends - before == 5)
    }

    @Test func `a close is answered, and the stream ends with a word`() throws {
        let server = try SecureServer()
        let client = try SecureClient(port: server.port)
        try client.open()
        try client.send(clientFrame(0x88, [0x0F, 0xA2]))
        #expect(try client.receiveFrame() == .close(4002))
        // Anything but a close_notify would throw.
        #expect(try client.receiveToEnd() == [])
        #expect(server.journal.next() == .opened)
        let code = CloseCode(rawValue: 4002)
        #expect(server.journal.next() == .closed(code, reason: "", .peer, isClean: true))
    }

    @Test(arguments: [true, false]) func `a stream that ends without a close frame is lost`(withGoodbye: Bool) throws {
        let server = try SecureServer()
        do {
            let client = try SecureClient(port: server.port)
            try client.open()
            #expect(server.journal.next() == .opened)
            if withGoodbye { try client.sayGoodbye() } else { client.raw.endOutput() }
            #expect(server.journal.next() == .closed(.abnormal, reason: "", .lost, isClean: false))
        }
        #expect(server.counters { $0.open == 0 } != nil)
    }

    @Test func `the goodbye in the packet of the last message is heard though nothing else comes`() throws {
        let server = try SecureServer()
        let client = try SecureClient(port: server.port)
        try client.open()
        try client.endWith(clientFrame(text: "last"))
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .message("last"))
        #expect(server.journal.next() == .closed(.abnormal, reason: "", .lost, isClean: false))
    }

    @Test func `a client that has asked all and said goodbye gets its answers`() throws {
        let server = try SecureServer()
        let client = try SecureClient(port: server.port)
        try client.endWith(Array("GET /later HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(try client.receive(through: "\r\n").hasPrefix("HTTP/1.1 202 "))
        _ = try client.receiveToEnd()
    }

    @Test func `a handshake with a goodbye behind it opens nothing`() throws {
        let server = try SecureServer()
        let client = try SecureClient(port: server.port)
        try client.endWith(Array(RawClient.upgradeRequest().utf8))
        #expect(throws: SecureClient.Failure.truncated) { try client.receive() }
        #expect(server.server.counters.upgrades == 0)
    }

    @Test func `a record that was tampered with ends the connection`() throws {
        let server = try SecureServer()
        let client = try SecureClient(port: server.port)
        try client.open()
        try client.raw.send([0x17, 0x03, 0x03, 0x00, 0x20] + [UInt8](repeating: 9, count: 32))
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .closed(.abnormal, reason: "", .lost, isClean: false))
        #expect(server.counters { $0.open == 0 } != nil)
    }

    @Test func `keys may be changed while messages go both ways`() throws {
        let server = try SecureServer()
        let client = try SecureClient(port: server.port)
        try client.open()
        for index in 0..<20 {
            try client.updateKeys(times: 1)
            try client.send(clientFrame(text: "message \(index)"))
            #expect(try client.receiveFrame() == .text("message \(index)"))
        }
    }
}

@Suite("TLS: a peer that does not read") struct TLSBackPressureTests {
    private func server(maxOutboxBytes: Int, _ change: (inout Limits) -> Void = { _ in }) throws -> SecureServer {
        var limits = Limits()
        limits.maxOutboxBytes = maxOutboxBytes
        limits.kernelSendBufferBytes = 64 << 10
        change(&limits)
        return try SecureServer(limits)
    }

    private func client(of server: SecureServer) throws -> SecureClient {
        var options = SecureClient.Options()
        options.receiveBufferBytes = 32 << 10
        return try SecureClient(port: server.port, options)
    }

    @Test func `what the kernel refuses waits, arrives in order, and its end is told`() throws {
        let server = try server(maxOutboxBytes: 8 << 20)
        let client = try client(of: server)
        try client.open()
        try client.send(clientFrame(text: ":flood") + clientFrame(text: "after"))
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .message("after"))
        #expect(server.server.counters.sendsRefused == 1)
        for _ in 0..<64 {
            let frame = try #require(try client.receiveFrame())
            #expect(frame.payload.count == 64 << 10 && frame.payload.allSatisfy { $0 == 7 })
        }
        #expect(try client.receiveFrame() == .text("after"))
        #expect(server.journal.next() == .drained(unsentBytes: 0))
    }

    @Test func `above the ceiling the connection is aborted and its closed event says so`() throws {
        let server = try server(maxOutboxBytes: 1 << 20)
        let client = try client(of: server)
        try client.open()
        try client.send(clientFrame(text: ":overflow"))
        #expect(server.journal.next() == .opened)
        guard case .closed(.abnormal, _, .outboxFull(let bytes), false) = server.journal.next() else {
            Issue.record("closed differently")
            return
        }
        #expect(bytes > 1 << 20)
        #expect(server.server.counters.outboxOverflows == 1)
    }

    @Test func `a response that does not fit the kernel arrives whole, then the stream ends with a word`() throws {
        let server = try server(maxOutboxBytes: 1 << 20)
        let client = try client(of: server)
        try client.send("GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(try client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
        #expect(try client.receiveToEnd().count == 8 << 20)
    }

    @Test func `demands for new keys that are never read end at the ceiling, not in memory`() throws {
        let server = try server(maxOutboxBytes: 64 << 10)
        let client = try client(of: server)
        try client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(throws: RawClient.Failure.self) { while true { try client.updateKeys(times: 500) } }
        #expect(server.server.counters.outboxOverflows == 1)
    }
}
