@testable import GameServer
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

@Suite("Taking back what a slow reader has waiting") struct CollapseTests {
    private let log = HookLog()

    /// A game in which a watcher does not read; nothing waits so far.
    private func table() throws -> (Table, TestClient) {
        let table = try Table.playing({ $0.limits.burst = 1000 }, middleware: [log])
        let eve = table.world.client("Eve")
        eve.hello()
        eve.watch(table.room)
        eve.stopReading()
        _ = eve.take()
        return (table, eve)
    }

    private func collapse(_ client: TestClient) -> Int { client.session?.collapse() ?? -1 }

    @Test func `broadcasts that wait become one snapshot, and the client is whole`() throws {
        let (table, eve) = try table()
        for field in [0, 3, 1, 4] { table.mark(field) }
        let waiting = eve.outlet?.unsentBytes ?? 0
        #expect(collapse(eve) == 3, "the oldest has begun to leave")
        #expect((eve.outlet?.unsentBytes ?? waiting) < waiting)
        #expect(log.lags.map(\.phase) == [.began])
        table.mark(8)
        eve.resumeReading()
        let lines = eve.take()
        #expect(lines.types.filter { $0 != "room" } == ["events", "snapshot"])
        #expect(lines.first("snapshot")?["reason"] == "lagging")
        #expect(eve.place(table.room).seq == table.state?.sequence)
        #expect(log.lags.map(\.phase) == [.began, .ended])
        #expect(table.world.advanceAndMark(table) == "events")
        #expect(table.violations == [])
    }

    @Test func `an answer is never taken back, nor what stands before it`() throws {
        let (table, eve) = try table()
        table.mark(0)
        table.mark(3)
        eve.send(["type": "list"])
        #expect(collapse(eve) == 0)
        #expect(!(eve.session?.isLagging ?? true), "nothing was taken back, and nothing changes")
        table.mark(1)
        table.mark(4)
        #expect(collapse(eve) == 2)
        eve.resumeReading()
        #expect(eve.take().types.filter { $0 != "room" } == ["events", "events", "rooms", "snapshot"])
        #expect(eve.place(table.room).seq == table.state?.sequence)
        #expect(table.violations == [])
    }

    @Test func `a player keeps the ok and the no of its commands and what joined said`() throws {
        let table = try Table.playing({ $0.limits.burst = 1000 }, middleware: [log])
        let (mover, other) = (table.turn, table.other)
        _ = mover.take()
        mover.stopReading()
        mover.send(mover.actRequest(table.room, Table.mark(0)))
        mover.send(mover.actRequest(table.room, Table.mark(1), n: 77))
        other.act(table.room, Table.mark(3))
        #expect(collapse(mover) == 1)
        mover.resumeReading()
        let types = mover.take().types.filter { $0 != "room" }
        #expect(types == ["events", "ok", "no", "snapshot"])
        #expect(mover.place(table.room).seq == table.state?.sequence)
        #expect(table.violations == [])

        let fay = table.world.client("Fay")
        fay.hello()
        fay.stopReading()
        fay.send(["type": "watch", "id": 3, "room": .string(table.room.description)])
        table.mark(4)
        table.mark(5)
        #expect(collapse(fay) == 2)
        fay.resumeReading()
        #expect(fay.take().types.filter { $0 != "room" } == ["joined", "snapshot"])
        #expect(fay.place(table.room).seq == table.state?.sequence)
        #expect(table.violations == [])
    }

    @Test func `chat and notices are not taken back`() throws {
        let (table, eve) = try table()
        table.mark(0)
        table.mark(3)
        table.ana.send(["type": "chat", "room": .string(table.room.description), "text": "hello"])
        #expect(collapse(eve) == 0)
        table.mark(1)
        #expect(collapse(eve) == 1)
        eve.resumeReading()
        #expect(eve.take().types.filter { $0 != "room" } == ["events", "events", "chat", "snapshot"])
    }

    @Test func `who reads has nothing taken back and does not lag`() throws {
        let table = try Table.playing(middleware: [log])
        table.mark(0)
        #expect(collapse(table.ana) == 0)
        #expect(!(table.ana.session?.isLagging ?? true))
        #expect(log.lags.isEmpty)
        #expect(table.mark(1).contains { $0.type == "events" })
    }

    @Test func `what was taken back is not counted as sent`() throws {
        let (table, eve) = try table()
        let outlet = try #require(eve.outlet)
        let session = try #require(eve.session)
        let before = session.traffic
        for field in [0, 3, 1, 4] { table.mark(field) }
        #expect(collapse(eve) == 3)
        var (messages, bytes) = (0, 0)
        let deliver = outlet.deliver
        outlet.deliver = { message in
            messages += 1
            bytes += message.count
            deliver(message)
        }
        eve.resumeReading()
        #expect(session.traffic.messagesOut - before.messagesOut == messages && messages == 2)
        #expect(session.traffic.bytesOut - before.bytesOut == bytes)
    }

    @Test func `a counter waits until what was taken back is overtaken`() {
        var known = Traffic()
        var live = Traffic()
        for bytes in [10, 20, 30] { live.sent(bytes) }
        live.received(7)
        #expect(known.grow(to: live) == live)
        live.tookBack(TakenBack(messages: 2, payloadBytes: 50))
        #expect(known.grow(to: live) == Traffic())
        live.sent(5)
        #expect(known.grow(to: live) == Traffic())
        for _ in 0..<3 { live.sent(40) }
        let growth = known.grow(to: live)
        #expect(growth.messagesOut == 2 && growth.bytesOut == 75)
        #expect(known == live)
    }

    @Test func `pending messages fall by what was taken back`() throws {
        let (table, eve) = try table()
        for field in [0, 3, 1, 4] { table.mark(field) }
        let session = try #require(eve.session)
        table.world.advance(by: .milliseconds(1100))
        let now = table.world.timeline.now
        let before = session.pendingMessages(at: now)
        #expect(before >= 4)
        #expect(collapse(eve) == 3)
        #expect(session.pendingMessages(at: now) == before - 3)
        eve.resumeReading()
        #expect(session.pendingMessages(at: table.world.timeline.now) == 0)
        #expect(table.world.services.backlogged.sessions.isEmpty)
    }
}

extension World {
    /// The type of the first line a watcher gets of the next move.
    fileprivate func advanceAndMark(_ table: Table) -> String? {
        let eve = clients[2]
        _ = eve.take()
        table.mark(5)
        return eve.take().first?.type
    }
}
