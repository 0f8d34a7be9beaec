import Dispatch
import Foundation
import PluginAPI
import Synchronization
import TestSupport
import Testing

@testable import GameServer

@Suite("The log in SQLite: cleaning up") struct StoreCleanupTests {
    @Test func `a cleanup works in small transactions, and appends go on in between`() throws {
        var options = SQLiteOptions(durability: .process)
        options.cleanupRecords = 10
        options.goneFor = .zero
        let fixture = try SQLiteFixture(options)
        var old = RoomWriter(1)
        for _ in 1...99 { try old.commit(to: fixture.store) }
        try old.commit(old.next(status: .closed), to: fixture.store)
        let done = Reply<CleanupOutcome>()
        fixture.store.cleanup(
            CleanupRequest(olderThan: .zero, dryRun: false, now: Timestamp(unixMilliseconds: 5_000))
        ) { done($0) }
        let second = Reply<CleanupOutcome>()
        fixture.store.cleanup(
            CleanupRequest(olderThan: .zero, dryRun: false, now: Timestamp(unixMilliseconds: 5_000))
        ) { second($0) }
        #expect(try second.wait() == .busy)
        var other = RoomWriter(2)
        while done.now == nil { try other.commit(to: fixture.store) }
        guard case .done(let report) = try done.wait() else { throw NoReply() }
        #expect(report.records == 100 && report.rooms == 1)
        #expect(fixture.observer.cleanupSteps >= 10)
        #expect(other.number > 0)
    }

    @Test func `a cleanup that was cut off leaves rooms that are whole`() throws {
        var options = SQLiteOptions(durability: .process)
        options.cleanupRecords = 10
        options.goneFor = .zero
        let fixture = try SQLiteFixture(options)
        var old = RoomWriter(1)
        for _ in 1...99 { try old.commit(to: fixture.store) }
        try old.commit(old.next(status: .closed), to: fixture.store)
        // Three steps, then the disk fails for good.
        fixture.commits.plan(
            .executes(""), .executes(""), .executes(""), .fails, .fails, .fails, .fails, .fails, .fails)
        let done = Reply<CleanupOutcome>()
        fixture.store.cleanup(
            CleanupRequest(olderThan: .zero, dryRun: false, now: Timestamp(unixMilliseconds: 5_000))
        ) { done($0) }
        try fixture.observer.awaitNews { $0 == .troubled(.io) }
        fixture.store.close()
        #expect(try done.wait() == .unavailable)
        try fixture.reopen()
        #expect(try fixture.store.verified(old.room) == .sound(records: 70))
    }

    @Test func `records from a damaged one on are evidence and stay`() throws {
        var options = SQLiteOptions(durability: .process)
        options.retainedEvents = 10
        options.scrubRecordsPerSecond = 0
        let fixture = try SQLiteFixture(options)
        var writer = RoomWriter(1)
        for _ in 1...50 { try writer.commit(to: fixture.store) }
        fixture.store.checkpoint(writer.room, term: 1, writer.snapshot())
        for _ in 1...20 { try writer.commit(to: fixture.store) }
        try fixture.intruder().execute("UPDATE records SET payload = x'00' WHERE number = 30")
        let request = CleanupRequest(olderThan: .zero, dryRun: true, now: Timestamp(unixMilliseconds: 5_000))
        let dry = try fixture.store.cleaned(request)
        #expect(dry.records == 29 && dry.damagedRooms == 1)
        var real = request
        real.dryRun = false
        #expect(try fixture.store.cleaned(real).records == 29)
        try fixture.observer.awaitNews { $0 == .broken(writer.room, 30) }
        #expect(try fixture.intruder().integer("SELECT min(number) FROM records") == 30)
    }

    @Test func `a damaged closed room stays from its damaged record on, and those behind it go`() throws {
        var options = SQLiteOptions(durability: .process)
        options.cleanupRecords = 10
        options.goneFor = .zero
        options.scrubRecordsPerSecond = 0
        let fixture = try SQLiteFixture(options)
        for raw in UInt64(1)...3 {
            var writer = RoomWriter(raw)
            for _ in 1...49 { try writer.commit(to: fixture.store) }
            try writer.commit(
                writer.next(status: .closed, changed: Int64(1_000 + raw)), to: fixture.store)
        }
        try fixture.intruder().execute(
            """
            UPDATE records SET payload = x'00' WHERE room = 1 AND number = 30;
            UPDATE rooms SET head_digest = zeroblob(32) WHERE room = 2;
            """)
        var request = CleanupRequest(olderThan: .zero, dryRun: true, now: Timestamp(unixMilliseconds: 5_000))
        var dry = try fixture.store.cleaned(request)
        // Of the second room the last step found that it does not end as it should.
        #expect((dry.rooms, dry.damagedRooms, dry.records) == (1, 2, 29 + 41 + 50))
        request.dryRun = false
        let done = try fixture.store.cleaned(request)
        dry.isDryRun = false
        dry.took = done.took
        #expect(done == dry)
        try fixture.observer.awaitNews { $0 == .broken(RoomID(raw: 1), 30) }
        try fixture.observer.awaitNews { $0 == .broken(RoomID(raw: 2), 50) }
        let left = try fixture.intruder()
        #expect(try left.integer("SELECT min(number) FROM records WHERE room = 1") == 30)
        #expect(try left.integer("SELECT count(*) FROM rooms") == 2)
        #expect(try fixture.store.cleaned(request).records == 0)
    }

    @Test func `a room that was damaged and is deleted is not counted as damaged any more`() throws {
        var options = SQLiteOptions(durability: .process)
        options.goneFor = .zero
        options.scrubRecordsPerSecond = 0
        let fixture = try SQLiteFixture(options)
        var writer = RoomWriter(1)
        let first = try writer.commit(to: fixture.store)
        try writer.commit(writer.next(status: .closed), to: fixture.store)
        try fixture.intruder().execute("UPDATE records SET payload = x'00' WHERE number = 1")
        #expect(try fixture.store.verified(writer.room) == .broken(number: 1))
        let payload = first.payload.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        try fixture.intruder().execute("UPDATE records SET payload = x'\(payload)' WHERE number = 1")
        let request = CleanupRequest(olderThan: .zero, dryRun: false, now: Timestamp(unixMilliseconds: 5_000))
        #expect(try fixture.store.cleaned(request).rooms == 1)
        try fixture.observer.awaitNews { $0 == .mended(writer.room, 1) }
        #expect(try fixture.store.healthy().brokenRooms == 0)
    }

    @Test func `questions are answered between the steps of a dry run, and there is one at a time`() throws {
        var options = SQLiteOptions(durability: .process)
        options.cleanupRecords = 10
        options.goneFor = .zero
        let fixture = try SQLiteFixture(options)
        var writer = RoomWriter(1)
        for _ in 1...99 { try writer.commit(to: fixture.store) }
        try writer.commit(writer.next(status: .closed), to: fixture.store)
        // All of them wait before the first is taken.
        let goOn = DispatchSemaphore(value: 0)
        fixture.store.directory(closedAfter: Timestamp(unixMilliseconds: 0)) { _ in goOn.wait() }
        let order = Mutex<[String]>([])
        let request = CleanupRequest(olderThan: .zero, dryRun: true, now: Timestamp(unixMilliseconds: 5_000))
        let dry = Reply<CleanupOutcome>()
        fixture.store.cleanup(request) { outcome in
            order.withLock { $0.append("dry run") }
            dry(outcome)
        }
        let second = Reply<CleanupOutcome>()
        fixture.store.cleanup(request) { second($0) }
        fixture.store.verify(writer.room) { _ in order.withLock { $0.append("question") } }
        goOn.signal()
        #expect(try second.wait() == .busy)
        guard case .done(let report) = try dry.wait() else { throw NoReply() }
        #expect(report.records == 100 && report.rooms == 1)
        #expect(order.withLock { $0 } == ["question", "dry run"])
    }

    @Test func `a long run with retention stays under a set size`() throws {
        let now = Mutex(Int64(0))
        var options = SQLiteOptions(durability: .process)
        options.watchEvery = .milliseconds(1)
        options.goneFor = .milliseconds(10)
        options.checkpointPages = 200
        options.wallClock = { Timestamp(unixMilliseconds: now.withLock { $0 }) }
        options.schedule = CleanupSchedule(
            every: .milliseconds(1), retention: .seconds(3_600), maxBytes: 2_000_000)
        let fixture = try SQLiteFixture(options)
        var rooms: [RoomWriter] = []
        for raw in UInt64(1)...400 {
            var writer = RoomWriter(raw)
            for _ in 1...9 {
                now.withLock { $0 += 10 }
                let append = writer.next(
                    payload: Array(repeating: UInt8(truncatingIfNeeded: raw), count: 4_000),
                    changed: now.withLock { $0 })
                try writer.commit(append, to: fixture.store)
            }
            try writer.commit(writer.next(status: .closed, changed: now.withLock { $0 }), to: fixture.store)
            rooms.append(writer)
            // As a game has pauses; here it waits for the cleanup rather than for time to pass.
            while try fixture.store.counted(at: 0).databaseBytes > 0, try inUse(fixture) > 2_500_000 {}
        }
        #expect(try inUse(fixture) <= 2_500_000)
        let file = try FileManager.default.attributesOfItem(atPath: fixture.databasePath)[.size] as? Int
        // Fourteen megabytes were written.
        #expect(try #require(file) < 5_000_000)
        #expect(try fixture.store.verified(rooms[0].room) == .notFound)
        #expect(try fixture.store.verified(rooms[399].room) == .sound(records: 10))
    }

    private func inUse(_ fixture: SQLiteFixture) throws -> Int {
        let connection = try fixture.intruder()
        return try Int(
            connection.integer("PRAGMA page_count") - connection.integer("PRAGMA freelist_count")) * 4_096
    }

    @Test func `what is counted equals what the database itself counts, before and after a cleanup`() throws {
        var options = SQLiteOptions(durability: .process)
        options.retainedEvents = 20
        options.goneFor = .zero
        let seed = UInt64.random(in: 1...1_000_000)
        var random = GameRandom(seed: seed)
        let fixture = try SQLiteFixture(options)
        for raw in UInt64(1)...30 {
            var writer = RoomWriter(raw)
            var time = Int64.random(in: 0...80_000_000, using: &random)
            for _ in 1...Int.random(in: 1...40, using: &random) {
                time += .random(in: 0...2_000_000, using: &random)
                let status: RoomSummary.Status = Bool.random(using: &random) ? .playing : .finished
                let append = writer.next(events: .random(in: 0...3, using: &random), status: status, changed: time)
                try writer.commit(append, to: fixture.store)
                if writer.number.isMultiple(of: 7) {
                    fixture.store.checkpoint(writer.room, term: 1, writer.snapshot())
                }
            }
            if raw.isMultiple(of: 3) {
                try writer.commit(writer.next(status: .closed, changed: time), to: fixture.store)
            }
        }
        try expectCounts(fixture, "seed \(seed), before")
        let report = try fixture.store.cleaned(
            CleanupRequest(olderThan: .seconds(50_000), dryRun: false, now: Timestamp(unixMilliseconds: 120_000_000)))
        #expect(report.rooms > 0, "seed \(seed)")
        // A new reader has counted nothing yet.
        try fixture.reopen()
        try expectCounts(fixture, "seed \(seed), after")
    }

    private func expectCounts(_ fixture: SQLiteFixture, _ comment: Comment) throws {
        let now: Int64 = 120_000_000
        let found = try fixture.store.counted(at: now)
        let sql = try fixture.intruder()
        #expect(try Int64(found.records) == sql.integer("SELECT count(*) FROM records"), comment)
        #expect(try Int64(found.events) == sql.integer("SELECT sum(event_count) FROM records"), comment)
        #expect(
            try Int64(found.eventsLastDay)
                == sql.integer("SELECT coalesce(sum(event_count), 0) FROM records WHERE at_ms >= \(now - 86_400_000)"),
            comment)
        #expect(try Int64(found.totalRooms) == sql.integer("SELECT count(*) FROM rooms"), comment)
        for (status, count) in found.rooms {
            #expect(
                try Int64(count) == sql.integer("SELECT count(*) FROM rooms WHERE status = '\(status.rawValue)'"),
                comment)
        }
        #expect(try Int64(found.snapshots) == sql.integer("SELECT count(*) FROM snapshots"), comment)
        #expect(
            try Int64(found.databaseBytes) == sql.integer("PRAGMA page_count") * sql.integer("PRAGMA page_size"),
            comment)
    }

    @Test func `a database of the first version learns when its records were made`() throws {
        let place = try TemporaryDirectory()
        let directory = try DataDirectory(place.path)
        let path = place.path + "/" + SQLiteEventStore.fileName
        do {
            let connection = try SQLiteConnection(path: path, busyTimeout: .zero)
            try connection.execute("PRAGMA journal_mode = WAL")
            try Migrations.run(on: connection, upTo: 1)
            try connection.execute(
                """
                INSERT INTO rooms VALUES (1, 1, 4, 4, zeroblob(32), 'playing', NULL, NULL, 9, '{"game":"g"}');
                INSERT INTO records VALUES (1, 1, 1, 1, 1, CAST('{"at":1234,"events":[]}' AS BLOB), zeroblob(32));
                INSERT INTO records VALUES (2, 1, 2, 2, 1, x'00ff', zeroblob(32));
                INSERT INTO records VALUES (3, 1, 3, 3, 1, CAST('{"at":123456789012345678901}' AS BLOB), zeroblob(32));
                INSERT INTO records VALUES (4, 1, 4, 4, 1, CAST('{"at":' AS BLOB), zeroblob(32));
                """)
        }
        let store = try SQLiteEventStore(in: directory)
        defer { store.close() }
        let found = try store.counted(at: 2_000)
        #expect(found.oldestRecord == Timestamp(unixMilliseconds: 1_234))
        #expect(found.records == 4 && found.games == ["g": .init(rooms: 1, records: 4, events: 4)])
    }
}
