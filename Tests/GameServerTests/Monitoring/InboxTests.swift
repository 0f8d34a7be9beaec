@testable import GameServer
import Testing
import WebSocket

@testable import TestSupport

@Suite("Inbox") struct InboxTests {
    private var past: MonotonicTime { MonotonicTime.now() + .seconds(-1) }

    @Test func `what is posted is taken in order, all of it, once`() throws {
        let inbox = try Inbox<Int>(capacity: 10)
        for number in 1...5 { #expect(inbox.post(number)) }
        #expect(inbox.count == 5)
        #expect(inbox.take(until: nil) == [1, 2, 3, 4, 5])
        #expect(inbox.count == 0)
        #expect(inbox.take(until: past) == [])
        #expect(inbox.post(6))
        #expect(inbox.take(until: nil) == [6])
    }

    @Test func `a full inbox takes nothing, and something again when it was emptied`() throws {
        let inbox = try Inbox<Int>(capacity: 2)
        #expect([inbox.post(1), inbox.post(2), inbox.post(3)] == [true, true, false])
        #expect(inbox.lost == 1)
        #expect(inbox.take(until: nil) == [1, 2])
        #expect(inbox.post(4))
    }

    @Test func `without a message it waits until the deadline, and not beyond`() throws {
        let inbox = try Inbox<Int>(capacity: 2)
        let started = MonotonicTime.now()
        let deadline = started + .milliseconds(30)
        #expect(inbox.take(until: deadline) == [])
        #expect(MonotonicTime.now() >= deadline)
        #expect(inbox.take(until: past) == [])
    }

    @Test func `who waits without a deadline is woken by a message, and by the end`() throws {
        let inbox = try Inbox<Int>(capacity: 2)
        let taken = Journal<[Int]?>()
        let reader = Poster {
            while true {
                let messages = inbox.take(until: nil)
                if messages != [] { taken.add(messages) }
                if messages == nil { return }
            }
        }
        inbox.post(7)
        #expect(taken.next() == .some([7]))
        inbox.close()
        #expect(taken.next() == .some(nil))
        reader.join()
        #expect(!inbox.post(8))
        #expect(inbox.take(until: nil) == nil, "closed for good")
    }

    @Test func `who waits looks up when woken, though there is no message`() throws {
        let inbox = try Inbox<Int>(capacity: 2)
        inbox.wake()
        #expect(inbox.take(until: nil) == [])
        #expect(inbox.take(until: past) == [])
    }

    @Test func `many threads post, nothing is lost and nobody's order changes`() throws {
        let inbox = try Inbox<(thread: Int, number: Int)>(capacity: 100_000)
        let posters = (0..<4).map { thread in
            Poster { for number in 0..<2000 { inbox.post((thread, number)) } }
        }
        var next = [0, 0, 0, 0]
        var total = 0
        while total < 8000, let messages = inbox.take(until: .now() + .seconds(20)), !messages.isEmpty {
            for message in messages {
                #expect(message.number == next[message.thread])
                next[message.thread] = message.number + 1
            }
            total += messages.count
        }
        for poster in posters { poster.join() }
        #expect(next == [2000, 2000, 2000, 2000])
    }
}
