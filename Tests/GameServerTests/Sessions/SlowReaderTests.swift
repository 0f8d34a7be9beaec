@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Slow viewers") struct SlowReaderTests {
    /// A watcher who stops reading behind more than the ceiling of what may wait.
    private func lagging() throws -> (Table, TestClient) {
        let table = try Table.playing {
            $0.slow.laggingBytes = 1000; $0.limits.burst = 1000
        }
        let eve = table.world.client("Eve")
        eve.hello()
        eve.watch(table.room)
        eve.stopReading()
        table.mark(0)
        for _ in 0..<4 { eve.send(["type": "list"]) }
        table.mark(1)
        table.mark(2)
        _ = eve.take()
        return (table, eve)
    }

    @Test func `who lags is queued no further event and gets one snapshot when the queue has drained`() throws {
        let (table, eve) = try lagging()
        let waiting = eve.outlet?.unsentBytes ?? 0
        table.mark(3)
        #expect(eve.outlet?.unsentBytes == waiting)
        eve.resumeReading()
        let lines = eve.take()
        #expect(lines.filter { $0.type == "snapshot" }.count == 1)
        #expect(lines.last { $0.type == "snapshot" }?["reason"] == "lagging")
        #expect(lines.last?.type == "room")
        #expect(eve.place(table.room).seq == table.state?.sequence)
        table.mark(4)
        #expect(eve.take().first?.type == "events")
        #expect(table.violations == [])
    }

    @Test func `what was answered meanwhile comes behind the snapshot`() throws {
        let (table, eve) = try lagging()
        eve.send(["type": "fly"])
        eve.resumeReading()
        #expect(eve.take().types.suffix(3) == ["snapshot", "room", "no"])
        #expect(table.violations == [])
    }

    @Test func `a player who lags finds the ok of a command behind the snapshot`() throws {
        let table = try Table.playing {
            $0.slow.laggingBytes = 1000; $0.limits.burst = 1000
        }
        let mover = table.turn
        mover.stopReading()
        for _ in 0..<8 { mover.send(["type": "list"]) }
        mover.send(mover.actRequest(table.room, Table.mark(0)))
        mover.resumeReading()
        #expect(mover.take().types.suffix(3) == ["snapshot", "room", "ok"])
        #expect(table.violations == [])
    }

    @Test func `a resync asked for while lagging is answered when the queue has drained`() throws {
        let table = try Table.playing {
            $0.slow.laggingBytes = 1000; $0.limits.burst = 1000
        }
        table.ana.stopReading()
        for _ in 0..<8 { table.ana.send(["type": "list"]) }
        table.ana.send(["type": "resync", "room": .string(table.room.description)])
        table.ana.resumeReading()
        #expect(table.ana.take().types.contains("snapshot"))
    }

    @Test func `a turn that says much to who reads well makes nobody lag`() throws {
        let table = try Table.playing {
            $0.slow.laggingBytes = 1000; $0.limits.burst = 1000
        }
        let eve = table.world.client("Eve")
        eve.hello()
        eve.watch(table.room)
        _ = eve.take()
        eve.outlet?.holdsTurn = true
        for _ in 0..<20 { eve.send(["type": "list"]) }
        table.mark(0)
        #expect((eve.outlet?.mostUnsentBytes ?? 0) > 1000)
        eve.outlet?.flush()
        #expect(eve.take().types.filter { $0 != "rooms" } == ["events", "room"])
        #expect(table.violations == [])
    }

    @Test func `who is told much in one turn and does not read is held up from then on`() throws {
        let table = try Table.playing {
            $0.slow.laggingBytes = 1000; $0.limits.burst = 1000
        }
        let eve = table.world.client("Eve")
        eve.hello()
        eve.watch(table.room)
        eve.outlet?.holdsTurn = true
        for _ in 0..<2 { eve.send(["type": "list"]) }
        #expect(eve.outlet?.session?.isHeldUp == false)
        eve.outlet?.refusesFromNowOn()
        for _ in 0..<20 { eve.send(["type": "list"]) }
        #expect(eve.outlet?.session?.isHeldUp == true && eve.outlet?.session?.isLagging == true)
    }

    @Test func `lagging over 20 s closes 4003`() throws {
        let (table, eve) = try lagging()
        table.world.advance(by: .milliseconds(19_990))
        #expect(eve.isConnected)
        table.world.advance(by: .milliseconds(20))
        #expect(eve.lastClose?.rawValue == 4003)
    }

    @Test func `who goes on asking without reading is closed 4003`() throws {
        let (_, eve) = try lagging()
        for _ in 0..<64 { eve.send(["type": "fly"]) }
        #expect(eve.isConnected)
        eve.send(["type": "fly"])
        #expect(eve.lastClose?.rawValue == 4003)
    }

    @Test func `an ack above what was sent is a bad request, a lower one is ignored`() throws {
        let table = try Table.playing()
        table.mark(0)
        let room = JSON.string(table.room.description)
        #expect(table.ana.ask(["type": "ack", "room": room, "seq": 3]).refusals == ["bad_request"])
        #expect(table.ana.ask(["type": "ack", "room": room, "seq": 2]).isEmpty)
        #expect(table.ana.ask(["type": "ack", "room": room, "seq": 0]).isEmpty)
        #expect(table.ana.ask(["type": "ack", "room": room, "seq": -1]).refusals == ["bad_request"])
        #expect(table.live?.members.first { $0.seat == 0 }?.acknowledged == 2)
    }
}
