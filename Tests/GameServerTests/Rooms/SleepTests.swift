@testable import GameServer
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

@Suite("Design, The log: rooms that nobody is in leave the memory") struct SleepTests {
    /// A game of one person and three bots, left alone until it has paused.
    private func paused(_ configure: (inout Configuration) -> Void = { _ in }) throws -> (World, TestClient, RoomID) {
        let world = Table.world(configure)
        let ana = world.client("Ana")
        ana.hello()
        let room = try ana.create(
            "liap-tui", options: ["turn_ms": 100_000, "vote_ms": 100_000, "bot_delay_ms": [50_000, 50_000]])
        for _ in 0..<3 { ana.host(room, "add_bot") }
        ana.host(room, "start")
        ana.cut()
        world.advance(by: .seconds(31))
        return (world, ana, room)
    }

    @Test func `a room sleeps when nobody has been in it for a while, and wakes when somebody asks`() throws {
        let (world, ana, room) = try paused { $0.rooms.sleepAfterMs = 60_000 }
        world.advance(by: .milliseconds(28_999))
        #expect(world.rooms[room] != nil)
        #expect(world.rooms.awakeRooms == 1)
        world.advance(by: .milliseconds(1))
        #expect(world.rooms[room] == nil)
        #expect(world.rooms.awakeRooms == 0)
        #expect(world.rooms.openRooms == 1)
        #expect(world.rooms.knows(room))
        #expect(ana.hello().first("joined")?["resume"] == "live")
        #expect(world.rooms.awakeRooms == 1)
        #expect(ana.violations == [])
    }

    @Test func `what a turn had left, it has left after a sleep`() throws {
        let (world, ana, room) = try paused()
        let before = try #require(world.rooms[room])
        let asked = before.state.sequence
        #expect(world.rooms.sleepIdle(atMost: 10) == 1)
        // Far longer than a restart would take off the turn, and its wall clock deadline is long over.
        world.advance(by: .seconds(10_000))
        ana.hello()
        let after = try #require(world.rooms[room])
        #expect(after !== before)
        #expect(after.state.sequence == asked)
        let now = world.timeline.now
        let left = try #require(after.timers.next).due - now
        // A bot thinks for 50 seconds, so nothing moved before the pause began at 30.
        #expect(left == .seconds(70))
        #expect(ana.violations == [])
    }

    @Test func `a room in which somebody looks on, that is not paused or waits for the store, stays awake`() throws {
        let (world, ana, room) = try paused()
        let eve = world.client("Eve")
        eve.hello()
        eve.watch(room)
        #expect(world.rooms.sleepableRooms == 0)
        eve.cut()
        #expect(world.rooms.sleepableRooms == 1)
        world.holdStore()
        ana.connect()
        ana.hello()
        #expect(world.rooms.sleepableRooms == 0)
        world.releaseStore()
        ana.cut()
        world.advance(by: .seconds(29))
        #expect(world.rooms.sleepIdle(atMost: 10) == 0)
        world.advance(by: .seconds(1))
        #expect(world.rooms.sleepIdle(atMost: 0) == 0)
        #expect(world.rooms.sleepIdle(atMost: 10) == 1)
        #expect(world.rooms.sleepIdle(atMost: 10) == 0)
    }

    @Test func `a watcher who leaves a room last lets it sleep`() throws {
        let (world, _, room) = try paused { $0.rooms.sleepAfterMs = 60_000 }
        let eve = world.client("Eve")
        eve.hello()
        eve.watch(room)
        world.advance(by: .seconds(3_600))
        #expect(world.rooms[room] != nil)
        eve.cut()
        world.advance(by: .seconds(60))
        #expect(world.rooms[room] == nil)
    }

    @Test func `the room that nobody has been in for longest sleeps first`() throws {
        let world = Table.world()
        var rooms: [RoomID] = []
        for name in ["Ana", "Ben", "Cho"] {
            let client = world.client(name)
            client.hello()
            rooms.append(try client.create("tic-tac-toe"))
            client.cut()
            world.advance(by: .seconds(3))
        }
        world.advance(by: .seconds(31))
        #expect(world.rooms.sleepableRooms == 3)
        for index in rooms.indices {
            #expect(world.rooms.sleepIdle(atMost: 1) == 1)
            #expect(rooms.map { world.rooms[$0] == nil } == rooms.indices.map { $0 <= index })
        }
    }

    @Test func `what is due while a room sleeps happens when it is due`() throws {
        // A waiting room whose seats expire, and with the last one the room.
        let table = try Table()
        table.ana.cut()
        table.world.advance(by: .seconds(20))
        table.ben.cut()
        table.world.advance(by: .seconds(30))
        #expect(table.world.rooms.sleepIdle(atMost: 1) == 1)
        table.world.advance(by: .milliseconds(9_999))
        #expect(table.live == nil)
        table.world.advance(by: .milliseconds(1))
        #expect(table.state?.seats.map(\.occupant) == [.empty, .human])
        #expect(table.world.rooms.sleepIdle(atMost: 1) == 1)
        table.world.advance(by: .milliseconds(19_999))
        #expect(table.world.rooms.openRooms == 1)
        table.world.advance(by: .milliseconds(1))
        #expect(table.world.rooms.openRooms == 0)
        #expect(table.world.rooms.goneRooms == 1)
    }

    @Test func `a sleeping room closes when it would have`() throws {
        let (world, ana, room) = try paused { $0.rooms.sleepAfterMs = 0 }
        #expect(world.rooms[room] == nil)
        world.advance(by: .seconds(86_400 - 32))
        #expect(world.rooms.openRooms == 1)
        world.advance(by: .seconds(2))
        #expect(world.rooms.openRooms == 0)
        #expect(ana.hello().refusals == ["room_gone"])
    }

    @Test func `who asks while the store is away is refused, and the room sleeps on as it was`() throws {
        let (world, ana, room) = try paused()
        #expect(world.rooms.sleepIdle(atMost: 1) == 1)
        world.memory.setReachable(false)
        #expect(ana.hello().refusals == ["store_unavailable"])
        world.memory.setReachable(true)
        world.advance(by: .seconds(6))
        #expect(world.rooms[room]?.attendance.isPaused == true)
        ana.hello()
        let left = try #require(world.rooms[room]?.timers.next).due - world.timeline.now
        #expect(left == .seconds(70))
    }

    @Test func `a room that was changed in the store while it slept begins as after a restart`() throws {
        let (world, ana, room) = try paused()
        let state = try #require(world.rooms[room]).state
        #expect(world.rooms.sleepIdle(atMost: 1) == 1)
        let context = StepContext(at: world.timeline.wallClock, key: .fresh())
        let draft = try state.dropped(0, connected: [], context)
        world.memory.append(draft.append(lifetimes: world.services.lifetimes)) { _ in }
        ana.hello()
        #expect(world.rooms[room]?.state.number ?? 0 > state.number)
        #expect(ana.violations == [])
    }
}
