import TestSupport
import Testing

@testable import GameServer

@Suite("The log in SQLite: store trouble") struct SQLiteTroubleTests {
    @Test func `a commit that failed and yet happened is committed`() throws {
        let fixture = try SQLiteFixture()
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        fixture.commits.plan(.commitsAndFails)
        try writer.commit(to: fixture.store)
        #expect(fixture.observer.failures == [.commit])
        try fixture.reopen()
        #expect(try fixture.store.verified(writer.room) == .sound(records: 2))
    }

    @Test func `a commit that failed and did not happen is unavailable for the whole group`() throws {
        let fixture = try SQLiteFixture()
        var writers = (1...3).map { RoomWriter($0) }
        for index in writers.indices { try writers[index].commit(to: fixture.store) }
        fixture.commits.plan(.fails)
        let replies = try fixture.whileBusy { writers.map { fixture.store.appending($0.next()) } }
        #expect(try replies.allSatisfy { try $0.wait() == .unavailable })
        for index in writers.indices { try writers[index].commit(to: fixture.store) }
        for writer in writers { #expect(try fixture.store.verified(writer.room) == .sound(records: 2)) }
    }

    @Test(arguments: [Commits.Step.fails, .commitsAndFails])
    func `a commit that failed and cannot be settled is unknown until it is sent again`(step: Commits.Step) throws {
        let fixture = try SQLiteFixture()
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        fixture.commits.plan(step, .fails)
        let append = writer.next()
        #expect(try fixture.store.appended(append) == .unknown)
        #expect(try fixture.store.appended(append) == .committed)
        #expect(try fixture.store.verified(writer.room) == .sound(records: 2))
    }

    @Test func `a claim and a read beside a commit that failed`() throws {
        let fixture = try SQLiteFixture()
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        fixture.commits.plan(.fails, .fails)
        let claim = try fixture.whileBusy {
            _ = fixture.store.appending(writer.next())
            return fixture.store.claiming(writer.room)
        }
        #expect(try claim.wait() == .unavailable)
        // Nobody hears of an event that is not durable, not even by reading.
        guard case .records(let records, head: 1) = try fixture.store.records(writer.room) else { throw NoReply() }
        #expect(records.count == 1)
        #expect(try fixture.store.claimed(writer.room).term == 2)
    }

    @Test func `a full disk is unavailable, harms nothing and recovers`() throws {
        let fixture = try SQLiteFixture()
        var writer = RoomWriter(1)
        // The ceiling becomes what the database has now: only what fits into its pages can be added.
        fixture.commits.plan(.executes("PRAGMA max_page_count = 1"))
        try writer.commit(to: fixture.store)
        let large = writer.next(payload: Array(repeating: 7, count: 100_000))
        let replies = try fixture.whileBusy { [large, RoomWriter(2).next()].map(fixture.store.appending) }
        #expect(try replies.map { try $0.wait() } == [.unavailable, .unavailable])
        #expect(try fixture.store.records(writer.room) != .unavailable)
        let snapshot = writer.snapshot(Array(repeating: 7, count: 100_000))
        #expect(try fixture.store.checkpointed(writer.room, term: 1, snapshot) == .unavailable)

        fixture.commits.plan(.executes("PRAGMA max_page_count = 100000"))
        #expect(try fixture.store.appended(RoomWriter(2).next()) == .committed)
        #expect(try fixture.store.checkpointed(writer.room, term: 1, snapshot) == .stored)
        try writer.commit(large, to: fixture.store)
        #expect(try fixture.store.verified(writer.room) == .sound(records: 2))
    }

    @Test func `a lock of another program is unavailable for writing, not for reading, and recovers`() throws {
        var options = SQLiteOptions(durability: .process)
        options.busyTimeout = .milliseconds(5)
        let fixture = try SQLiteFixture(options)
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        let intruder = try fixture.intruder()
        try intruder.execute("BEGIN IMMEDIATE")
        #expect(try fixture.store.appended(writer.next()) == .unavailable)
        #expect(try fixture.store.claiming(writer.room).wait() == .unavailable)
        #expect(try fixture.store.records(writer.room) != .unavailable)
        try intruder.execute("ROLLBACK")
        try writer.commit(to: fixture.store)
    }

    @Test func `a room whose rows are damaged fails alone`() throws {
        let fixture = try SQLiteFixture()
        var damaged = RoomWriter(1)
        try damaged.commit(to: fixture.store)
        try fixture.intruder().execute(
            """
            INSERT INTO records (room, number, first_sequence, event_count, payload, digest)
            VALUES (1, 2, 2, 1, x'', zeroblob(32))
            """)
        let replies = try fixture.whileBusy {
            [RoomWriter(2).next(), damaged.next(), RoomWriter(3).next()].map(fixture.store.appending)
        }
        #expect(try replies.map { try $0.wait() } == [.committed, .unavailable, .committed])
        #expect(fixture.observer.failures == [.append])
    }

    @Test func `a summary that cannot be read hides its room only, and is reported`() throws {
        let fixture = try SQLiteFixture()
        var appends: [Append] = []
        for raw in UInt64(1)...3 {
            var writer = RoomWriter(raw)
            appends.append(writer.next())
            try writer.commit(appends.last, to: fixture.store)
        }
        try fixture.intruder().execute("UPDATE rooms SET summary = '{}' WHERE room = 2")
        #expect(try fixture.store.rooms() == .rooms([appends[0].summary, appends[2].summary]))
        #expect(fixture.observer.failures == [.directory])
    }
}
