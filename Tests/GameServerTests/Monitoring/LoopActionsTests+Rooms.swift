@testable import GameServer
import Observability
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

extension LoopActionsTests {
    private func drifted(
        _ configure: (inout Configuration) -> Void = { _ in }
    ) throws -> (World, TestClient, RoomID) {
        var configuration = Configuration()
        configure(&configuration)
        let world = World(games: [InstalledGame(Drift.self)], configuration: configuration, middleware: [log])
        let ana = world.client("Ana")
        ana.hello()
        let room = try ana.create("drift")
        ana.host(room, "start")
        _ = Drift.$error.withValue(100) { ana.act(room, ["kind": "add", "amount": 1]) }
        return (world, ana, room)
    }

    @Test func `a room that was put right is reported repaired and told to be mended`() throws {
        let (world, _, room) = try drifted()
        #expect(perform(.rebuild(room), in: world, isDryRun: true).all.map(\.touched) == [1])
        let first = try #require(perform(.rebuild(room), in: world).all.first)
        #expect(first.outcome == .done && first.repaired == 1)
        #expect(log.recoveryWords.last == "mended room_state_corruption")
        let second = try #require(perform(.rebuild(room), in: world).all.first)
        #expect(second.outcome == .nothingToDo && second.repaired == 0, "history and room agree: nothing was repaired")
        #expect(second.details["verdict"] == "equal")
    }

    @Test func `a room that is not there is a failure, not a success`() throws {
        let (world, _, _) = try drifted()
        guard case .failed? = perform(.rebuild(RoomID(raw: 5)), in: world).all.first?.outcome else {
            Issue.record("no failure")
            return
        }
        #expect(perform(.rebuild(RoomID(raw: 5)), in: world, isDryRun: true).all.map(\.touched) == [0])
    }

    @Test func `rooms of a game that faulted are compared, put right, and no longer called faulty`() throws {
        let (world, ana, room) = try drifted()
        let other = try ana.create("drift")
        world.rooms[room]?.fault(RoomFault(.exception, "it did wrong"))
        #expect(
            perform(.restartGame("drift", quarantinesForMs: nil), in: world, isDryRun: true).all.map(\.touched) == [1])
        let report = try #require(perform(.restartGame("drift", quarantinesForMs: nil), in: world).all.first)
        #expect((report.outcome, report.touched, report.repaired) == (.done, 1, 1))
        #expect(report.details == ["replaced": "1"])
        #expect(world.rooms[room]?.hasFaulted == false)
        #expect(world.services.quarantined.isEmpty)
        #expect(log.recoveryWords.last == "mended plugin_fault")
        #expect(world.rooms[other] != nil)
        #expect(
            perform(.restartGame("drift", quarantinesForMs: nil), in: world).all.map(\.outcome) == [.nothingToDo])
    }

    @Test func `what a restart may touch and what it says it could have touched are counted in the same rooms`() throws
    {
        let (world, ana, room) = try drifted {
            $0.limits.burst = 100; $0.limits.roomsPerConnection = 20
        }
        let others = try (0..<9).map { _ in try ana.create("drift") }
        for id in [room, others[0]] { world.rooms[id]?.fault(RoomFault(.exception, "it did wrong")) }
        let report = try #require(
            perform(.restartGame("drift", quarantinesForMs: 5000), in: world, radius: 0.2).all.first)
        #expect((report.touched, report.eligible) == (2, 10))
        let alone = try #require(
            perform(.restartGame("drift", quarantinesForMs: 5000), in: world, radius: 0.2).all.first)
        #expect((alone.touched, alone.eligible) == (1, 1), "the quarantine is of one game")
        #expect(alone.repaired == 0, "no room was")
    }

    @Test func `a room whose faulty step was undone is repaired when its history says the same`() throws {
        let (world, ana, _) = try drifted()
        let sound = try ana.create("drift")
        world.rooms[sound]?.fault(RoomFault(.exception, "it did wrong"))
        let report = try #require(perform(.restartGame("drift", quarantinesForMs: nil), in: world).all.first)
        #expect((report.outcome, report.touched, report.repaired) == (.done, 1, 1))
        #expect(report.details == ["equal": "1"])
        #expect(world.rooms[sound]?.hasFaulted == false)
    }

    @Test func `a faulty room the store does not give stays faulty, and that is a failure`() throws {
        let (world, _, room) = try drifted()
        world.rooms[room]?.fault(RoomFault(.exception, "it did wrong"))
        world.memory.setReachable(false)
        let report = try #require(perform(.restartGame("drift", quarantinesForMs: nil), in: world).all.first)
        guard case .failed = report.outcome else {
            Issue.record("\(report)")
            return
        }
        #expect(report.repaired == 0)
        #expect(world.rooms[room]?.hasFaulted == true)
    }

    @Test func `a later attempt opens no rooms of the game for a while`() throws {
        let (world, ana, _) = try drifted()
        let report = perform(.restartGame("drift", quarantinesForMs: 5000), in: world).all.first
        #expect(report?.touched == 1)
        #expect(ana.ask(ana.createRequest("drift")).refusals == ["overloaded"])
        world.advance(by: .seconds(6))
        #expect(ana.ask(ana.createRequest("drift")).first("joined") != nil)
    }

    @Test func `memory: rooms nobody is in sleep, at most so many, and a dry run wakes nobody's sleep`() throws {
        let world = Table.world {
            $0.rooms.sleepAfterMs = 3_600_000
            $0.rooms.waitingGraceMs = 3_600_000
            $0.rooms.pauseAfterMs = 10_000
        }
        let ana = world.client("Ana")
        ana.hello()
        for _ in 0..<4 { _ = try ana.create("tic-tac-toe") }
        ana.cut()
        world.advance(by: .seconds(20))
        let eligible = world.rooms.sleepableRooms
        #expect(eligible == 4)
        #expect(perform(.freeMemory, in: world, radius: 0.5, isDryRun: true).all.map(\.touched) == [2])
        #expect(world.rooms.awakeRooms == 4)
        let report = try #require(perform(.freeMemory, in: world, radius: 0.5).all.first)
        #expect((report.touched, report.eligible, report.repaired) == (2, 4, 2))
        #expect(world.rooms.awakeRooms == 2)
    }

    @Test func `memory: a room that is due soon stays awake`() throws {
        let world = Table.world {
            $0.rooms.waitingGraceMs = 100_000
            $0.rooms.pauseAfterMs = 10_000
        }
        var rooms: [RoomID] = []
        for name in ["Ana", "Ben"] {
            let client = world.client(name)
            client.hello()
            rooms.append(try client.create("tic-tac-toe"))
            client.cut()
            world.advance(by: .seconds(30))
        }
        // Their seats expire in 40 seconds and in 70.
        #expect(world.rooms.sleepableRooms == 2)
        #expect(perform(.freeMemory, in: world, isDryRun: true).all.map(\.touched) == [1])
        let report = try #require(perform(.freeMemory, in: world).all.first)
        #expect((report.touched, report.eligible) == (1, 1))
        #expect(rooms.map { world.rooms[$0] == nil } == [false, true])
    }

    @Test func `memory: many rooms sleep a few at a time, so that whoever plays is served in between`() throws {
        let world = Table.world {
            $0.rooms.waitingGraceMs = 3_600_000
            $0.rooms.pauseAfterMs = 10_000
        }
        for number in 1...40 {
            let client = world.client("Ana \(number)")
            client.hello()
            _ = try client.create("tic-tac-toe")
            client.cut()
        }
        world.advance(by: .seconds(20))
        let reports = perform(.freeMemory, in: world)
        #expect(world.rooms.awakeRooms == 24)
        #expect(reports.all == [])
        world.advance(by: .zero)
        #expect(world.rooms.awakeRooms == 0)
        #expect(reports.all.map(\.touched) == [40])
    }
}
