import TestSupport
import Testing

@testable import WebSocket

@Suite("RFC 9112 §9: connections, over a socket") struct HTTPConnectionTests {
    private func status(_ answer: String) -> Int? { Int(answer.dropFirst("HTTP/1.1 ".count).prefix(3)) }

    @Test func `requests in one packet are answered in order on one connection`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        let get = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
        let later = "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
        try client.send(get + later + get + "GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        for expected in [200, 202, 200, 404] {
            let head = try client.receive(through: "\r\n\r\n")
            #expect(status(head) == expected)
            #expect(head.contains("Connection: \(expected == 404 ? "close" : "keep-alive")\r\n"))
            if expected == 200 { #expect(try client.receive(through: "GET") == "hello GET") }
        }
        #expect(try client.receiveToEnd() == [])
        #expect(server.counters.requests == 4)
    }

    @Test func `HEAD gets the length and no body`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let answer = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        #expect(answer.contains("Content-Length: 10\r\n") && answer.hasSuffix("\r\n\r\n"))
    }

    @Test func `a body longer than the kernel's buffers arrives whole, HTTP 1.0 then closes`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port, receiveBufferBytes: 32 << 10)
        try client.send("GET /big HTTP/1.0\r\n\r\n")
        client.endOutput()
        #expect(status(try client.receive(through: "\r\n\r\n")) == 200)
        #expect(try client.receiveToEnd().count == 8 << 20)
    }

    @Test func `answers do not pile up for a client that asks and never reads`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port, receiveBufferBytes: 32 << 10)
        let get = "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"
        try client.send(String(repeating: get, count: 3))
        for _ in 0..<3 {
            #expect(status(try client.receive(through: "\r\n\r\n")) == 200)
            #expect(server.counters.requests <= 3)
            #expect(try client.receive(exactly: 8 << 20).count == 8 << 20)
        }
    }

    @Test func `a client that has closed its side gets the answers to all it asked before`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port, receiveBufferBytes: 32 << 10)
        try client.send(String(repeating: "GET /big HTTP/1.1\r\nHost: x\r\n\r\n", count: 3))
        client.endOutput()
        for last in [false, false, true] {
            let head = try client.receive(through: "\r\n\r\n")
            #expect(status(head) == 200)
            #expect(head.contains("Connection: close\r\n") == last)
            #expect(try client.receive(exactly: 8 << 20).count == 8 << 20)
        }
        #expect(try client.receiveToEnd() == [])
    }

    @Test func `a peer that reads slowly and steadily gets all of a long answer`() throws {
        var limits = Limits()
        limits.responseStallMilliseconds = 400
        limits.closeMilliseconds = 100
        limits.kernelSendBufferBytes = 64 << 10
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port, receiveBufferBytes: 32 << 10)
        try client.send("GET /big HTTP/1.0\r\n\r\n")
        #expect(status(try client.receive(through: "\r\n\r\n")) == 200)
        for _ in 0..<8 {
            #expect(try client.receive(exactly: 1 << 20).count == 1 << 20)
            server.letPass(milliseconds: 80)
        }
        #expect(try client.receiveToEnd() == [])
    }

    @Test func `a peer that takes nothing of an answer for too long is cut`() throws {
        var limits = Limits()
        limits.responseStallMilliseconds = 20
        limits.kernelSendBufferBytes = 64 << 10
        for version in ["1.0", "1.1"] {
            let server = try TestServer(limits)
            let client = try RawClient(port: server.port, receiveBufferBytes: 32 << 10)
            try client.send("GET /big HTTP/\(version)\r\nHost: x\r\n\r\n")
            #expect(status(try client.receive(through: "\r\n\r\n")) == 200)
            server.letPass(milliseconds: 60)
            #expect(server.counters.open == 0)
        }
    }

    @Test func `a refused HEAD is answered without a body`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")
        let answer = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        #expect(status(answer) == 400)
        #expect(answer.hasSuffix("\r\n\r\n") && !answer.contains("Content-Length: 0\r\n"))
    }

    @Test func `requests sent at once are served a few in each turn`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.send(
            String(repeating: "GET /turn HTTP/1.1\r\nHost: x\r\n\r\n", count: 99)
                + "GET /turn HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let text = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        let turns = text.split(separator: "\r\n\r\n").dropFirst().compactMap { Int($0.prefix { $0.isNumber }) }
        #expect(turns.count == 100 && turns == turns.sorted())
        let most = Dictionary(grouping: turns) { $0 }.values.map(\.count).max()
        #expect(most == 16)
    }

    @Test func `a client that asks first is told to send its body`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.send("POST /body HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        #expect(try client.receive(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        try client.send("ping")
        #expect(status(try client.receive(through: "\r\n\r\n")) == 200)
        #expect(try client.receive(exactly: 4) == Array("ping".utf8))
    }

    @Test func `a malformed request is answered and the connection ends`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.1\nHost: x\n\n" + String(repeating: "junk", count: 10_000))
        let answer = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        #expect(status(answer) == 400)
        #expect(answer.contains("Connection: close\r\n"))
        #expect(server.counters.requestsRefused == 1)
    }

    @Test func `a request that does not arrive in time is answered 408`() throws {
        var limits = Limits()
        limits.requestMilliseconds = 20
        let server = try TestServer(limits)
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.1\r\n")
        #expect(status(String(decoding: try client.receiveToEnd(), as: UTF8.self)) == 408)
    }

    @Test func `a connection that says nothing, or nothing more, is closed`() throws {
        var limits = Limits()
        limits.requestMilliseconds = 20
        limits.keepAliveMilliseconds = 20
        let server = try TestServer(limits)
        #expect(try RawClient(port: server.port).receiveToEnd() == [])
        let client = try RawClient(port: server.port)
        try client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self).hasSuffix("hello GET"))
    }

    @Test func `an exchange its handler forgets is answered 500`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.send("GET /forget HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(status(String(decoding: try client.receiveToEnd(), as: UTF8.self)) == 500)
    }

    @Test func `a refused upgrade leaves a connection that serves on`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        let refused = RawClient.upgradeRequest().replacing("Version: 13", with: "Version: 12")
        try client.send(refused)
        let answer = try client.receive(through: "\r\n\r\n")
        #expect(status(answer) == 426)
        #expect(answer.contains("Sec-WebSocket-Version: 13\r\n"))
        #expect(answer.contains("Upgrade: websocket\r\n") && answer.contains("Connection: upgrade, keep-alive\r\n"))
        _ = try client.receive(through: "\n")
        #expect(try client.open().hasPrefix("HTTP/1.1 101 "))
    }

    @Test(arguments: [("GET /ws", 426), ("GET /forgotten", 500), ("GET nowhere", 400)])
    func `the handler words what the engine refuses`(line: String, expected: Int) throws {
        let server = try LoopThread { _ in Wording() }
        let client = try RawClient(port: server.port)
        try client.send("\(line) HTTP/1.1\r\nHost: x\r\n\r\n")
        let head = try client.receive(through: "\r\n\r\n")
        #expect(status(head) == expected)
        #expect(head.contains("Content-Type: application/json\r\n") && !head.contains("text/plain"))
        #expect(try client.receive(through: "}") == "{\(expected)}")
        server.stop()
    }

    @Test func `above the ceiling a new connection is turned away, and those that are open stay`() throws {
        var limits = Limits()
        limits.maxConnections = 2
        let server = try TestServer(limits)
        let first = try RawClient(port: server.port)
        let second = try RawClient(port: server.port)
        try first.open()
        try second.open()
        let third = try RawClient(port: server.port)
        #expect(status(try third.receive(through: "\r\n\r\n")) == 503)
        #expect(server.counters.refused == 1)
        try first.send(clientFrame(text: "still here"))
        #expect(try first.receiveFrame() == .text("still here"))
    }
}

@Suite("Mailboxes and timers on a loop") struct LoopTests {
    @Test func `posts from many threads arrive, each thread's in order`() throws {
        let server = try LoopThread { _ in Silent() }
        let arrived = Journal<[Int]>()
        let box = Box<Result<Mailbox<[Int]>, any Error>>()
        server.run { loop in
            box.put(Result { try loop.makeMailbox(capacity: 100_000, arrived.add) })
        }
        let mailbox = try box.take().get()
        let posters = (0..<4).map { poster in
            Poster { for index in 0..<1000 { mailbox.post([poster, index]) } }
        }
        for poster in posters { poster.join() }
        var next = [0, 0, 0, 0]
        for _ in 0..<4000 {
            let parcel = try #require(arrived.next())
            #expect(parcel[1] == next[parcel[0]])
            next[parcel[0]] += 1
        }
        server.stop()
        #expect(mailbox.post([0, 0]) == .closed)
    }

    @Test func `a full mailbox says so`() throws {
        let loop = try EventLoop()
        let mailbox: Mailbox<Int> = try loop.makeMailbox(capacity: 2) { _ in }
        #expect(mailbox.post(1) == .delivered)
        #expect(mailbox.post(2) == .delivered)
        #expect(mailbox.post(3) == .full)
    }

    @Test func `timers run on time, in order, and can end the loop`() throws {
        let loop = try EventLoop()
        var ran: [String] = []
        let start = loop.now
        loop.schedule(at: start + .milliseconds(20)) {
            ran.append("second")
            #expect(loop.now >= start + .milliseconds(20))
            loop.stop()
        }
        loop.schedule(at: start + .milliseconds(5)) { ran.append("first") }
        loop.cancel(loop.schedule(at: start + .milliseconds(1)) { ran.append("cancelled") })
        loop.run()
        #expect(ran == ["first", "second"])
    }

    @Test func `an address that is taken is an error that says which`() throws {
        let server = try LoopThread { _ in Silent() }
        let loop = try EventLoop()
        #expect {
            _ = try loop.listen(host: "127.0.0.1", port: server.port, handler: Silent())
        } throws: { error in
            (error as? SystemError)?.description == "bind 127.0.0.1:\(server.port): address already in use"
        }
        server.stop()
    }
}

private final class Silent: RequestHandler {
    func handle(_ request: Request, _ exchange: Exchange) {}
}

/// Words what the engine refuses, and answers nothing itself.
private final class Wording: RequestHandler {
    func handle(_ request: Request, _ exchange: Exchange) {
        if request.path == "/ws" { exchange.upgrade(subprotocol: nil, handler: Deaf()) }
    }

    func refused(status: Int, reason: String) -> Response {
        Response(status: status, headers: [("Content-Type", "application/json")], body: Array("{\(status)}".utf8))
    }
}

private final class Deaf: ConnectionHandler {
    func opened(_ connection: Connection) {}
    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) {}
    func drained(_ connection: Connection) {}
    func closed(_ connection: Connection, _ closure: Closure) {}
}
