import TestSupport
import Testing

@testable import WebSocket

@Suite("One turn of a loop") struct TurnTests {
    @Test func `a timer that sets itself again for now waits for the next turn`() throws {
        let loop = try EventLoop()
        var turns: [Int] = []
        func again() {
            turns.append(loop.counters.turns)
            if turns.count == 5 { return loop.stop() }
            loop.schedule(at: loop.now, again)
        }
        loop.schedule(at: loop.now, again)
        loop.run()
        #expect(Set(turns).count == 5)
    }

    @Test func `what came before a timer was due is heard before it rings, however many speak at once`() throws {
        var limits = Limits()
        limits.eventsPerTurn = 2
        let loop = try EventLoop(limits: limits)
        var heard = 0
        var mailboxes: [Mailbox<Void>] = []
        for _ in 0..<9 { mailboxes.append(try loop.makeMailbox(capacity: 1) { heard += 1 }) }
        for mailbox in mailboxes { mailbox.post(()) }
        loop.schedule(at: loop.now) {
            #expect(heard == 9)
            loop.stop()
        }
        loop.run()
    }

    @Test func `those who never stop speaking do not keep a timer from ringing`() throws {
        var limits = Limits()
        limits.eventsPerTurn = 1
        let loop = try EventLoop(limits: limits)
        var mailbox: Mailbox<Void>?
        mailbox = try loop.makeMailbox(capacity: 2) { mailbox?.post(()) }
        mailbox?.post(())
        var rang = false
        loop.schedule(at: loop.now) {
            rang = true
            loop.stop()
        }
        loop.run()
        #expect(rang)
        mailbox = nil
    }
}
