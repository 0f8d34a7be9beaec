@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Codes: a server that shuts down") struct DrainTests {
    @Test func `new commands and rooms are refused, and told to come back`() throws {
        let table = try Table.playing()
        table.world.services.isDraining = true
        let no = try #require(table.mark(0).first("no"))
        #expect(no.code == "draining")
        #expect(no.int("retry") == 2000)
        #expect(table.ana.ask(table.ana.createRequest("tic-tac-toe")).refusals == ["draining"])
        let cho = table.world.client("Cho")
        cho.hello()
        #expect(cho.join(table.room).refusals == ["draining"])
        #expect(cho.watch(table.room).first("joined") != nil)
    }

    @Test func `what is being committed is still answered`() throws {
        let table = try Table.playing()
        table.world.holdStore()
        let mover = table.turn
        table.mark(0)
        table.world.services.isDraining = true
        #expect(table.world.services.store.appendsInFlight == 1)
        table.world.releaseStore()
        #expect(mover.take().types == ["events", "ok", "room"])
    }

    @Test func `a timer that comes due while draining waits without turning the loop`() throws {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        let room = try ana.create("liap-tui", options: ["turn_ms": 1000, "vote_ms": 1000, "bot_delay_ms": [100, 100]])
        for _ in 0..<3 { ana.host(room, "add_bot") }
        ana.host(room, "start")
        let before = ana.place(room).seq
        world.services.isDraining = true
        world.advance(by: .seconds(5))
        #expect(ana.place(room).seq == before)
    }

    @Test func `everybody gets a notice and a bye with a time of its own, then 4001`() throws {
        let table = try Table.playing()
        _ = table.ana.take()
        table.world.sessions.sendAway(.shutdown, spreadMs: 2000)
        table.world.pump()
        let lines = table.ana.take()
        #expect(lines.types == ["notice", "bye"])
        #expect(lines.first?["kind"] == "drain")
        let bye = try #require(lines.first("bye"))
        #expect(bye.int("code") == 4001)
        #expect(bye["action"] == "resume")
        #expect((0..<2000).contains(bye.int("after_ms") ?? -1))
        #expect(table.ana.lastClose?.rawValue == 4001)
        #expect(table.world.sessions.count == 0)
        #expect(table.world.facts.open == 0)
    }
}
