import PluginAPI
import TestSupport
import Testing

@testable import GameServer

@Suite("The log in SQLite: checking what is stored") struct StoreScrubberTests {
    private let fixture: SQLiteFixture
    private let room: RoomID

    init() throws {
        fixture = try SQLiteFixture()
        var writer = RoomWriter(1)
        for _ in 1...3 { try writer.commit(to: fixture.store) }
        room = writer.room
    }

    private func database() throws -> StoreDatabase {
        try StoreDatabase(path: fixture.databasePath, busyTimeout: .zero, mode: .reading)
    }

    @Test func `a check that failed is done again after a second`() throws {
        var now = ContinuousClock.now
        var scrubber = StoreScrubber(recordsPerSecond: 0, now: now)
        let database = try database()
        scrubber.check([room])
        #expect(scrubber.patience(now) == .zero)
        try fixture.intruder().execute("ALTER TABLE records RENAME TO hidden")
        #expect(throws: SQLiteFailure.self) { try scrubber.run(database, at: now) }
        scrubber.failed(at: now)
        #expect(scrubber.patience(now) == .seconds(1))
        try fixture.intruder().execute("ALTER TABLE hidden RENAME TO records")
        now += .seconds(1)
        #expect(scrubber.patience(now) == .zero)
        let found = try scrubber.run(database, at: now)
        #expect(found.map(\.room) == [room] && found.map(\.outcome) == [.sound(records: 3)])
        #expect(scrubber.patience(now) == nil)
    }

    @Test func `a check that fails three times is left to the round, and the next one begins`() throws {
        let now = ContinuousClock.now
        var scrubber = StoreScrubber(recordsPerSecond: 1, now: now)
        let database = try database()
        let absent = RoomID(raw: 2)
        scrubber.check([room, absent])
        try fixture.intruder().execute("ALTER TABLE records RENAME TO hidden")
        for _ in 1...3 { #expect(throws: SQLiteFailure.self) { try scrubber.run(database, at: now) } }
        #expect(try scrubber.run(database, at: now).map(\.room) == [absent])
        #expect(!scrubber.isUrgent)
    }

    @Test func `where there is no round a check that fails three times is tried again after a minute`() throws {
        let now = ContinuousClock.now
        var scrubber = StoreScrubber(recordsPerSecond: 0, now: now)
        let database = try database()
        scrubber.check([room])
        try fixture.intruder().execute("ALTER TABLE records RENAME TO hidden")
        for _ in 1...3 { #expect(throws: SQLiteFailure.self) { try scrubber.run(database, at: now) } }
        #expect(!scrubber.isUrgent && scrubber.patience(now) == .seconds(60))
        try fixture.intruder().execute("ALTER TABLE hidden RENAME TO records")
        let early = try scrubber.run(database, at: now + .seconds(59))
        #expect(early.isEmpty)
        let found = try scrubber.run(database, at: now + .seconds(60))
        #expect(found.map(\.outcome) == [.sound(records: 3)])
        #expect(scrubber.patience(now + .seconds(60)) == nil)
    }

    @Test func `what the round found before it failed is told, and the failure at the next turn`() throws {
        var other = RoomWriter(2)
        try other.commit(to: fixture.store)
        let now = ContinuousClock.now
        var scrubber = StoreScrubber(recordsPerSecond: 100, now: now - .seconds(1))
        let database = try database()
        // Only what is read of the second room fails: the least integer has no absolute value.
        try fixture.intruder().execute(
            """
            ALTER TABLE records RENAME TO hidden;
            CREATE VIEW records AS SELECT id, room, number, first_sequence, event_count,
                CASE WHEN room = 2 THEN abs(-9223372036854775807 + 1 - room) ELSE payload END AS payload, digest
            FROM hidden;
            """)
        let found = try scrubber.run(database, at: now)
        #expect(found.map(\.room) == [room] && found.map(\.outcome) == [.sound(records: 3)])
        #expect(scrubber.patience(now) == .zero)
        #expect(throws: SQLiteFailure.self) { try scrubber.run(database, at: now) }
    }

    @Test func `the round goes past a room that cannot be read`() throws {
        var other = RoomWriter(2)
        try other.commit(to: fixture.store)
        let start = ContinuousClock.now
        var scrubber = StoreScrubber(recordsPerSecond: 1, now: start)
        let database = try database()
        try fixture.intruder().execute("ALTER TABLE records RENAME TO hidden")
        #expect(throws: SQLiteFailure.self) { try scrubber.run(database, at: start + .seconds(1)) }
        try fixture.intruder().execute("ALTER TABLE hidden RENAME TO records")
        #expect(try scrubber.run(database, at: start + .seconds(2)).map(\.room) == [other.room])
    }

    @Test func `after a failure the round waits too`() {
        let now = ContinuousClock.now
        var scrubber = StoreScrubber(recordsPerSecond: 10, now: now)
        scrubber.failed(at: now + .seconds(5))
        #expect(scrubber.patience(now + .seconds(5)) == .seconds(1))
    }
}
