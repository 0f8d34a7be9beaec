@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Design, The log: rooms wake by themselves") struct WakingTests {
    /// How often the room was claimed: each claim raises its term, beginning at 1.
    private func claims(_ table: Table) -> UInt64 {
        let found = Reply<ClaimOutcome>()
        table.world.memory.afterCrash().claim(table.room, retaining: 0) { found($0) }
        guard case .claimed(let claim)? = found.now else { return 0 }
        return claim.term - 2
    }

    /// Somebody else writes the record that comes next.
    private func intrude(_ table: Table, _ change: (inout Append) -> Void = { _ in }) throws {
        let draft = try #require(table.state).closedNot(at: table.world.timeline.wallClock)
        var append = draft.append(lifetimes: table.world.services.lifetimes)
        change(&append)
        table.world.memory.append(append) { _ in }
    }

    private func lastCause(_ table: Table) throws -> Record.Cause? {
        try table.world.log(of: table.room).last.map { try Record.decode($0.payload).record.cause }
    }

    // MARK: After a restart

    @Test func `a waiting room frees the seats of players who do not return`() throws {
        let table = try Table()
        table.world.advance(by: .seconds(600))
        table.world.crash()
        let cho = table.world.client("Cho")
        cho.hello()
        table.ana.hello()
        table.world.advance(by: .seconds(59))
        #expect(table.state?.seats[1].occupant == .human)
        table.world.advance(by: .seconds(2))
        #expect(table.state?.seats[1].occupant == .empty)
        #expect(table.state?.seats[0].occupant == .human)
        #expect(cho.join(table.room, name: "Ben").first("joined")?["seat"] == 1)
    }

    @Test func `a waiting room nobody returns to closes though nobody touches it`() throws {
        let table = try Table()
        table.world.advance(by: .seconds(600))
        table.world.crash()
        #expect(table.world.rooms.list(game: nil, limit: 10).count == 1)
        table.world.advance(by: .seconds(61))
        #expect(table.world.rooms.list(game: nil, limit: 10).isEmpty)
        #expect(table.world.rooms.openRooms == 0)
        #expect(table.world.rooms.goneRooms == 1)
    }

    @Test func `a finished room closes as finished after a restart`() throws {
        let table = try Table.playing { $0.rooms.finishedMs = 600_000 }
        for field in [0, 1, 3, 2, 4, 5, 6] where table.state?.status == .playing { table.mark(field) }
        table.world.advance(by: .seconds(60))
        table.world.crash()
        table.world.advance(by: .seconds(541))
        #expect(table.world.rooms.openRooms == 0)
        #expect(try lastCause(table) == .admin(reason: "finished"))
    }

    @Test func `a room nobody returned to since a restart closes as abandoned`() throws {
        let table = try Table.playing { $0.rooms.abandonedMs = 600_000 }
        table.world.crash()
        table.world.advance(by: .seconds(599))
        #expect(table.world.rooms.openRooms == 1)
        table.world.advance(by: .seconds(12))
        #expect(table.world.rooms.openRooms == 0)
        #expect(try lastCause(table) == .admin(reason: "abandoned"))
    }

    @Test func `snapshots are written however often the server restarts`() throws {
        let table = try Table { $0.rooms.snapshotEveryRecords = 10 }
        for _ in 0..<5 {
            for order in ["remove", "add_bot", "remove", "add_bot"] {
                #expect(table.ana.host(table.room, order, seat: 1).first("ok") != nil)
            }
            table.world.crash()
            table.ana.hello()
        }
        let found = Reply<ClaimOutcome>()
        table.world.memory.afterCrash().claim(table.room, retaining: 0) { found($0) }
        guard case .claimed(let claim)? = found.now else { throw NoAnswer(got: []) }
        #expect(try #require(claim.snapshot).number >= 10)
    }

    @Test func `a record of a newer version of the game is not read`() throws {
        let table = try Table()
        let stored = try #require(table.world.log(of: table.room).first)
        var (record, _) = try Record.decode(stored.payload)
        for (version, isRead) in [(1, true), (2, false)] {
            record.version = version
            let payload = record.encoded(events: [])
            var log = stored
            log.payload = payload
            log.digest = Digest(of: payload, continuing: .zero)
            let claim = Claim(term: 1, snapshot: nil, records: [log])
            var state = try RoomState.restored(table.room, from: claim, games: table.world.games)
            if isRead {
                _ = try state.fold(log)
            } else {
                let error = #expect(throws: StoredFormError.self) { try state.fold(log) }
                #expect(error?.message.contains("tic-tac-toe 2") == true)
            }
        }
    }

    // MARK: After trouble

    @Test func `a room that met a conflict comes back though nobody touches it`() throws {
        let table = try Table.playing()
        try intrude(table)
        table.mark(0)
        #expect(table.live == nil)
        #expect(table.world.rooms.openRooms == 1)
        table.world.advance(by: .seconds(2))
        #expect(table.live != nil)
        #expect(claims(table) == 1)
    }

    @Test func `a claim the store could not answer is tried again though nobody touches the room`() throws {
        let table = try Table.playing()
        table.world.crash()
        table.world.memory.setReachable(false)
        table.world.advance(by: .seconds(1))
        table.world.memory.setReachable(true)
        #expect(table.live == nil)
        table.world.advance(by: .seconds(6))
        #expect(table.live != nil)
        #expect(claims(table) == 1)
    }

    @Test func `a room that cannot be read is claimed at most once a minute, however many knock`() throws {
        let table = try Table.playing()
        try intrude(table) { $0.payload[$0.payload.count / 2] ^= 1 }
        table.mark(0)
        let eve = table.world.client("Eve")
        eve.hello()
        for _ in 0..<11 {
            #expect(eve.watch(table.room).refusals == ["internal"])
            table.world.advance(by: .seconds(5))
        }
        #expect(claims(table) == 1)
        table.world.advance(by: .seconds(6))
        #expect(claims(table) == 1)
        #expect(eve.watch(table.room).refusals == ["internal"])
        #expect(claims(table) == 2)
        #expect(eve.watch(table.room).refusals == ["internal"])
        #expect(claims(table) == 2)
        #expect(table.world.facts.faults.count == 3)
    }

    // MARK: Opening

    @Test func `a room is in no list before its first record is stored`() throws {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        world.holdStore()
        ana.send(ana.createRequest("tic-tac-toe"))
        let reports = RoomReports(services: world.services, rooms: world.rooms)
        #expect(reports.page(after: nil, limit: 5).rooms.isEmpty)
        #expect(world.rooms.list(game: nil, limit: 10).isEmpty)
        world.releaseStore()
        #expect(reports.page(after: nil, limit: 5).rooms.count == 1)
        #expect(world.rooms.list(game: nil, limit: 10).count == 1)
    }

    @Test func `a create repeated after its room has moved away opens another one`() throws {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        let secret = ana.freshSecret()
        let room = try ana.create("tic-tac-toe", secret: secret)
        world.memory.fail(.fenced)
        ana.host(room, "add_bot")
        #expect(world.rooms.openRooms == 0)
        ana.hello(resume: false)
        #expect(try ana.create("tic-tac-toe", secret: secret) != room)
    }

    @Test func `a room is listed once after a restart, and was created when its first record says so`() throws {
        let table = try Table(seated: false)
        let created = try #require(table.state).created
        table.world.crash()
        table.ana.hello()
        table.ana.host(table.room, "add_bot")
        #expect(table.state?.created == created)
        #expect(table.world.rooms.list(game: nil, limit: 100).map(\.room) == [table.room])
    }
}
