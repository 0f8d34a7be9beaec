import TestSupport
import Testing

@testable import WebSocket

@Suite("RFC 6455 §4.1 and §7: the client, over a socket") struct ClientConnectionTests {
    private func request(_ port: UInt16, _ target: String = "/") -> ClientRequest {
        ClientRequest(host: "127.0.0.1", port: port, target: target)
    }

    @Test(arguments: [nil, false, true] as [Bool?])
    func `messages of every size go masked, compressed or not, and come back`(keepsContexts: Bool?) throws {
        var limits = Limits()
        limits.maxMessageBytes = 4 << 20
        limits.maxOutboxBytes = 32 << 20
        let policy = keepsContexts.map { keepsContexts -> CompressionPolicy in
            var policy = CompressionPolicy()
            policy.minBytes = 50
            policy.keepsContext = keepsContexts
            policy.peerKeepsContext = keepsContexts
            return policy
        }
        let server = try TestServer(limits, compression: policy)
        let calling = try CallingLoop(limits)
        var request = request(server.port)
        request.compression = policy
        let sizes = [1, 49, 125, 126, 5000, 16_384, 70_000, 3_000_000]
        calling.call(request, says: sizes.map { String(decoding: prose($0), as: UTF8.self) })
        #expect(calling.journal.next() == .opened)
        for size in sizes {
            let expected = size > 100 ? "\(size) bytes" : String(decoding: prose(size), as: UTF8.self)
            #expect(calling.journal.next() == .message(expected))
        }
        #expect(calling.journal.next() == .closed(.normal, .local, isClean: true))
        #expect(server.counters.compression.messagesIn == (policy == nil ? 0 : 6))
        #expect(calling.counters.compression.messagesIn == (policy == nil ? 0 : 6))
    }

    @Test func `a server's close is answered, and the server ends the stream first`() throws {
        let server = try TestServer()
        let calling = try CallingLoop()
        calling.call(request(server.port), says: [":close"])
        #expect(calling.journal.next() == .opened)
        #expect(calling.journal.next() == .closed(CloseCode(rawValue: 4001), .peer, isClean: true))
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .closed(CloseCode(rawValue: 4001), reason: "", .local, isClean: true))
    }

    @Test func `a message for many reaches a client's peer masked`() throws {
        let server = try TestServer()
        let calling = try CallingLoop()
        calling.call(request(server.port), says: [":all"])
        #expect(calling.journal.next() == .opened)
        #expect(calling.journal.next() == .message("to all"))
    }

    @Test func `a request that is no WebSocket's fails with the status`() throws {
        let server = try TestServer()
        let calling = try CallingLoop()
        calling.call(request(server.port, "/hello"))
        #expect(calling.journal.next() == .failed(.handshake(.refused(status: 200))))
        calling.call(request(server.port, "/nowhere"))
        #expect(calling.journal.next() == .failed(.handshake(.refused(status: 404))))
        #expect(calling.counters.open == 0)
    }

    @Test func `nobody there is told, and every address of a name is tried`() throws {
        let port = try TestServer().port
        let calling = try CallingLoop()
        calling.call(request(port))
        #expect(calling.journal.next() == .failed(.system(SystemError("connect", number: 111))))
        #expect(calling.counters.open == 0)
        // The system's order has the address of version 6, where nobody listens, first or not at all.
        let server = try TestServer()
        calling.call(ClientRequest(host: "localhost", port: server.port), says: ["hi"])
        #expect(calling.journal.next() == .opened)
        #expect(calling.journal.next() == .message("hi"))
        #expect(calling.journal.next() == .closed(.normal, .local, isClean: true))
        #expect(calling.call(ClientRequest(host: "nowhere.invalid", port: 1)) != nil)
    }

    @Test func `a server that does not answer is given up`() throws {
        var limits = Limits()
        limits.connectMilliseconds = 20
        let server = try SilentServer()
        let calling = try CallingLoop(limits)
        calling.call(request(server.port))
        #expect(calling.journal.next() == .failed(.timedOut(milliseconds: 20)))
        #expect(calling.counters.open == 0)
    }

    @Test func `a loop that ends tells who was still connecting`() throws {
        let server = try SilentServer()
        let calling = try CallingLoop()
        calling.call(request(server.port))
        calling.stop()
        #expect(calling.journal.next() == .failed(.stopped))
    }
}
