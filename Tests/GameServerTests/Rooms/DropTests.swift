@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Resume: a drop, the grace time and after") struct DropTests {
    @Test func `a drop shorter than two seconds shows the others nothing`() throws {
        let table = try Table.playing()
        _ = table.ana.take()
        table.ben.cut()
        table.world.advance(by: .milliseconds(1_999))
        table.ben.hello()
        table.world.advance(by: .seconds(3))
        #expect(table.ana.take().filter { $0.type != "ping" }.isEmpty)
        #expect(table.violations == [])
    }

    @Test func `then the seat shows as away with its grace, and after the grace a bot plays`() throws {
        let table = try Table.playing()
        _ = table.ana.take()
        table.ben.cut()
        table.world.advance(by: .seconds(2))
        let away = try #require(table.ana.take().status).seat(1)
        #expect(away["connected"] == false && away["kind"] == "human")
        #expect(away.int("grace_ms") == 3000)
        table.world.advance(by: .milliseconds(2_999))
        #expect(table.ana.take().status == nil)
        table.world.advance(by: .milliseconds(1))
        let taken = try #require(table.ana.take().status).seat(1)
        #expect(taken["kind"] == "bot" && taken["name"] == "Ben")
        #expect(taken["grace_ms"] == nil)
    }

    @Test func `who returns has the seat back at once, and the game goes on`() throws {
        let table = try Table.playing()
        table.ben.cut()
        table.world.advance(by: .seconds(8))
        if table.state?.waiting?.seats == [0] { table.mark(8) }
        let joined = try #require(table.ben.hello().first("joined"))
        #expect(joined["status"]?.seat(1)["kind"] == "human")
        #expect(table.ana.place(table.room).status.seat(1)["connected"] == true)
        table.world.advance(by: .seconds(3))
        #expect(table.violations == [])
    }

    @Test func `the bot of a seat acts until its player is back`() throws {
        let table = try Table.playing()
        let mover = table.turn
        let before = table.other.place(table.room).seq
        mover.cut()
        table.world.advance(by: .seconds(7))
        let other = mover === table.ana ? table.ben : table.ana
        #expect(other.place(table.room).seq == before + 1)
    }

    @Test func `a drop before the start frees the seat after sixty seconds`() throws {
        let table = try Table()
        table.ben.cut()
        table.world.advance(by: .milliseconds(59_999))
        #expect(table.ana.place(table.room).status.seat(1)["kind"] == "human")
        table.world.advance(by: .milliseconds(1))
        #expect(table.ana.place(table.room).status.seat(1)["kind"] == "empty")
        #expect(table.ben.hello().refusals == ["bad_secret"])
    }

    @Test func `a grace that began before the start is the game's from the start on`() throws {
        let table = try Table()
        table.ben.cut()
        table.world.advance(by: .seconds(50))
        table.ana.host(table.room, "start")
        table.world.advance(by: .milliseconds(4_900))
        #expect(table.ana.place(table.room).status.seat(1)["kind"] == "human")
        table.world.advance(by: .milliseconds(100))
        #expect(table.ana.place(table.room).status.seat(1)["kind"] == "bot")
    }

    @Test func `the host's right passes after the grace, not before, and stays`() throws {
        let table = try Table.playing()
        table.ana.cut()
        table.world.advance(by: .milliseconds(4_999))
        #expect(table.ben.place(table.room).status["host"] == 0)
        table.world.advance(by: .milliseconds(1))
        #expect(table.ben.place(table.room).status["host"] == 1)
        table.ana.hello()
        #expect(table.ana.place(table.room).status["host"] == 1)
    }

    @Test func `a grace time the store could not record is tried again`() throws {
        let table = try Table.playing()
        table.ben.cut()
        table.world.memory.setReachable(false)
        table.world.advance(by: .seconds(8))
        #expect(table.ana.place(table.room).status.seat(1)["kind"] == "human")
        table.world.memory.setReachable(true)
        table.world.advance(by: .seconds(1))
        #expect(table.ana.place(table.room).status.seat(1)["kind"] == "bot")
    }

    @Test func `a restart begins the grace anew, at least ten seconds of it`() throws {
        let table = try Table.playing()
        table.world.crash()
        table.world.advance(by: .seconds(1))
        table.ana.hello()
        table.world.advance(by: .milliseconds(8_900))
        #expect(table.ana.place(table.room).status.seat(1)["kind"] == "human")
        #expect(table.ana.place(table.room).status.seat(1)["connected"] == false)
        table.world.advance(by: .milliseconds(200))
        #expect(table.ana.place(table.room).status.seat(1)["kind"] == "bot")
    }

    // MARK: Nobody there

    private func lonely() throws -> (World, TestClient, RoomID) {
        // It stays in memory to be looked at.
        let world = Table.world { $0.rooms.sleepAfterMs = 100_000_000 }
        let ana = world.client("Ana")
        ana.hello()
        let room = try ana.create(
            "liap-tui", options: ["turn_ms": 100_000, "vote_ms": 100_000, "bot_delay_ms": [50_000, 50_000]])
        for _ in 0..<3 { ana.host(room, "add_bot") }
        ana.host(room, "start")
        return (world, ana, room)
    }

    @Test func `bots and timers pause after thirty seconds without people, until one returns`() throws {
        let (world, ana, room) = try lonely()
        let deadline = ana.place(room).status["waiting_on"]?.int("deadline") ?? 0
        ana.cut()
        world.advance(by: .seconds(31))
        let live = try #require(world.rooms[room])
        #expect(live.attendance.isPaused)
        let sequence = live.state.sequence
        world.advance(by: .seconds(40_000))
        #expect(live.state.sequence == sequence)
        let joined = try #require(ana.hello().first("joined"))
        #expect(joined.int("seq") == sequence)
        #expect(!live.attendance.isPaused)
        // The time away does not count: the deadline has moved by it.
        let moved = joined["status"]?["waiting_on"]?.int("deadline") ?? 0
        #expect(moved - deadline >= 40_000_000)
        world.advance(by: .seconds(90))
        #expect(live.state.sequence > sequence)
        #expect(ana.violations == [])
    }

    @Test func `a watcher does not keep a room awake`() throws {
        let (world, ana, room) = try lonely()
        let eve = world.client("Eve")
        eve.hello()
        eve.watch(room)
        ana.cut()
        world.advance(by: .seconds(31))
        #expect(world.rooms[room]?.attendance.isPaused == true)
    }

    @Test func `after a day without people the room closes`() throws {
        let (world, ana, room) = try lonely()
        ana.cut()
        world.advance(by: .seconds(86_399))
        #expect(world.rooms[room] != nil)
        world.advance(by: .seconds(2))
        #expect(world.rooms[room] == nil)
        #expect(ana.hello().refusals == ["room_gone"])
    }
}
