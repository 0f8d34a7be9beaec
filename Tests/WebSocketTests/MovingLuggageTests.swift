import TestSupport
import Testing

@testable import WebSocket

/// A certificate for a test with several loops, with the files it was read from.
struct RingCertificate {
    let directory: TemporaryDirectory
    let context: TLSServerContext

    init() throws {
        directory = try TemporaryDirectory()
        let own = try TestCertificate(in: directory.path, names: ["game.test"])
        context = try TLSServerContext(TLSServerSettings(certificate: own.certificate, key: own.key))
    }
}

@Suite("What a connection takes along to another loop") struct MovingLuggageTests {
    private static let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"

    private func texts(_ client: some ClientStream, _ count: Int) throws -> [String] {
        try (0..<count).map { _ in String(decoding: try #require(try client.receiveFrame()).payload, as: UTF8.self) }
    }

    // MARK: TLS

    @Test(arguments: [tls12, tls13]) func `a TLS session goes on where its connection goes`(
        versions: ClosedRange<Int32>
    ) throws {
        let certificate = try RingCertificate()
        let ring = try LoopRing(3, tls: certificate.context)
        var options = SecureClient.Options()
        options.versions = versions
        let client = try SecureClient(port: ring.port, options)
        try client.open()
        try client.send(
            clientFrame(text: "one") + clientFrame(text: ":2") + clientFrame(text: "two") + clientFrame(text: ":1"))
        try client.send(clientFrame(text: "three") + clientFrame(text: ":where"))
        #expect(try texts(client, 4) == ["one", "two", "three", "1 after 2"])
        #expect(ring.counters.map(\.tls.open) == [0, 1, 0])
        #expect(ring.counters.map(\.tls.full) == [1, 0, 0])
        if versions == tls13 {
            try client.updateKeys(times: 1)
            try client.send(clientFrame(text: ":0") + clientFrame(text: ":where"))
            #expect(try texts(client, 1) == ["0 after 3"])
        }
        try client.send(clientFrame(0x88, [0x03, 0xE8]))
        #expect(try client.receiveFrame()?.closeCode == 1000)
        // With its farewell: a stream that is cut off would throw.
        #expect(try client.receiveToEnd().isEmpty)
        client.raw.reset()
        #expect(ring.counters { $0.allSatisfy { $0.open == 0 && $0.tls.open == 0 } } != nil)
        #expect(ring.doorkeeper.open == 0 && ring.doorkeeper.handshakes == 0)
    }

    @Test func `a record that has come in part is finished where the connection goes`() throws {
        let certificate = try RingCertificate()
        let ring = try LoopRing(2, tls: certificate.context)
        var options = SecureClient.Options()
        options.packetBytes = 11
        let client = try SecureClient(port: ring.port, options)
        try client.open()
        for round in 1...20 {
            let text = String(repeating: "x", count: round * 37)
            try client.send(clientFrame(text: ":\(round % 2)") + clientFrame(text: text) + clientFrame(text: ":where"))
            #expect(try texts(client, 2) == [text, "\(round % 2) after \(round)"])
        }
    }

    @Test func `encrypted output that the kernel refused goes along and leaves first`() throws {
        var limits = Limits()
        limits.kernelSendBufferBytes = 16 << 10
        limits.maxOutboxBytes = 32 << 20
        let certificate = try RingCertificate()
        let ring = try LoopRing(2, limits: limits, tls: certificate.context)
        var options = SecureClient.Options()
        options.receiveBufferBytes = 16 << 10
        let client = try SecureClient(port: ring.port, options)
        try client.open()
        try client.send(clientFrame(text: ":flood") + clientFrame(text: ":1") + clientFrame(text: ":where"))
        _ = ring.journal.next()
        #expect(ring.journal.next() == Sighting(loop: 1, told: .opened))
        for number in 0..<64 { #expect(try client.receiveFrame()?.payload == Roamer.block(number), "block \(number)") }
        for _ in 0..<8 { #expect(try texts(client, 1) == ["again"]) }
        #expect(try texts(client, 1) == ["1 after 1"])
    }

    @Test func `who has said that nothing follows is told of by the next loop`() throws {
        let certificate = try RingCertificate()
        let ring = try LoopRing(2, tls: certificate.context)
        let client = try SecureClient(port: ring.port)
        try client.open()
        try client.endWith(clientFrame(text: ":1"))
        #expect(ring.journal.next() == Sighting(loop: 0, told: .opened))
        #expect(ring.journal.next() == Sighting(loop: 1, told: .opened))
        #expect(ring.journal.next() == Sighting(loop: 1, told: .closed(.abnormal, reason: "", .lost, isClean: false)))
        #expect(ring.counters.map(\.open) == [0, 0] && ring.counters.map(\.tls.open) == [0, 0])
        #expect(ring.doorkeeper.open == 0)
    }

    @Test func `a session whose loop has ended is let go of`() throws {
        let certificate = try RingCertificate()
        let ring = try LoopRing(2, tls: certificate.context)
        let client = try SecureClient(port: ring.port)
        try client.open()
        ring.threads[1].stop()
        try client.send(clientFrame(text: ":1"))
        #expect(throws: SecureClient.Failure.truncated) { try client.receiveToEnd() }
        #expect(ring.threads[0].ask { $0.counters }.tls.open == 0)
        #expect(ring.doorkeeper.open == 0)
    }

    // MARK: Compression

    @Test(arguments: [false, true]) func `messages are compressed as agreed on every loop`(keepsContexts: Bool) throws {
        var policy = CompressionPolicy()
        policy.minBytes = 64
        policy.keepsContext = keepsContexts
        policy.peerKeepsContext = keepsContexts
        let ring = try LoopRing(3, compression: policy)
        let client = try RawClient(port: ring.port)
        // The first comes at the handshake to another loop, before there is any context.
        try client.open(path: "/1", extra: Self.offer)
        let reader = agreed(keepsContexts ? DeflateParameters() : withoutContexts, role: .client)
        let writer = Deflater(.init(windowBits: 15, level: 6, memoryLevel: 8), memory: DeflateMemory())
        var sizes: [Int] = []
        for round in 0..<12 {
            let message = prose(3000)
            // What is the same every time becomes shorter each time, but for those that forget.
            let payload = deflated(message, with: keepsContexts ? writer : nil)
            try client.send(clientFrame(0xC1, payload) + clientFrame(text: ":\(round % 3)"))
            let frame = try #require(try client.receiveFrame())
            #expect(frame.firstByte == 0xC1)
            #expect(frame.payload.withUnsafeBytes { reader.inflate($0, limit: 1 << 20) } == nil)
            #expect(Array(reader.inflated) == message)
            sizes.append(frame.payload.count)
        }
        #expect(keepsContexts ? sizes.dropFirst().allSatisfy { $0 < sizes[0] / 4 } : Set(sizes).count == 1)
        #expect(ring.counters.map(\.compression.messagesIn).reduce(0, +) == 12)
        #expect(ring.counters.allSatisfy { $0.compression.messagesOut > 0 })
    }

    @Test func `a compressed message in fragments is finished where the connection goes`() throws {
        var policy = CompressionPolicy()
        policy.keepsContext = true
        policy.peerKeepsContext = true
        let ring = try LoopRing(2, compression: policy)
        let client = try RawClient(port: ring.port)
        try client.open(extra: Self.offer)
        let writer = Deflater(.init(windowBits: 15, level: 6, memoryLevel: 8), memory: DeflateMemory())
        let first = deflated(Array("one and two".utf8), with: writer)
        let second = deflated(Array("one and two and three".utf8), with: writer)
        try client.send(clientFrame(0xC1, first) + clientFrame(text: ":1 later"))
        try client.send(clientFrame(0x41, Array(second[..<3])))
        #expect(try texts(client, 2) == ["one and two", "soon"])
        _ = ring.journal.next()
        #expect(ring.journal.next() == Sighting(loop: 1, told: .opened))
        try client.send(clientFrame(0x80, Array(second[3...])) + clientFrame(text: ":where"))
        #expect(try texts(client, 2) == ["one and two and three", "1 after 1"])
    }

    // MARK: Time and places

    @Test func `a message that has begun has to come whole in its time, wherever it is finished`() throws {
        var limits = Limits()
        limits.messageMilliseconds = 2000
        let ring = try LoopRing(2, limits: limits)
        let client = try RawClient(port: ring.port)
        try client.open()
        try client.send(clientFrame(text: ":1 later") + clientFrame(0x01, [0x61]))
        #expect(try texts(client, 1) == ["soon"])
        #expect(try client.receiveFrame()?.closeCode == 1008)
        #expect(ring.counters.map(\.timedOut) == [0, 1])
    }

    @Test func `a long message at which it moves is whole, however silent its peer is then`() throws {
        var limits = Limits()
        limits.messageMilliseconds = 2000
        limits.maxMessageBytes = 1 << 20
        let ring = try LoopRing(2, limits: limits)
        let client = try RawClient(port: ring.port)
        try client.open()
        let order = clientFrame(text: ":1" + String(repeating: " ", count: 200_000))
        try client.send(Array(order[..<1000]))
        // What is missing is read to where it stays, and not through the loop's buffer.
        while ring.counters[0].bytesIn < 1000 {}
        try client.send(Array(order[1000...]))
        #expect(ring.journal.next() == Sighting(loop: 0, told: .opened))
        #expect(ring.journal.next() == Sighting(loop: 1, told: .opened))
        let passed = Box<Void>()
        ring.threads[1].run { loop in loop.schedule(at: loop.now + .milliseconds(2500)) { passed.put(()) } }
        passed.take()
        try client.send(clientFrame(text: ":where"))
        #expect(try texts(client, 1) == ["1 after 1"])
    }

    @Test func `one that is held back when it moves is read on the other loop`() throws {
        let ring = try LoopRing(2)
        let client = try RawClient(port: ring.port)
        try client.open()
        try client.send(clientFrame(text: ":pause 1") + clientFrame(text: ":where"))
        #expect(try texts(client, 1) == ["1 after 1"])
        try client.send(clientFrame(text: ":where"))
        #expect(try texts(client, 1) == ["1 after 1"])
    }

    @Test func `an address's place is free again when its connection has ended on another loop`() throws {
        var limits = Limits()
        limits.maxConnectionsPerAddress = 2
        let ring = try LoopRing(2, limits: limits)
        ring.share()
        do {
            let clients = try (0..<2).map { _ in try RawClient(port: ring.port) }
            for client in clients {
                try client.open(path: "/1")
                try client.send(clientFrame(text: ":0") + clientFrame(text: ":where"))
                #expect(try texts(client, 1) == ["0 after 1"])
            }
            let extra = try RawClient(port: ring.port)
            #expect(try extra.receive(through: "\r\n").hasPrefix("HTTP/1.1 429"))
        }
        #expect(ring.counters { $0.allSatisfy { $0.open == 0 } } != nil)
        #expect(ring.doorkeeper.open == 0)
        try RawClient(port: ring.port).open()
    }

    // MARK: From the door

    @Test func `TLS begins on the loop whose turn it is, behind a proxy's word, too`() throws {
        let certificate = try RingCertificate()
        let limits = Limits()
        let ring = try LoopRing(
            3, limits: limits, doorkeeper: Doorkeeper(limits, proxies: try AddressList("127.0.0.0/8")),
            tls: certificate.context, at: ListenAddress(.port(0, host: "127.0.0.1"), expectsProxyHeader: true))
        ring.share()
        for number in 0..<6 {
            let raw = try RawClient(port: ring.port)
            try raw.send("PROXY TCP4 10.1.2.\(number) 127.0.0.1 4711 443\r\n")
            let client = try SecureClient(raw)
            try client.handshake()
            try client.send("GET /where HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            let answer = String(decoding: try client.receiveToEnd(), as: UTF8.self)
            #expect(answer.hasSuffix("\r\n\r\n\(number % 3) 10.1.2.\(number):4711\n"))
        }
        #expect(ring.counters { $0.allSatisfy { $0.open == 0 && $0.tls.full == 2 && $0.tls.open == 0 } } != nil)
        #expect(ring.doorkeeper.open == 0 && ring.doorkeeper.handshakes == 0)
    }

    @Test func `the ceiling of handshakes holds for all loops together`() throws {
        var limits = Limits()
        limits.maxHandshakes = 2
        limits.acceptRestMilliseconds = 5
        let certificate = try RingCertificate()
        let ring = try LoopRing(2, limits: limits, tls: certificate.context)
        ring.share()
        var silent = try (0..<2).map { _ in try RawClient(port: ring.port) }
        #expect(ring.counters { $0.map(\.tls.inProgress) == [1, 1] } != nil)
        let third = try RawClient(port: ring.port)
        let poster = Poster { [port = ring.port] in
            // It waits in the kernel until one of the other two, on whichever loop, has gone.
            do { try SecureClient(port: port).open() } catch { Issue.record("\(error)") }
        }
        #expect(ring.threads[0].ask { $0.counters }.accepted == 2)
        third.reset()
        silent.removeLast().reset()
        poster.join()
        #expect(ring.counters { $0.reduce(0) { $0 + $1.tls.full } == 1 } != nil)
        withExtendedLifetime(silent) {}
    }
}

private let tls12 = Int32(0x0303)...Int32(0x0303)
private let tls13 = Int32(0x0304)...Int32(0x0304)
