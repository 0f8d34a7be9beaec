import TestSupport
import Testing

@testable import WebSocket

@Suite("Peers that take their time") struct SlowPeerTests {
    /// Sends byte after byte, the loop's clock moving on between them, until the server has had enough.
    ///
    /// - Returns: how many bytes went out.
    private func trickle(_ bytes: [UInt8], to client: RawClient, of server: TestServer) -> Int {
        for (index, byte) in bytes.enumerated() {
            do { try client.send([byte]) } catch { return index }
            server.letPass(milliseconds: 5)
            if server.counters.timedOut > 0 { return index + 1 }
        }
        return bytes.count
    }

    @Test(arguments: [
        "GET /\(String(repeating: "a", count: 500)) HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nX: \(String(repeating: "a", count: 500))\r\n",
        "POST /body HTTP/1.1\r\nHost: test\r\nContent-Length: 500\r\n\r\n\(String(repeating: "a", count: 500))",
    ]) func `a request that comes byte by byte is answered 408 in time, in each of its parts`(request: String) throws {
        var limits = Limits()
        limits.requestMilliseconds = 200
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port)
        // All but the last part at once, so that the part in question is what takes the time.
        let bytes = Array(request.utf8)
        try client.send(Array(bytes.dropLast(450)))
        #expect(trickle(Array(bytes.suffix(450)), to: client, of: server) < 400)
        #expect(try client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 408 "))
        #expect(server.counters.timedOut == 1)
    }

    @Test func `a response that is read bit by bit ends in bounded time`() throws {
        var limits = Limits()
        limits.responseMilliseconds = 200
        limits.kernelSendBufferBytes = 64 << 10
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port, receiveBufferBytes: 16 << 10)
        try client.send("GET /big HTTP/1.1\r\nHost: test\r\n\r\n")
        var received = 0
        do {
            while true {
                let more = try client.receive(limit: 4 << 10).count
                if more == 0 { break }
                received += more
                if server.counters.timedOut == 0 { server.letPass(milliseconds: 5) }
            }
        } catch RawClient.Failure.reset {
            // What was under way was given up with the connection.
        }
        #expect(received < 8 << 20)
        #expect(server.counters.timedOut == 1 && server.counters.open == 0)
    }

    @Test(arguments: [
        // Part of a frame's header, of its payload, a fragment whose end does not come, part of a ping.
        Array(clientFrame(text: "hello").prefix(1)), Array(clientFrame(text: "hello").prefix(4)),
        Array(clientFrame(text: "hello").prefix(9)), clientFrame(0x01, [65]), clientFrame(0x02, []),
        Array(clientFrame(0x89, [1, 2, 3]).prefix(8)),
        Array(clientFrame(0x82, [UInt8](repeating: 1, count: 60_000)).prefix(100)),
    ]) func `half a message is not waited for for ever`(half: [UInt8]) throws {
        var limits = Limits()
        limits.messageMilliseconds = 50
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(half)
        let frame = try #require(try client.receiveFrame())
        #expect(frame.closeCode == 1008)
        #expect(
            String(decoding: frame.payload.dropFirst(2), as: UTF8.self) == "a message has not come whole within 50 ms")
        #expect(server.counters.timedOut == 1 && server.counters.violations == 1)
    }

    @Test func `a frame that comes byte by byte does not come in time, whatever pings come between`() throws {
        var limits = Limits()
        limits.messageMilliseconds = 100
        limits.maxControlFramesPerSecond = .max
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(clientFrame(0x01, [65]))
        let pings = (0..<200).flatMap { _ in clientFrame(0x89, []) }
        #expect(trickle(pings, to: client, of: server) < 200)
        #expect(server.counters.timedOut == 1)
    }

    @Test(arguments: ["close", "violation"])
    func `who goes on sending after the end is cut when it has been enough`(how: String) throws {
        var limits = Limits()
        limits.maxDiscardedBytes = 100_000
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(how == "violation" ? [0xFF, 0xFF] : clientFrame(text: ":close"))
        #expect(try client.receiveFrame()?.closeCode == (how == "violation" ? 1002 : 4001))
        let flood = clientFrame(0x82, [UInt8](repeating: 0, count: 30_000))
        #expect(throws: RawClient.Failure.self) { for _ in 0..<10_000 { try client.send(flood) } }
        #expect(server.counters.open == 0 && server.counters.bytesIn < 2_000_000)
    }

    @Test func `who is slow and finishes each message in time is heard for as long as it speaks`() throws {
        var limits = Limits()
        // All of it takes longer than one message may, each message much less, on a slow machine too.
        limits.messageMilliseconds = 1500
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port)
        try client.open()
        for number in 0..<15 {
            let frame = clientFrame(text: "message \(number)") + clientFrame(0x89, [1])
            // The first byte of each comes with the end of the one before: there is never nothing half done.
            try client.send(Array(frame[(number == 0 ? 0 : 1)..<8]))
            server.letPass(milliseconds: 110)
            try client.send(Array(frame[8...]) + [0x81])
            #expect(try client.receiveFrame() == .text("message \(number)"))
            #expect(try client.receiveFrame() == RawClient.Frame(firstByte: 0x8A, payload: [1]))
        }
        #expect(server.counters.timedOut == 0)
    }

    @Test func `empty and tiny fragments, and pings between them, cost a bounded amount and end at their limits`()
        throws
    {
        var limits = Limits()
        limits.maxFragmentsPerMessage = 1000
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(
            clientFrame(0x01, [65]) + (0..<998).flatMap { _ in clientFrame(0x00, []) } + clientFrame(0x80, [66]))
        #expect(try client.receiveFrame() == .text("AB"))
        try client.send(clientFrame(0x01, [65]) + (0..<1000).flatMap { clientFrame(0x00, [UInt8($0 % 26 + 65)]) })
        let frame = try #require(try client.receiveFrame())
        #expect(frame.closeCode == 1009)
        #expect(String(decoding: frame.payload.dropFirst(2), as: UTF8.self) == "message of more than 1000 fragments")
    }
}
