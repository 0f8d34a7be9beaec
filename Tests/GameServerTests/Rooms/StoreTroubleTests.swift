@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Design, The log: what becomes of an append") struct StoreTroubleTests {
    @Test func `nothing is told before its record is stored`() throws {
        let table = try Table.playing()
        table.world.holdStore()
        #expect(table.mark(0).isEmpty)
        #expect(table.other.take().filter { $0.type == "events" }.isEmpty)
        table.world.releaseStore()
        #expect(table.turn.take().types.contains("events"))
    }

    @Test func `nothing is told while the answer of the store is out`() throws {
        let table = try Table.playing()
        table.world.holdAnswers()
        #expect(table.mark(0).isEmpty)
        table.world.releaseStore()
        #expect(table.other.take().types == ["events", "ok", "room"])
        #expect(table.violations == [])
    }

    @Test func `unavailable: the command has not counted, its number stays, and it may be tried again`() throws {
        let table = try Table.playing()
        let mover = table.turn
        table.world.memory.fail(.unavailable)
        let no = try #require(table.mark(4).first("no"))
        #expect(no.code == "store_unavailable")
        #expect((no.int("retry") ?? 0) > 0)
        #expect(mover.place(table.room).lastN == (mover === table.ana ? 1 : 0))
        #expect(table.turn === mover)
        #expect(table.mark(4).types == ["notice", "events", "ok", "room"])
    }

    @Test func `players are told of store trouble once, and once that it is over`() throws {
        let table = try Table.playing()
        let (mover, other) = (table.turn, table.other)
        _ = other.take()
        table.world.memory.fail(.unavailable, .unavailable)
        table.mark(4)
        table.mark(4)
        #expect(other.take().compactMap { $0["kind"]?.string } == ["store_trouble"])
        table.world.advance(by: .seconds(1))
        mover.act(table.room, Table.mark(4))
        #expect(other.take().filter { $0.type == "notice" }.compactMap { $0["kind"]?.string } == ["recovered"])
        #expect(table.violations == [])
    }

    @Test func `unavailable for a command whose player has gone harms nobody`() throws {
        let table = try Table.playing()
        table.world.memory.fail(.unavailable)
        table.world.holdAnswers()
        let mover = table.turn
        table.mark(4)
        mover.cut()
        table.world.releaseStore()
        #expect(mover.hello().first("joined") != nil)
        #expect(table.mark(4).first("ok") != nil)
    }

    @Test(arguments: [MemoryEventStore.Fault.unknownWritten, .unknownNotWritten])
    func `unknown: frozen and silent until the identical append is settled, then told exactly once`(
        fault: MemoryEventStore.Fault
    ) throws {
        let table = try Table.playing()
        let (mover, other) = (table.turn, table.other)
        table.world.memory.fail(fault, fault, fault)
        #expect(table.mark(0).types == ["notice"])
        #expect(other.act(table.room, Table.mark(1)).isEmpty)
        table.world.advance(by: .milliseconds(450))
        #expect(mover.take().isEmpty)
        table.world.advance(by: .milliseconds(200))
        #expect(mover.take().types == ["notice", "events", "ok", "room", "events", "room"])
        #expect(other.place(table.room).seq == 3)
        #expect(table.violations == [])
    }

    @Test func `unknown stays unknown when the store cannot be reached for the second try`() throws {
        let table = try Table.playing()
        let mover = table.turn
        table.world.memory.fail(.unknownWritten)
        #expect(table.mark(0).types == ["notice"])
        table.world.memory.setReachable(false)
        table.world.advance(by: .seconds(3))
        #expect(mover.take().filter { $0.type != "ping" }.isEmpty, "a no here would be a lie: the move is stored")
        table.world.memory.setReachable(true)
        table.world.advance(by: .seconds(1))
        #expect(mover.take().types.contains("ok"))
        #expect(table.violations == [])
    }

    @Test func `conflict: the room is read again and its clients come back`() throws {
        let table = try Table.playing()
        // Somebody else wrote the record that comes next.
        let store = table.world.memory
        let state = try #require(table.state)
        let draft = state.closedNot(at: table.world.timeline.wallClock)
        store.append(draft.append(lifetimes: table.world.services.lifetimes)) { _ in }
        #expect(table.mark(0).refusals == ["store_unavailable"])
        #expect(table.ana.lastClose?.rawValue == Disconnect.resync.rawValue)
        #expect(table.ana.hello().first("joined")?["resume"] == "live")
        table.ben.hello()
        #expect(table.mark(0).first("ok") != nil)
        #expect(table.violations == [])
    }

    @Test func `fenced: the room has moved, its clients are sent elsewhere`() throws {
        let table = try Table.playing()
        table.world.memory.fail(.fenced)
        table.mark(0)
        #expect(table.ana.lastClose?.rawValue == Disconnect.moved.rawValue)
        #expect(table.ben.lastClose?.rawValue == Disconnect.moved.rawValue)
        #expect(table.live == nil)
    }

    @Test func `commands that wait behind an append have a ceiling`() throws {
        let table = try Table.playing {
            $0.limits.burst = 1000; $0.limits.queueCommands = 5
        }
        table.world.holdStore()
        let mover = table.turn
        let n = mover.place(table.room).lastN + 1
        for _ in 0..<6 { mover.act(table.room, Table.mark(0), n: n) }
        let no = try #require(mover.act(table.room, Table.mark(0), n: n).first("no"))
        #expect(no.code == "overloaded")
        #expect(no.int("retry") == 500)
        table.world.releaseStore()
        #expect(mover.take().types.filter { $0 == "ok" }.count == 6)
    }

    @Test func `a client whose commands wait is not read until half of them are taken, and is not silent meanwhile`()
        throws
    {
        let table = try Table.playing {
            $0.limits.burst = 1000; $0.limits.waitingCommands = 4
        }
        table.world.holdStore()
        let mover = table.turn
        let outlet = try #require(mover.outlet)
        let n = mover.place(table.room).lastN + 1
        // The first is on its way to the store; the others wait.
        for _ in 0..<4 { mover.act(table.room, Table.mark(0), n: n) }
        #expect(!outlet.isPaused)
        mover.act(table.room, Table.mark(0), n: n)
        #expect(outlet.isPaused && table.world.facts.readPauses == 1)
        // What was read already still comes.
        #expect(mover.act(table.room, Table.mark(0), n: n).isEmpty)
        #expect(try #require(table.other.outlet).isPaused == false)
        table.world.releaseStore()
        #expect(mover.take().types.filter { $0 == "ok" }.count == 6)
        #expect(!outlet.isPaused && table.world.facts.readPauses == 1)
        mover.act(table.room, Table.mark(1), n: n + 1)
        #expect(!outlet.isPaused)
    }

    @Test func `a client that is not read is read again when its room is lost, or the connection closes`() throws {
        let table = try Table.playing {
            $0.limits.burst = 1000; $0.limits.waitingCommands = 1
        }
        table.world.memory.fail(.fenced)
        table.world.holdStore()
        let mover = table.turn
        let outlet = try #require(mover.outlet)
        table.mark(0)
        mover.act(table.room, Table.mark(1))
        #expect(outlet.isPaused)
        table.world.releaseStore()
        #expect(!outlet.isPaused || outlet.closed != nil)
    }

    @Test func `who came and went while the room could let nobody in keeps nobody out`() throws {
        let table = try Table.playing { $0.limits.queueCommands = 1 }
        table.world.holdStore()
        table.mark(0)
        let room = table.room
        for index in 0..<Room.arrivalsPerCommand {
            let passer = table.world.client("passer \(index)")
            passer.hello()
            #expect(passer.watch(room).isEmpty)
            passer.cut()
        }
        #expect(table.live?.waitingRequests == Room.arrivalsPerCommand)
        let eve = table.world.client("Eve")
        eve.hello()
        #expect(eve.watch(room).refusals == [])
        #expect(table.live?.waitingRequests == 1)
        table.world.releaseStore()
        #expect(eve.take().contains { $0.type == "joined" })
    }

    @Test func `a command in the queue of a player who has gone harms nobody`() throws {
        let table = try Table.playing()
        table.world.memory.fail(.fenced)
        table.world.holdStore()
        let (mover, other) = (table.turn, table.other)
        table.mark(0)
        other.act(table.room, Table.mark(1))
        other.cut()
        mover.cut()
        table.world.releaseStore()
        #expect(table.live == nil)
    }
}

extension RoomState {
    /// A record that changes nothing.
    func closedNot(at instant: Timestamp) -> Draft {
        var random = GameRandom(seed: 1)
        let key = Luck { random.next() }
        var luck = key
        return draft(
            .tick, StepContext(at: instant, key: .fresh(using: &luck)), Changes(seats: seats, host: host))
    }
}
