import TestSupport
import Testing

@testable import WebSocket

@Suite("Peers that are held back") struct PausingTests {
    private static let flood = 500

    /// Turns of the loop in which everything that can be read would be.
    private func letTurn(_ server: TestServer) {
        for _ in 0..<200 { _ = server.counters }
    }

    @Test func `what a peer sends stays in the kernel until it is read again, and comes whole and in order`() throws {
        let server = try TestServer()
        let other = try RawClient(port: server.port)
        try other.open()
        let isHeldBack = Box<Void>()
        let poster = Poster { [port = server.port] in
            do {
                let client = try RawClient(port: port)
                try client.open()
                let orders = ["before", ":pause", "in the same read"]
                try client.send(orders.flatMap { clientFrame(text: $0) })
                #expect(try client.receiveFrame() == .text("before"))
                #expect(try client.receiveFrame() == .text("in the same read"))
                isHeldBack.put(())
                let words = (0..<Self.flood).map { String(repeating: "\($0) ", count: 1000) }
                for word in words { try client.send(clientFrame(text: word)) }
                for word in words { #expect(try client.receiveFrame() == .text(word)) }
            } catch {
                Issue.record("\(error)")
            }
        }
        isHeldBack.take()
        let read = server.counters.bytesIn
        letTurn(server)
        #expect(server.counters.bytesIn == read)
        try other.send(clientFrame(text: ":release"))
        poster.join()
    }

    @Test func `who is held back is not silent, and has its time for a message from when it is read again`() throws {
        var limits = Limits()
        limits.messageMilliseconds = 2000
        let server = try TestServer(limits)
        let other = try RawClient(port: server.port)
        try other.open()
        let client = try RawClient(port: server.port)
        try client.open()
        let frame = clientFrame(text: "comes in two parts")
        try client.send(clientFrame(text: ":pause") + frame[..<5])
        while server.counters.messagesIn < 1 {}
        server.letPass(milliseconds: 2500)
        #expect(server.counters.timedOut == 0)
        try other.send(clientFrame(text: ":release"))
        try client.send(Array(frame[5...]))
        #expect(try client.receiveFrame() == .text("comes in two parts"))
    }

    @Test func `one that closes while it is held back ends in order`() throws {
        let server = try TestServer()
        let client = try RawClient(port: server.port)
        try client.open()
        try client.send(clientFrame(text: ":pause") + clientFrame(text: ":close"))
        #expect(try client.receiveFrame()?.closeCode == 4001)
        try client.send(clientFrame(0x88, [0x0F, 0xA1]))
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .closed(CloseCode(rawValue: 4001), reason: "", .local, isClean: true))
    }

    @Test func `one whose peer resets while it is held back is told so`() throws {
        let server = try TestServer()
        do {
            let client = try RawClient(port: server.port)
            try client.open()
            try client.send(clientFrame(text: ":pause") + clientFrame(text: "heard"))
            #expect(try client.receiveFrame() == .text("heard"))
            client.reset()
        }
        #expect(server.journal.next() == .opened)
        #expect(server.journal.next() == .message("heard"))
        #expect(server.journal.next() == .closed(.abnormal, reason: "", .lost, isClean: false))
    }
}
