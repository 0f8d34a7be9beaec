@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Comparing a room with its history") struct RebuildTests {
    /// Ana and Ben add numbers; the log below and the room at work can be made to disagree.
    private struct Adding {
        let log = HookLog()
        let world: World
        let ana, ben: TestClient
        let room: RoomID

        init() throws {
            world = World(games: [InstalledGame(Drift.self)], middleware: [log])
            (ana, ben) = (world.client("Ana"), world.client("Ben"))
            ana.hello()
            ben.hello()
            room = try ana.create("drift")
            ben.join(room)
            ana.host(room, "start")
        }

        @discardableResult
        func add(_ amount: Int, by client: TestClient? = nil, drifting error: Int = 0) -> [JSON] {
            let client = client ?? ana
            return Drift.$error.withValue(error) { client.act(room, ["kind": "add", "amount": JSON(amount)]) }
        }

        func rebuild() -> Verdict {
            let verdict = Verdict()
            world.rooms.rebuild(room) { verdict.all.append($0) }
            world.pump()
            return verdict
        }

        var total: Int? { (world.rooms[room]?.state.match as? MatchBox<Drift>)?.match.state.total }
        var violations: [String] { world.clients.flatMap(\.violations) }
    }

    private final class Verdict {
        var all: [RebuildVerdict] = []
    }

    @Test func `a room that is as its history says goes on, under a new term`() throws {
        let table = try Adding()
        table.add(3)
        let term = table.world.rooms[table.room]?.state.term ?? 0
        _ = table.ben.take()
        #expect(table.rebuild().all == [.equal])
        #expect(table.world.rooms[table.room]?.state.term == term + 1)
        #expect(table.ben.take().isEmpty, "nothing has happened to anybody")
        #expect(table.add(4).first("ok") != nil)
        #expect(table.log.commits.allSatisfy { $0.outcome == .committed })
        #expect(table.total == 7)
        #expect(table.violations == [])
    }

    @Test func `a room that has drifted goes on as its history says, and everybody is told`() throws {
        let table = try Adding()
        table.add(3)
        table.add(4, drifting: 1000)
        #expect(table.total == 1007)
        _ = (table.ana.take(), table.ben.take())
        #expect(table.rebuild().all == [.replaced(at: 3)])
        #expect(table.total == 7)
        for client in [table.ana, table.ben] {
            let lines = client.take()
            #expect(lines.types == ["snapshot", "room", "notice"])
            #expect(lines[0]["reason"] == "recovered")
            #expect(lines[0]["view"]?.int("total") == 7)
            #expect(lines[1]["waiting_on"]?["seats"] == [1], "whom the room waits for is told with it")
            #expect(lines[2]["kind"] == "recovered")
        }
        #expect(table.add(5).first("ok") != nil)
        #expect(table.total == 12)
        #expect(table.log.commits.allSatisfy { $0.outcome == .committed })
        #expect(table.log.recoveryWords == ["snapshot recovered", "snapshot recovered"])
        #expect(table.violations == [])
    }

    @Test func `who was away while a room was replaced comes back to a snapshot, not to what it believed`() throws {
        let table = try Adding()
        table.add(4, drifting: 1000)
        table.ben.cut()
        #expect(table.rebuild().all == [.replaced(at: 2)])
        let lines = table.ben.hello()
        #expect(lines.first("joined")?["resume"] == "snapshot")
        #expect(lines.first("snapshot")?["view"]?.int("total") == 4)
        table.add(1)
        table.ben.cut()
        #expect(table.ben.hello().first("joined")?["resume"] == "live")
        #expect(table.violations == [])
    }

    @Test func `a room that is compared decides nothing; what is asked meanwhile waits and is answered once`() throws {
        let table = try Adding()
        table.add(3)
        table.world.holdStore()
        let verdict = table.rebuild()
        let eve = table.world.client("Eve")
        eve.hello()
        #expect(table.add(4).isEmpty)
        #expect(table.add(5, by: table.ben).isEmpty)
        #expect(eve.watch(table.room).isEmpty)
        #expect(verdict.all == [])
        table.world.releaseStore()
        #expect(verdict.all == [.equal])
        #expect(table.ana.take().filter { $0.type == "ok" }.count == 1)
        #expect(table.ben.take().filter { $0.type == "ok" }.count == 1)
        #expect(eve.take().first("joined")?["view"]?.int("total") == 12)
        #expect(table.total == 12)
        #expect(table.violations == [])
    }

    @Test func `a record on its way is settled first`() throws {
        let table = try Adding()
        table.world.holdAnswers()
        #expect(table.add(3).isEmpty)
        let verdict = table.rebuild()
        #expect(table.add(4, by: table.ben).isEmpty)
        table.world.releaseStore()
        #expect(verdict.all == [.equal])
        #expect(table.total == 7)
        #expect(table.ana.take().filter { $0.type == "ok" }.count == 1)
        #expect(table.ben.take().filter { $0.type == "ok" }.count == 1)
        #expect(table.violations == [])
    }

    @Test func `a record whose fate is unknown is settled first`() throws {
        let table = try Adding()
        table.world.memory.fail(.unknownWritten)
        table.add(3)
        let verdict = table.rebuild()
        #expect(verdict.all == [])
        table.world.advance(by: .milliseconds(250))
        #expect(verdict.all == [.equal])
        #expect(table.add(4).first("ok") != nil)
        #expect(table.total == 7)
        #expect(table.violations == [])
    }

    @Test func `one comparison at a time`() throws {
        let table = try Adding()
        table.world.holdStore()
        let first = table.rebuild()
        #expect(table.rebuild().all == [.unavailable])
        table.world.releaseStore()
        #expect(first.all == [.equal])
        #expect(table.rebuild().all == [.equal])
    }

    @Test func `a room that moves away meanwhile answers everybody`() throws {
        let table = try Adding()
        table.world.memory.fail(.fenced)
        table.world.holdStore()
        table.add(3)
        let verdict = table.rebuild()
        table.add(4, by: table.ben)
        table.world.releaseStore()
        #expect(verdict.all == [.unavailable])
        #expect(table.world.rooms[table.room] == nil)
        #expect(table.ana.take().refusals == ["store_unavailable"])
        #expect(table.ben.take().refusals == ["store_unavailable"])
    }

    @Test func `a room that is closed meanwhile answers everybody`() throws {
        let table = try Adding()
        table.world.holdStore()
        table.ana.host(table.room, "close")
        let verdict = table.rebuild()
        let eve = table.world.client("Eve")
        eve.hello()
        eve.watch(table.room)
        table.world.releaseStore()
        #expect(verdict.all == [.unavailable])
        #expect(eve.take().refusals == ["room_gone"])
    }

    @Test func `while the store cannot be asked nothing changes, and the game goes on afterwards`() throws {
        let table = try Adding()
        table.add(4, drifting: 1000)
        table.world.memory.setReachable(false)
        #expect(table.rebuild().all == [.unavailable])
        table.world.memory.setReachable(true)
        #expect(table.total == 1004)
        #expect(table.add(1).first("ok") != nil)
        #expect(table.rebuild().all == [.replaced(at: 3)])
        #expect(table.total == 5)
    }

    @Test func `a room that sleeps is woken to be compared, and one that is compared does not fall asleep`() throws {
        let table = try Adding()
        for client in [table.ana, table.ben] { client.cut() }
        table.world.advance(by: .seconds(300))
        let room = try #require(table.world.rooms[table.room] ?? nil)
        #expect(room.canSleep)
        table.world.holdStore()
        let verdict = table.rebuild()
        #expect(!room.canSleep)
        #expect(table.world.rooms.sleepIdle(atMost: 10) == 0)
        table.world.releaseStore()
        #expect(verdict.all == [.equal])
        #expect(table.world.rooms.sleepIdle(atMost: 10) == 1)
        #expect(table.rebuild().all == [.equal])
    }

    // MARK: Damage

    @Test func `a room at work over a damaged record is kept above the damage`() throws {
        let table = try Adding()
        table.add(3)
        table.world.memory.tamper(with: 3, of: table.room)
        #expect(table.rebuild().all == [.salvaged(at: 2)])
        #expect(table.add(4).first("ok") != nil)
        table.world.crash()
        // Read in the usual way the room meets the damage; from above it, it goes on.
        #expect(table.ana.hello().refusals == ["internal"])
        #expect(table.rebuild().all == [.salvaged(at: 3)])
        #expect(table.ana.hello().first("joined")?.int("seq") == 3)
        #expect(table.add(5).first("ok") != nil)
        #expect(table.total == 12)
        #expect(table.violations == [])
    }

    @Test func `a room counts as kept above the damage when its snapshot is stored, not before`() throws {
        let table = try Adding()
        table.add(3)
        table.world.memory.tamper(with: 3, of: table.room)
        let before = table.world.rooms[table.room]?.snapshotNumber
        table.world.holdStore()
        let verdict = table.rebuild()
        table.world.passOneQuestion()
        #expect(verdict.all == [])
        #expect(table.add(4).isEmpty, "it is still being compared")
        table.world.memory.setReachable(false)
        table.world.releaseStore()
        #expect(verdict.all == [.unavailable])
        #expect(table.world.rooms[table.room]?.snapshotNumber == before)
        table.world.memory.setReachable(true)
        #expect(table.rebuild().all == [.salvaged(at: 2)])
        #expect(table.world.rooms[table.room]?.snapshotNumber == 4)
    }

    @Test func `a room nobody has touched since a restart is read from above the damage at once`() throws {
        let table = try Adding()
        table.add(3)
        let live = try #require(table.world.rooms[table.room])
        live.checkpoint()
        table.world.pump()
        table.add(4)
        table.world.memory.tamper(with: 2, of: table.room)
        table.world.holdStore()
        table.world.crash()
        let verdict = Verdict()
        table.world.rooms.rebuild(table.room) { verdict.all.append($0) }
        table.world.releaseStore()
        if verdict.all == [.unavailable] { verdict.all = table.rebuild().all }
        #expect(verdict.all == [.salvaged(at: 3)])
        #expect(table.ana.hello().first("joined")?.int("seq") == 3)
        #expect(table.log.stallWords.contains("unreadable") && table.log.recoveryWords.contains("restored"))
    }

    @Test func `a damaged room without a snapshot above the damage stays as it is, as evidence`() throws {
        let table = try Adding()
        table.add(3)
        table.world.memory.tamper(with: 3, of: table.room)
        let before = table.world.log(of: table.room)
        table.world.crash()
        for _ in 0..<2 {
            guard case .unreadable? = table.rebuild().all.first else {
                Issue.record("it can be read")
                return
            }
        }
        #expect(table.world.rooms.knows(table.room))
        #expect(table.world.log(of: table.room) == before)
    }

    @Test func `a room that cannot be read and then is gone from the store leaves nothing behind`() throws {
        let table = try Adding()
        table.world.memory.tamper(with: 2, of: table.room)
        table.world.crash()
        let creator = try #require(table.world.memory.contents.withLock { $0.rooms[table.room]?.summary.creator })
        let secret = try #require(Digest(hexadecimal: creator))
        guard case .unreadable? = table.rebuild().all.first else {
            Issue.record("it can be read")
            return
        }
        #expect(table.world.rooms.room(createdWith: secret) == table.room)
        table.world.memory.contents.withLock { $0.rooms[table.room] = nil }
        _ = table.rebuild()
        #expect(!table.world.rooms.knows(table.room))
        #expect(table.world.rooms.openRooms == 0)
        #expect(table.world.rooms.room(createdWith: secret) == nil)
        #expect(table.log.recoveryWords.last == "vanished")
    }

    @Test func `a log that lost its end is said to have, and is no success`() throws {
        let table = try Adding()
        table.add(3)
        table.world.memory.loseLastRecord(of: table.room)
        guard case .unreadable(let why)? = table.rebuild().all.first else {
            Issue.record("not noticed")
            return
        }
        #expect(why == "the store ends at record 3, the room is at 4")
    }

    @Test func `a log that somebody continued is followed`() throws {
        let table = try Adding()
        let state = try #require(table.world.rooms[table.room]?.state)
        let foreign = state.closedNot(at: table.world.timeline.wallClock + .milliseconds(5))
        table.world.memory.append(foreign.append(lifetimes: table.world.services.lifetimes)) { _ in }
        #expect(table.rebuild().all == [.replaced(at: 1)])
        #expect(table.add(3).first("ok") != nil)
        #expect(table.violations == [])
    }

    @Test func `who has lost the seat in the room's history is shown out and sees nothing of it`() throws {
        let table = try Adding()
        let state = try #require(table.world.rooms[table.room]?.state)
        let context = StepContext(at: table.world.timeline.wallClock + .milliseconds(5), key: .fresh())
        let foreign = try state.left(1, n: state.seats[1].lastN + 1, connected: [0], context)
        table.world.memory.append(foreign.append(lifetimes: table.world.services.lifetimes)) { _ in }
        _ = (table.ana.take(), table.ben.take())
        #expect(table.rebuild().all == [.replaced(at: 1)])
        #expect(table.ben.take().types == ["bye"])
        #expect(table.ben.place(table.room).over == 4503)
        #expect(table.world.rooms[table.room]?.attendance.connected == [0])
        #expect(table.ana.take().types == ["snapshot", "room", "notice"])
        // And when Ana goes too, nobody is left to wait for.
        table.ana.cut()
        table.world.advance(by: .milliseconds(table.world.configuration.rooms.pauseAfterMs))
        #expect(table.world.rooms[table.room]?.attendance.isPaused == true)
        #expect(table.violations == [])
    }

    @Test func `a room that is closed in its history is over for everybody in it`() throws {
        let table = try Adding()
        let state = try #require(table.world.rooms[table.room]?.state)
        let context = StepContext(at: table.world.timeline.wallClock + .milliseconds(5), key: .fresh())
        let foreign = state.closed(reason: "admin", context)
        table.world.memory.append(foreign.append(lifetimes: table.world.services.lifetimes)) { _ in }
        _ = (table.ana.take(), table.ben.take())
        #expect(table.rebuild().all == [.replaced(at: 1)])
        #expect(table.world.rooms[table.room] == nil)
        for client in [table.ana, table.ben] { #expect(client.take().types == ["bye"]) }
        #expect(table.violations == [])
    }

    @Test func `there is nothing to compare of a room nobody knows`() throws {
        let table = try Adding()
        let verdict = Verdict()
        table.world.rooms.rebuild(RoomID(raw: 1)) { verdict.all.append($0) }
        #expect(verdict.all == [.unreadable("there is no such room")])
    }
}

extension MemoryEventStore {
    /// Changes a byte of one stored record.
    fileprivate func tamper(with number: Int, of room: RoomID) {
        rewrite(room) { record in
            var record = record
            if record.number == number { record.payload[record.payload.count / 2] ^= 1 }
            return record
        }
    }

    fileprivate func loseLastRecord(of room: RoomID) {
        let last = contents.withLock { $0.rooms[room]?.head.number }
        rewrite(room) { $0.number == last ? nil : $0 }
    }

    private func rewrite(_ room: RoomID, _ change: (StoredRecord) -> StoredRecord?) {
        contents.withLock { contents in
            guard let found = contents.rooms[room] else { return }
            var copy: MemoryRoom?
            for record in found.records.compactMap(change) {
                let append = Append(
                    room: room, term: found.head.term, number: record.number, firstSequence: record.firstSequence,
                    eventCount: record.eventCount, payload: record.payload, digest: record.digest,
                    summary: found.summary)
                if copy == nil { copy = MemoryRoom(append) } else { copy?.accept(append) }
            }
            copy?.head = found.head
            for snapshot in found.snapshots { copy?.insert(snapshot, retention: retention) }
            contents.rooms[room] = copy
        }
    }
}
