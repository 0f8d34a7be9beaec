@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Hooks: lag, stall, recover") struct StallHookTests {
    private let log = HookLog()

    /// Eve watches, stops reading and lags.
    private func lagging() throws -> (Table, TestClient) {
        let table = try Table.playing(
            {
                $0.slow.laggingBytes = 1000; $0.limits.burst = 1000
            }, middleware: [log])
        let eve = table.world.client("Eve")
        eve.hello()
        eve.watch(table.room)
        eve.stopReading()
        for _ in 0..<8 { eve.send(["type": "list"]) }
        return (table, eve)
    }

    private var phases: [Lag.Phase] { log.lags.map(\.phase) }

    @Test func `lag is told when it begins, and when the reader has caught up`() throws {
        let (table, eve) = try lagging()
        #expect(phases == [.began])
        #expect(log.lags[0].client.id == 3 && log.lags[0].unsentBytes > 1000)
        table.mark(0)
        #expect(phases == [.began])
        eve.resumeReading()
        #expect(phases == [.began, .ended])
        #expect(log.recoveryWords == ["snapshot lagging"])
    }

    @Test func `a connection that is lost while it lags lags no more`() throws {
        let (_, eve) = try lagging()
        eve.cut()
        #expect(phases == [.began, .ended])
    }

    @Test func `a connection closed for lagging lags no more, whether it reads its goodbye or not`() throws {
        let (table, eve) = try lagging()
        table.world.closeDelay = { .seconds(1) }
        table.world.advance(by: .seconds(20))
        #expect(eve.outlet?.closed?.code.rawValue == 4003)
        // It reads after all, before its connection is over.
        eve.resumeReading()
        table.world.advance(by: .seconds(2))
        #expect(eve.lastClose?.rawValue == 4003)
        #expect(phases == [.began, .ended])
    }

    @Test func `a silent connection is told of, and that it spoke again`() throws {
        let world = Table.world(middleware: [log])
        let ana = world.client("Ana")
        ana.answersPings = false
        ana.hello()
        world.advance(by: .seconds(15))
        #expect(log.stallWords == ["silent"])
        guard case .silent(let client, let silence)? = log.stalls.first else { return }
        #expect(client.id == 1 && silence == .milliseconds(15_000))
        world.advance(by: .milliseconds(400))
        ana.send(["type": "ping", "t": 1])
        ana.send(["type": "ping", "t": 2])
        #expect(log.recoveryWords == ["answered"])
        guard case .answered(_, let after)? = log.recoveries.first else { return }
        #expect(after == .milliseconds(400))
        world.advance(by: .seconds(15))
        ana.send(["type": "pong"])
        #expect(log.stallWords == ["silent", "silent"] && log.recoveryWords == ["answered", "answered"])
        #expect(log.messages.last?.roundTrip != nil)
    }

    @Test func `a connection that gives no sign of life is told of once, and closed`() throws {
        let world = Table.world(middleware: [log])
        let ana = world.client("Ana")
        ana.answersPings = false
        ana.hello()
        world.advance(by: .seconds(40))
        #expect(log.stallWords == ["silent", "unanswered"])
        #expect(log.departures.map(\.code) == [4004])
        #expect(log.recoveryWords == [])
    }

    @Test func `the answer to a ping says how long it took`() throws {
        let world = Table.world(middleware: [log])
        let ana = world.client("Ana")
        ana.hello()
        world.advance(by: .seconds(16))
        let pongs = log.messages.filter { $0.type == "pong" }
        #expect(pongs.map(\.roundTrip) == [.milliseconds(1)])
        #expect(world.facts.roundTrips == [.milliseconds(1)])
        ana.send(["type": "pong"])
        #expect(log.messages.last?.roundTrip == nil, "nobody had asked")
        #expect(world.facts.roundTrips.count == 1)
    }

    @Test func `a room whose commands cannot be stored is told of once, and once that they are again`() throws {
        let table = try Table.playing(middleware: [log])
        table.world.memory.fail(.unavailable, .unavailable)
        table.mark(4)
        table.mark(4)
        #expect(log.stallWords == ["store"])
        table.world.advance(by: .seconds(1))
        table.mark(4)
        #expect(log.stallWords == ["store"] && log.recoveryWords == ["store"])
    }

    @Test func `what a game did wrong is told with its kind`() throws {
        let world = World(games: [InstalledGame(Clockwork.self)], middleware: [log])
        let ana = world.client("Ana")
        ana.hello()
        let room = try ana.create("clockwork")
        ana.host(room, "start")
        #expect(ana.act(room, ["kind": "spoil"]).refusals == ["internal"])
        #expect(log.stallWords == ["fault invariant"])
        guard case .fault(let where_, let game, _, let sentence)? = log.stalls.first else { return }
        #expect(where_ == room && game == "clockwork" && sentence.contains("would contradict itself"))
        #expect(world.rooms[room]?.hasFaulted == true)
    }

    @Test func `a room that cannot be read back is told of, and one that is`() throws {
        let table = try Table.playing(middleware: [log])
        table.world.crash()
        table.ana.hello()
        #expect(log.recoveryWords == ["restored"])
        guard case .restored(let room, let game, let records, _)? = log.recoveries.first else { return }
        #expect(room == table.room && game == "tic-tac-toe" && records == 3)
    }

    @Test func `a client that is given the whole view is told of, with the reason`() throws {
        let table = try Table.playing(middleware: [log])
        table.ana.send(["type": "resync", "room": .string(table.room.description)])
        #expect(log.recoveryWords == ["snapshot resync"])
    }
}
