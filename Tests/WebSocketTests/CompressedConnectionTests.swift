import TestSupport
import Testing

@testable import WebSocket

@Suite("Compression over a socket") struct CompressedConnectionTests {
    private static let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"

    private func policy(keepsContexts: Bool = false) -> CompressionPolicy {
        var policy = CompressionPolicy()
        policy.minBytes = 64
        policy.keepsContext = keepsContexts
        policy.peerKeepsContext = keepsContexts
        return policy
    }

    /// What a server's frame says, whatever it was deflated with.
    private func inflated(_ frame: RawClient.Frame, with client: PermessageDeflate) throws -> RawClient.Frame {
        guard frame.firstByte & 0x40 != 0 else { return frame }
        #expect(frame.payload.withUnsafeBytes { client.inflate($0, limit: 1 << 20) } == nil)
        return RawClient.Frame(firstByte: frame.firstByte & ~0x40, payload: Array(client.inflated))
    }

    @Test func `a client that offers nothing, and one that nobody compresses for, get no extension`() throws {
        let compressing = try TestServer(compression: policy())
        let silent = try RawClient(port: compressing.port)
        #expect(try !silent.open().contains(ExtensionList.header))
        let plain = try TestServer()
        let offering = try RawClient(port: plain.port)
        #expect(try !offering.open(extra: Self.offer).contains(ExtensionList.header))
        try offering.send(clientFrame(0xC1, deflated(prose(100))))
        #expect(try offering.receiveFrame()?.closeCode == 1002)
    }

    @Test(arguments: [false, true]) func `messages go compressed both ways and come back as they were`(
        keepsContexts: Bool
    ) throws {
        let server = try TestServer(compression: policy(keepsContexts: keepsContexts))
        let client = try RawClient(port: server.port)
        let head = try client.open(extra: Self.offer)
        let answer = keepsContexts ? "" : "; server_no_context_takeover; client_no_context_takeover"
        #expect(head.contains("\r\nSec-WebSocket-Extensions: permessage-deflate\(answer)\r\n"))
        let reader = agreed(keepsContexts ? DeflateParameters() : withoutContexts, role: .client)
        let writer = Deflater(.init(windowBits: 15, level: 6, memoryLevel: 8), memory: DeflateMemory())
        var (plain, wire) = (0, 0)
        for count in [64, 1000, 20_000, 65_000, 3] {
            let message = prose(count)
            let payload = deflated(message, with: keepsContexts ? writer : nil)
            try client.send(clientFrame(0xC1, payload) + clientFrame(0x89, [1]))
            let frame = try #require(try client.receiveFrame())
            #expect((frame.firstByte == 0xC1) == (count >= 64))
            #expect(try inflated(frame, with: reader) == .text(String(decoding: message, as: UTF8.self)))
            #expect(try client.receiveFrame() == RawClient.Frame(firstByte: 0x8A, payload: [1]))
            if count >= 64 { (plain, wire) = (plain + count, wire + frame.payload.count) }
        }
        let counters = server.counters.compression
        #expect(counters.messagesIn == 5 && counters.messagesOut == 4)
        #expect(counters.inflatedBytesIn == plain + 3 && counters.deflatedBytesIn < plain / 3)
        #expect(counters.inflatedBytesOut == plain && counters.deflatedBytesOut == wire)
    }

    @Test func `plain messages and fragments pass on a connection that compresses`() throws {
        let server = try TestServer(compression: policy())
        let client = try RawClient(port: server.port)
        try client.open(extra: Self.offer)
        let payload = deflated(Array("compressed".utf8))
        try client.send(
            clientFrame(text: "plain") + clientFrame(0x41, Array(payload.prefix(4))) + clientFrame(0x89, [5])
                + clientFrame(0x80, Array(payload.dropFirst(4))))
        #expect(try client.receiveFrame() == .text("plain"))
        #expect(try client.receiveFrame() == RawClient.Frame(firstByte: 0x8A, payload: [5]))
        #expect(try client.receiveFrame() == .text("compressed"))
    }

    @Test func `a bomb closes with 1009, data that is none with 1007, and others go on`() throws {
        let server = try TestServer(compression: policy())
        let other = try RawClient(port: server.port)
        try other.open(extra: Self.offer)
        for (payload, code) in [(deflated([UInt8](repeating: 0, count: 1 << 20)), 1009), ([0xFF, 0xFF], 1007)] {
            let client = try RawClient(port: server.port)
            try client.open(extra: Self.offer)
            try client.send(clientFrame(0xC2, payload))
            #expect(try client.receiveFrame()?.closeCode == UInt16(code))
            #expect(try client.receiveToEnd() == [])
        }
        try other.send(clientFrame(0xC1, deflated(prose(50))))
        #expect(try other.receiveFrame() == .text(String(decoding: prose(50), as: UTF8.self)))
    }

    @Test func `what is sent as uncompressed never has the bit`() throws {
        let server = try TestServer(compression: policy())
        let client = try RawClient(port: server.port)
        try client.open(extra: Self.offer)
        try client.send(clientFrame(text: ":secret"))
        #expect(try client.receiveFrame() == .text(String(repeating: "secret", count: 100)))
        #expect(server.counters.compression.deflations == 0)
    }

    @Test func `a message for all is deflated once for each set of parameters`() throws {
        var policy = policy()
        policy.minBytes = 1
        let server = try TestServer(compression: policy)
        let plain = try RawClient(port: server.port)
        try plain.open()
        var clients: [(client: RawClient, bits: Int)] = []
        for bits in [15, 15, 15, 10, 10] {
            let client = try RawClient(port: server.port)
            try client.open(extra: "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\(bits)\r\n")
            clients.append((client, bits))
        }
        try plain.send(clientFrame(text: ":all of you"))
        let expected = String(repeating: "to all ", count: 50)
        #expect(try plain.receiveFrame() == .text(expected))
        for (client, bits) in clients {
            let frame = try #require(try client.receiveFrame())
            #expect(frame.firstByte == 0xC1)
            let side = DeflateParameters.Side(keepsContext: false, windowBits: bits)
            let reader = agreed(DeflateParameters(server: side, client: side), role: .client)
            #expect(try inflated(frame, with: reader) == .text(expected))
        }
        #expect(server.counters.compression.deflations == 2)
        #expect(server.counters.compression.messagesOut == 5)
    }

    @Test func `an idle connection that agreed to compress holds nothing`() throws {
        let server = try TestServer(compression: policy(keepsContexts: true))
        let clients = try (0..<50).map { _ in try RawClient(port: server.port) }
        for client in clients { try client.open(extra: Self.offer) }
        #expect(server.counters.compression.memoryBytes == 0)
        try clients[0].send(clientFrame(0xC1, deflated(prose(100))))
        #expect(try clients[0].receiveFrame()?.firstByte == 0xC1)
        #expect(server.counters.compression.memoryBytes > 0)
    }
}
