import TestSupport
import Testing
import WebSocket

@Suite("A connection moves to another loop") struct MovingTests {
    private func texts(_ client: RawClient, _ count: Int) throws -> [String] {
        try (0..<count).map { _ in String(decoding: try #require(try client.receiveFrame()).payload, as: UTF8.self) }
    }

    @Test func `what came in the same read is handled where it goes, in order`() throws {
        let ring = try LoopRing(3)
        let client = try RawClient(port: ring.port)
        try client.open()
        let said = ["one", ":where", ":2", "two", ":where", ":1", ":0", "three", ":where"]
        try client.send(said.flatMap { clientFrame(text: $0) })
        #expect(try texts(client, 6) == ["one", "0 after 0", "two", "2 after 1", "three", "0 after 3"])
        let sightings = ring.journal.takeAll()
        #expect(sightings.map(\.loop) == [0, 2, 1, 0])
        #expect(sightings.allSatisfy { $0.told == .opened })
    }

    @Test(arguments: [1, 5, 7, 9, 12])
    func `a frame of which only a part has arrived is finished there`(cut: Int) throws {
        let ring = try LoopRing(2)
        let client = try RawClient(port: ring.port)
        try client.open()
        let frame = clientFrame(text: "grün und blau")
        try client.send(clientFrame(text: ":1 later") + frame[..<cut])
        #expect(try texts(client, 1) == ["soon"])
        #expect(ring.journal.next() == Sighting(loop: 0, told: .opened))
        #expect(ring.journal.next() == Sighting(loop: 1, told: .opened))
        try client.send(Array(frame[cut...]) + clientFrame(text: ":where"))
        #expect(try texts(client, 2) == ["grün und blau", "1 after 1"])
    }

    @Test func `a message in fragments goes along, with the character that is cut in two`() throws {
        let ring = try LoopRing(2)
        let client = try RawClient(port: ring.port)
        try client.open()
        let word = Array("größer".utf8)
        try client.send(clientFrame(text: ":1 later") + clientFrame(0x01, Array(word[..<3])))
        #expect(try texts(client, 1) == ["soon"])
        _ = ring.journal.next()
        #expect(ring.journal.next() == Sighting(loop: 1, told: .opened))
        // A control frame between fragments is the next loop's to answer.
        try client.send(clientFrame(0x89, [7]) + clientFrame(0x80, Array(word[3...])))
        #expect(try client.receiveFrame() == RawClient.Frame(firstByte: 0x8A, payload: [7]))
        #expect(try texts(client, 1) == ["größer"])
    }

    @Test func `text that can no longer be valid is found by the next loop`() throws {
        let ring = try LoopRing(2)
        let client = try RawClient(port: ring.port)
        try client.open()
        try client.send(clientFrame(text: ":1 later") + clientFrame(0x01, [0xC3]))
        #expect(try texts(client, 1) == ["soon"])
        _ = ring.journal.next()
        #expect(ring.journal.next() == Sighting(loop: 1, told: .opened))
        try client.send(clientFrame(0x80, [0x41]))
        #expect(try client.receiveFrame()?.closeCode == 1007)
    }

    @Test func `a long frame is read to its end there, without a detour`() throws {
        var limits = Limits()
        limits.maxMessageBytes = 4 << 20
        let ring = try LoopRing(2, limits: limits)
        let client = try RawClient(port: ring.port)
        try client.open()
        let long = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let frame = clientFrame(0x82, long)
        try client.send(clientFrame(text: ":1 later") + frame[..<100_000])
        #expect(try texts(client, 1) == ["soon"])
        _ = ring.journal.next()
        #expect(ring.journal.next() == Sighting(loop: 1, told: .opened))
        try client.send(Array(frame[100_000...]))
        #expect(try client.receiveFrame() == RawClient.Frame(firstByte: 0x82, payload: long))
    }

    @Test func `what the kernel refused goes along and leaves before what follows`() throws {
        var limits = Limits()
        limits.kernelSendBufferBytes = 16 << 10
        limits.maxOutboxBytes = 32 << 20
        let ring = try LoopRing(2, limits: limits)
        let client = try RawClient(port: ring.port, receiveBufferBytes: 16 << 10)
        try client.open()
        try client.send(
            clientFrame(text: ":flood") + clientFrame(text: ":1") + clientFrame(text: ":take")
                + clientFrame(text: ":where"))
        _ = ring.journal.next()
        #expect(ring.journal.next() == Sighting(loop: 1, told: .opened))
        for number in 0..<64 { #expect(try client.receiveFrame()?.payload == Roamer.block(number), "block \(number)") }
        // Shared messages may still be taken back where it has gone.
        #expect(try texts(client, 2) == ["8", "1 after 1"])
        #expect(ring.journal.next() == Sighting(loop: 1, told: .drained(unsentBytes: 0)))
    }

    @Test func `a connection that closes stays where it is`() throws {
        let ring = try LoopRing(2)
        let client = try RawClient(port: ring.port)
        try client.open()
        try client.send(clientFrame(text: ":close"))
        #expect(try client.receiveFrame()?.closeCode == 1000)
        #expect(ring.journal.next() == Sighting(loop: 0, told: .opened))
        #expect(ring.journal.next() == Sighting(loop: 0, told: .message("moved false")))
        try client.send(clientFrame(0x88, [0x03, 0xE8]))
        let closed = Told.closed(.normal, reason: "", .local, isClean: true)
        #expect(ring.journal.next() == Sighting(loop: 0, told: closed))
    }

    @Test func `who leaves behind the order to move is told of once, by the next loop`() throws {
        let ring = try LoopRing(2)
        let client = try RawClient(port: ring.port)
        try client.open()
        try client.send(clientFrame(text: ":1"))
        client.endOutput()
        #expect(ring.journal.next() == Sighting(loop: 0, told: .opened))
        #expect(ring.journal.next() == Sighting(loop: 1, told: .opened))
        #expect(ring.journal.next() == Sighting(loop: 1, told: .closed(.abnormal, reason: "", .lost, isClean: false)))
        #expect(ring.counters.map(\.open) == [0, 0])
        #expect(ring.doorkeeper.open == 0)
    }

    @Test func `a close frame behind the order to move is answered there`() throws {
        let ring = try LoopRing(2)
        let client = try RawClient(port: ring.port)
        try client.open()
        try client.send(clientFrame(text: ":1") + clientFrame(0x88, [0x0F, 0xA1]))
        #expect(try client.receiveFrame()?.closeCode == 4001)
        _ = ring.journal.next()
        #expect(ring.journal.next() == Sighting(loop: 1, told: .opened))
        let closed = Told.closed(CloseCode(rawValue: 4001), reason: "", .peer, isClean: true)
        #expect(ring.journal.next() == Sighting(loop: 1, told: closed))
    }

    @Test func `who is sent to a loop that has ended is closed and told so`() throws {
        let ring = try LoopRing(2)
        let client = try RawClient(port: ring.port)
        try client.open()
        ring.threads[1].stop()
        try client.send(clientFrame(text: ":1"))
        #expect(try client.receiveToEnd().isEmpty)
        #expect(ring.journal.next() == Sighting(loop: 0, told: .opened))
        let stopped = Told.closed(.abnormal, reason: "", .stopped, isClean: false)
        #expect(ring.journal.next() == Sighting(loop: 0, told: stopped))
        #expect(ring.threads[0].ask { $0.counters }.open == 0)
        #expect(ring.doorkeeper.open == 0)
    }

    @Test func `counts stay exact on each loop and over all of them`() throws {
        let ring = try LoopRing(2)
        let clients = try (0..<6).map { _ in try RawClient(port: ring.port) }
        for client in clients { try client.open() }
        for client in clients[..<4] {
            try client.send(clientFrame(text: ":1") + clientFrame(text: ":where"))
            #expect(try texts(client, 1) == ["1 after 1"])
        }
        #expect(ring.counters.map(\.open) == [2, 4])
        #expect(ring.counters.map(\.openWebSockets) == [2, 4])
        #expect(ring.counters.map(\.handedOver) == [4, 0])
        #expect(ring.counters.map(\.takenOver) == [0, 4])
        #expect(ring.counters.map(\.upgrades) == [6, 0])
        #expect(ring.doorkeeper.open == 6)
        for _ in 0..<10 { _ = ring.journal.next() }
        clients[0].reset()
        #expect(ring.journal.next() == Sighting(loop: 1, told: .closed(.abnormal, reason: "", .lost, isClean: false)))
        #expect(ring.counters.map(\.openWebSockets) == [2, 3])
        #expect(ring.counters.map(\.open) == [2, 3])
        #expect(ring.doorkeeper.open == 5)
    }

    // MARK: From the door

    @Test func `a handshake is answered by the loop it names`() throws {
        let ring = try LoopRing(2)
        let client = try RawClient(port: ring.port)
        // Said before the answer: it belongs to the WebSocket, wherever that is.
        try client.send(Array(RawClient.upgradeRequest(path: "/1").utf8) + clientFrame(text: ":where"))
        #expect(try client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        #expect(try texts(client, 1) == ["1 after 0"])
        #expect(ring.journal.takeAll() == [Sighting(loop: 1, told: .opened)])
        #expect(ring.counters.map(\.upgrades) == [0, 1])
    }

    @Test func `accepted connections go round the loops evenly`() throws {
        let ring = try LoopRing(4)
        ring.share()
        let clients = try (0..<40).map { _ in try RawClient(port: ring.port) }
        let loops = try clients.map { client in
            try client.send("GET /where HTTP/1.1\r\nHost: test\r\n\r\n")
            _ = try client.receive(through: "\r\n\r\n")
            return try client.receive(through: "\n").prefix(1)
        }
        for loop in 0..<4 { #expect(loops.count { $0 == "\(loop)" } == 10, "loop \(loop)") }
        #expect(ring.counters.map(\.open) == [10, 10, 10, 10])
        #expect(ring.counters.map(\.accepted) == [40, 0, 0, 0])
    }

    @Test func `the ceiling of connections holds for all loops together`() throws {
        var limits = Limits()
        limits.maxConnections = 5
        let ring = try LoopRing(2, limits: limits)
        ring.share()
        var clients = try (0..<5).map { _ in try RawClient(port: ring.port) }
        for client in clients { try client.open() }
        #expect(try RawClient(port: ring.port).receive(through: "\r\n").hasPrefix("HTTP/1.1 503"))
        #expect(ring.counters.map(\.refused) == [1, 0])
        // One goes, on whichever loop it was: the next is let in.
        for _ in 0..<5 { #expect(ring.journal.next()?.told == .opened) }
        clients.removeFirst().reset()
        #expect(ring.journal.next()?.told == .closed(.abnormal, reason: "", .lost, isClean: false))
        _ = ring.counters
        let next = try RawClient(port: ring.port)
        #expect(try next.open().hasPrefix("HTTP/1.1 101"))
    }
}
