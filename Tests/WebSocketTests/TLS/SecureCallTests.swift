import TestSupport
import Testing

@testable import WebSocket

@Suite("TLS: a WebSocket as a client") struct SecureCallTests {
    private let place: TemporaryDirectory
    private let authority: TestCertificate

    init() throws {
        place = try TemporaryDirectory()
        authority = try TestCertificate(in: place.path + "/ca", names: ["authority.test"], isAuthority: true)
    }

    /// A server whose certificate the authority has signed.
    private func server(
        for names: [String] = ["127.0.0.1"], limits: Limits = Limits(), compression: CompressionPolicy? = nil
    ) throws -> SecureServer {
        try SecureServer(limits, compression: compression) { settings in
            let leaf = try TestCertificate(in: place.path + "/leaf", names: names, issuer: authority)
            settings.certificate = leaf.certificate
            settings.key = leaf.key
        }
    }

    private func trusting() throws -> TLSClientContext { try TLSClientContext(authorities: authority.certificate) }

    @Test(arguments: ["127.0.0.1", "localhost"], [false, true])
    func `messages of every size go to a server that is who it says, and come back`(
        host: String, isCompressed: Bool
    ) throws {
        var limits = Limits()
        limits.maxMessageBytes = 4 << 20
        limits.maxOutboxBytes = 32 << 20
        var policy = CompressionPolicy()
        policy.minBytes = 50
        let server = try server(for: [host], limits: limits, compression: isCompressed ? policy : nil)
        let calling = try CallingLoop(limits)
        var request = ClientRequest(host: host, port: server.port)
        request.compression = isCompressed ? policy : nil
        let sizes = [1, 49, 125, 126, 5000, 16_384, 70_000, 3_000_000]
        calling.call(request, tls: try trusting(), says: sizes.map { String(decoding: prose($0), as: UTF8.self) })
        #expect(calling.journal.next() == .opened)
        for size in sizes {
            let expected = size > 100 ? "\(size) bytes" : String(decoding: prose(size), as: UTF8.self)
            #expect(calling.journal.next() == .message(expected))
        }
        #expect(calling.journal.next() == .closed(.normal, .local, isClean: true))
        #expect(server.server.counters.compression.messagesIn == (isCompressed ? 6 : 0))
        #expect(server.counters { $0.full == 1 && $0.open == 0 } != nil)
        let counters = calling.counters
        #expect(counters.tls.full == 1 && counters.tls.inProgress == 0 && counters.tls[.gone] == 0)
    }

    @Test func `a server's close is answered, and the server ends the stream first`() throws {
        let server = try server()
        let calling = try CallingLoop()
        calling.call(ClientRequest(host: "127.0.0.1", port: server.port), tls: try trusting(), says: [":close"])
        #expect(calling.journal.next() == .opened)
        #expect(calling.journal.next() == .closed(CloseCode(rawValue: 4001), .peer, isClean: true))
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .closed(CloseCode(rawValue: 4001), reason: "", .local, isClean: true))
        #expect(server.counters { $0.open == 0 } != nil)
    }

    @Test func `a server with another name is not spoken to, nor one that nobody trusts`() throws {
        let server = try server(for: ["game.test"])
        let calling = try CallingLoop()
        let request = ClientRequest(host: "127.0.0.1", port: server.port)
        for context in [try trusting(), try TLSClientContext()] {
            calling.call(request, tls: context, says: ["a secret"])
            #expect(calling.journal.next() == .failed(.securing(.certificate)))
        }
        #expect(server.counters { $0[.refused] == 2 && $0.inProgress == 0 } != nil)
        #expect(server.server.counters.requests == 0)
        let counters = calling.counters
        #expect(counters.open == 0 && counters.tls[.certificate] == 2 && counters.tls.inProgress == 0)
    }

    @Test func `a request that is refused behind TLS fails with the status`() throws {
        let server = try server()
        let calling = try CallingLoop()
        let request = ClientRequest(host: "127.0.0.1", port: server.port, target: "/nowhere")
        calling.call(request, tls: try trusting())
        #expect(calling.journal.next() == .failed(.handshake(.refused(status: 404))))
        #expect(calling.counters.open == 0 && calling.counters.tls.open == 0)
    }

    @Test func `a server without TLS is none`() throws {
        let server = try TestServer()
        let calling = try CallingLoop()
        calling.call(ClientRequest(host: "127.0.0.1", port: server.port), tls: try trusting())
        #expect(calling.journal.next() == .failed(.securing(.malformed)))
        #expect(calling.counters.open == 0)
    }

    @Test func `nobody there is told`() throws {
        let port = try TestServer().port
        let calling = try CallingLoop()
        calling.call(ClientRequest(host: "127.0.0.1", port: port), tls: try trusting())
        #expect(calling.journal.next() == .failed(.system(SystemError("connect", number: 111))))
        #expect(calling.counters.open == 0 && calling.counters.tls.inProgress == 0)
    }

    @Test(arguments: [false, true])
    func `where nobody is at a name's first address the next is tried`(isSecure: Bool) throws {
        let secure = try server()
        let plain = try TestServer()
        let nobody = try TestServer().port
        let calling = try CallingLoop()
        let port = isSecure ? secure.port : plain.port
        let request = ClientRequest(host: "127.0.0.1", port: port)
        let context = isSecure ? try trusting() : nil
        calling.call(request, tls: context, says: ["hi"], at: [nobody, nobody, port])
        #expect(calling.journal.next() == .opened)
        #expect(calling.journal.next() == .message("hi"))
        #expect(calling.journal.next() == .closed(.normal, .local, isClean: true))
        #expect(calling.counters.tls.full == (isSecure ? 1 : 0) && calling.counters.tls[.gone] == 0)
    }

    @Test func `a server that does not answer is given up`() throws {
        var limits = Limits()
        limits.connectMilliseconds = 20
        let server = try SilentServer()
        let calling = try CallingLoop(limits)
        calling.call(ClientRequest(host: "127.0.0.1", port: server.port), tls: try trusting())
        #expect(calling.journal.next() == .failed(.timedOut(milliseconds: 20)))
        let counters = calling.counters
        #expect(counters.open == 0 && counters.tls[.timeout] == 1 && counters.tls.inProgress == 0)
    }

    @Test func `a loop that ends tells who was still shaking hands`() throws {
        let server = try SilentServer()
        let calling = try CallingLoop()
        calling.call(ClientRequest(host: "127.0.0.1", port: server.port), tls: try trusting())
        calling.stop()
        #expect(calling.journal.next() == .failed(.stopped))
    }

    @Test(arguments: [(443, "game.test"), (80, "game.test:80")] as [(UInt16, String)])
    func `the port that TLS has by default is not named`(port: UInt16, authority: String) {
        var request = ClientRequest(host: "game.test", port: port)
        request.defaultPort = 443
        #expect(request.authority == authority)
    }
}
