import TestSupport
import Testing

@testable import WebSocket

@Suite("RFC 6455 §7: closing, over a socket") struct ClosingTests {
    @Test func `the peer's close is answered with its code, and then the stream ends`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(clientFrame(text: "hi") + clientFrame(0x88, [0x0F, 0xA2] + Array("bye".utf8)))
        #expect(try client.receiveFrame() == .text("hi"))
        #expect(try client.receiveFrame() == .close(4002))
        #expect(try client.receiveToEnd() == [])
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .message("hi"))
        let code = CloseCode(rawValue: 4002)
        #expect(server.journal.next() == .closed(code, reason: "bye", .peer, isClean: true))
    }

    @Test func `an empty close is answered with an empty one`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(clientFrame(0x88, []))
        #expect(try client.receiveFrame() == RawClient.Frame(firstByte: 0x88, payload: []))
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .closed(.noStatus, reason: "", .peer, isClean: true))
    }

    @Test func `our close is clean once the peer answers`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(clientFrame(text: ":close"))
        let frame = try #require(try client.receiveFrame())
        #expect(frame.closeCode == 4001)
        #expect(String(decoding: frame.payload[2...], as: UTF8.self) == "as asked")
        // Said before the close was heard: nobody listens to it any more.
        try client.send(clientFrame(text: "late") + clientFrame(0x88, [0x0F, 0xA1]))
        #expect(try client.receiveToEnd() == [])
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .closed(CloseCode(rawValue: 4001), reason: "", .local, isClean: true))
    }

    @Test func `a peer that never answers our close is cut`() throws {
        var limits = Limits()
        limits.closeMilliseconds = 20
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(clientFrame(text: ":close"))
        #expect(try client.receiveFrame()?.closeCode == 4001)
        #expect(try client.receiveToEnd() == [])
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .closed(CloseCode(rawValue: 4001), reason: "", .local, isClean: false))
    }

    @Test func `what was sent before close arrives, what is sent after is ignored`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(clientFrame(text: ":twice"))
        #expect(try client.receiveFrame() == .text("one"))
        #expect(try client.receiveFrame() == .close(1000))
        try client.send(clientFrame(0x88, [0x03, 0xE8]))
        #expect(try client.receiveToEnd() == [])
    }

    @Test func `a violation is told by a close frame after earlier messages were echoed`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(clientFrame(text: "first") + clientFrame(0x80, [1]) + clientFrame(text: "unheard"))
        #expect(try client.receiveFrame() == .text("first"))
        #expect(try client.receiveFrame()?.closeCode == 1002)
        #expect(try client.receiveToEnd() == [])
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .message("first"))
        let text = Violation.continuationOfNothing
        #expect(server.journal.next() == .closed(.protocolError, reason: "", .violation(text), isClean: false))
        #expect(server.counters.violations == 1)
    }

    @Test func `more control frames in a second than the limit close with 1008`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        let frames = (0..<101).flatMap { clientFrame($0 % 2 == 0 ? 0x89 : 0x8A, [UInt8($0)]) }
        try client.send(frames + clientFrame(text: "unheard"))
        for index in 0..<50 {
            #expect(try client.receiveFrame() == RawClient.Frame(firstByte: 0x8A, payload: [UInt8(index * 2)]))
        }
        #expect(try client.receiveFrame()?.closeCode == 1008)
    }

    @Test func `a peer that goes without a word is lost`() throws {
        let server = try TestServer()
        do {
            let client = try RawClient(port: server.port)
            try client.open()
            #expect(server.journal.next() == .opened)
        }
        #expect(server.journal.next() == .closed(.abnormal, reason: "", .lost, isClean: false))
    }

    @Test func `abort cuts at once`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(clientFrame(text: ":abort"))
        #expect(try client.receiveFrame() == nil)
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .closed(.abnormal, reason: "", .aborted, isClean: false))
        #expect(server.counters.open == 0)
    }

    @Test func `a loop that ends tells its connections`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        #expect(server.journal.next() == .opened)
        server.stop()
        #expect(server.journal.next() == .closed(.abnormal, reason: "", .stopped, isClean: false))
        #expect(try client.receiveToEnd() == [])
    }
}

@Suite("Messages over a socket") struct MessagePathTests {
    @Test func `messages sent with the handshake are not lost`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.send(Array(RawClient.upgradeRequest().utf8) + clientFrame(text: "early"))
        #expect(try client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
        #expect(try client.receiveFrame() == .text("early"))
    }

    @Test func `the subprotocol chosen is named in the answer`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        let answer = try client.open(extra: "Sec-WebSocket-Protocol: b, a\r\n")
        #expect(answer.contains("\r\nSec-WebSocket-Protocol: b\r\n"))
        #expect(answer.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
    }

    @Test(arguments: [0, 125, 126, 16_000, 16_384, 70_000, 3_000_000])
    func `messages of every size come back`(count: Int) throws {
        var limits = Limits()
        limits.maxMessageBytes = 4 << 20
        limits.maxOutboxBytes = 16 << 20
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port)
        try client.open()
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 % 95 + 32) }
        for _ in 0..<2 {
            try client.send(clientFrame(0x82, payload))
            let frame = try #require(try client.receiveFrame())
            #expect(frame.firstByte == 0x82 && frame.payload == payload)
        }
    }

    @Test func `a frame sliced over many packets arrives whole, and pings between are answered`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        let bytes =
            clientFrame(0x01, Array("Hel".utf8)) + clientFrame(0x89, [9, 8]) + clientFrame(0x80, Array("lo".utf8))
        for byte in bytes { try client.send([byte]) }
        #expect(try client.receiveFrame() == RawClient.Frame(firstByte: 0x8A, payload: [9, 8]))
        #expect(try client.receiveFrame() == .text("Hello"))
    }

    @Test func `many messages in one packet are answered in order`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send((0..<2000).flatMap { clientFrame(text: "message \($0)") })
        for index in 0..<2000 { #expect(try client.receiveFrame() == .text("message \(index)")) }
        let counters = server.counters
        #expect(counters.messagesIn == 2000 && counters.messagesOut == 2000)
    }

    @Test func `a message for all reaches every connection, with one send for each`() throws {
        let server = try TestServer()
        let clients = try (0..<20).map { _ in try RawClient(port: server.port) }
        for client in clients { try client.open() }
        let sendsBefore = server.counters.sends
        try clients[7].send(clientFrame(text: ":all") + clientFrame(text: "own") + clientFrame(text: ":all"))
        for (index, client) in clients.enumerated() {
            #expect(try client.receiveFrame() == .text("to all"))
            if index == 7 { #expect(try client.receiveFrame() == .text("own")) }
            #expect(try client.receiveFrame() == .text("to all"))
        }
        // Three messages came in one turn, and each connection got all of its own in one send.
        #expect(server.counters.sends - sendsBefore == 20)
    }
}

@Suite("A peer that does not read") struct BackPressureTests {
    private func limits(maxOutboxBytes: Int) -> Limits {
        var limits = Limits()
        limits.maxOutboxBytes = maxOutboxBytes
        limits.kernelSendBufferBytes = 64 << 10
        return limits
    }

    @Test func `what the kernel refuses waits, arrives in order, and its end is told`() throws {
        let server = try TestServer(limits(maxOutboxBytes: 8 << 20))
        let client = try RawClient(port: server.port, receiveBufferBytes: 32 << 10)
        try client.open()
        try client.send(clientFrame(text: ":flood") + clientFrame(text: "after"))
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .message("after"))
        #expect(server.counters.sendsRefused == 1)
        for _ in 0..<64 {
            let frame = try #require(try client.receiveFrame())
            #expect(frame.payload.count == 64 << 10 && frame.payload.allSatisfy { $0 == 7 })
        }
        #expect(try client.receiveFrame() == .text("after"))
        #expect(server.journal.next() == .drained(unsentBytes: 0))
    }

    @Test func `a backlog that the kernel takes in one send is told to have drained, whatever else was said`() throws {
        var limits = Limits()
        limits.backlogBytes = 2000
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port)
        try client.open()
        let long = String(repeating: "a", count: 1001)
        try client.send(clientFrame(text: long) + clientFrame(text: "short") + clientFrame(0x89, []))
        try client.send(clientFrame(text: long) + clientFrame(text: long) + clientFrame(0x89, []))
        #expect(server.journal.next() == .opened)
        for said in ["1001 bytes", "short", "1001 bytes", "1001 bytes"] {
            #expect(server.journal.next() == .message(said))
        }
        #expect(server.journal.next() == .drained(unsentBytes: 0))
        #expect(server.counters.sendsRefused == 0)
    }

    @Test func `what is flushed leaves before the turn ends, in its place`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        let before = server.counters.sends
        try client.send(clientFrame(text: ":now"))
        #expect(try client.receiveFrame() == .text("one"))
        #expect(try client.receiveFrame() == .text("two"))
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .message("0 bytes unsent"))
        #expect(server.counters.sends == before + 2)
    }

    @Test func `what the kernel refuses of a flush waits in order, and one to who is gone does nothing`() throws {
        let server = try TestServer(limits(maxOutboxBytes: 16 << 20))
        let client = try RawClient(port: server.port, receiveBufferBytes: 32 << 10)
        try client.open()
        try client.send(clientFrame(text: ":much now") + clientFrame(text: "after"))
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .message("refused"))
        for _ in 0..<1000 {
            let frame = try #require(try client.receiveFrame())
            #expect(frame.payload.count == 8 << 10 && frame.payload.allSatisfy { $0 == 7 })
        }
        #expect(try client.receiveFrame() == .text("after"))
        let other = try RawClient(port: server.port)
        try other.open()
        try other.send(clientFrame(text: ":gone"))
        #expect(try other.receive().isEmpty)
    }

    @Test func `above the ceiling the connection is aborted and its closed event says so`() throws {
        let server = try TestServer(limits(maxOutboxBytes: 1 << 20))
        let client = try RawClient(port: server.port, receiveBufferBytes: 32 << 10)
        try client.open()
        try client.send(clientFrame(text: ":overflow"))
        #expect(server.journal.next() == .opened)
        guard case .closed(.abnormal, _, .outboxFull(let bytes), false) = server.journal.next() else {
            Issue.record("closed differently")
            return
        }
        #expect(bytes > 1 << 20)
        #expect(server.counters.outboxOverflows == 1)
    }

    @Test func `a flood of pings that is never read ends at the ceiling, not in memory`() throws {
        var limits = limits(maxOutboxBytes: 256 << 10)
        limits.maxControlFramesPerSecond = .max
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port, receiveBufferBytes: 32 << 10)
        try client.open()
        let flood = (0..<1000).flatMap { _ in clientFrame(0x89, [UInt8](repeating: 1, count: 125)) }
        #expect(throws: RawClient.Failure.self) { while true { try client.send(flood) } }
        #expect(server.journal.next() == .opened)
        guard case .closed(_, _, .outboxFull, false) = server.journal.next() else {
            Issue.record("closed differently")
            return
        }
    }
}
