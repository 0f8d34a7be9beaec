import Foundation
import Observability
import PluginAPI
import TestSupport
import Testing

@testable import GameServer

@Suite("The log in SQLite: watching over it") struct StoreWatchTests {
    private func fixture(_ change: (inout SQLiteOptions) -> Void = { _ in }) throws -> SQLiteFixture {
        var options = SQLiteOptions(durability: .process)
        options.watchEvery = .milliseconds(10)
        options.scrubRecordsPerSecond = 0
        change(&options)
        return try SQLiteFixture(options)
    }

    @Test func `a changed row is found as soon as somebody else's write is seen`() throws {
        let fixture = try fixture()
        var writers = (1...3).map { RoomWriter($0) }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        for index in writers.indices {
            for _ in 1...4 { try writers[index].commit(writers[index].next(changed: now), to: fixture.store) }
        }
        try fixture.intruder().execute("UPDATE records SET payload = x'00' WHERE room = 2 AND number = 3")
        try fixture.observer.awaitNews { $0 == .foreignWrite }
        try fixture.observer.awaitNews { $0 == .broken(RoomID(raw: 2), 3) }
        #expect(try fixture.store.verified(RoomID(raw: 2)) == .broken(number: 3))
        let health = try fixture.store.healthy()
        #expect(health.foreignWrites == 1 && health.brokenRooms == 1)
        let events = try fixture.store.events()
        #expect(Set(events.map(\.event.kind)) == [.foreignWrite, .chainBreak])
        #expect(events.first { $0.event.kind == .chainBreak }?.event.subject == RoomID(raw: 2).description)
        #expect(fixture.observer.news.filter { $0 == .broken(RoomID(raw: 2), 3) }.count == 1)

        try fixture.intruder().execute("UPDATE records SET payload = x'7b7d' WHERE room = 2 AND number = 3")
        try fixture.observer.awaitNews { $0 == .mended(RoomID(raw: 2), 3) }
        #expect(try fixture.store.healthy().brokenRooms == 0)
    }

    @Test func `a damaged room that somebody else deletes is not counted as damaged any more`() throws {
        let fixture = try fixture()
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        try fixture.intruder().execute("UPDATE records SET payload = x'00'")
        #expect(try fixture.store.verified(writer.room) == .broken(number: 1))
        try fixture.intruder().execute("BEGIN IMMEDIATE; DELETE FROM records; DELETE FROM rooms; COMMIT")
        try fixture.observer.awaitNews { $0 == .mended(writer.room, 1) }
        #expect(try fixture.store.healthy().brokenRooms == 0)
    }

    @Test func `what waits for the store is counted also while its thread is held up`() throws {
        let fixture = try fixture()
        let metrics = Observability.Metrics.forTests(plugins: [])
        metrics.watch(fixture.store)
        #expect(metrics.queueDepth.value(.store) == 0 && metrics.eventAppendLagSeconds.value == 0)
        let began = Reply<Bool>()
        let goOn = Reply<Bool>()
        fixture.commits.plan(.waits(began: began, goOn: goOn))
        let append = fixture.store.appending(RoomWriter(1).next())
        _ = try began.wait()
        #expect(metrics.queueDepth.value(.store) == 0 && metrics.eventAppendLagSeconds.value > 0)
        let waiting = (2...3).map { fixture.store.appending(RoomWriter($0).next()) }
        #expect(metrics.queueDepth.value(.store) == 2)
        #expect(metrics.queueOldestSeconds.value(.store) > 0)
        goOn(true)
        for reply in [append] + waiting { #expect(try reply.wait() == .committed) }
        #expect(metrics.queueDepth.value(.store) == 0)
    }

    @Test func `a damaged room is found in the round, without a hint`() throws {
        let fixture = try fixture { $0.scrubRecordsPerSecond = 50 }
        var writer = RoomWriter(1)
        for _ in 1...4 { try writer.commit(to: fixture.store) }
        fixture.store.close()
        try fixture.intruder().execute("DELETE FROM records WHERE number = 2")
        var options = SQLiteOptions()
        options.scrubRecordsPerSecond = 50
        let observer = StoreFacts()
        let store = try SQLiteEventStore(in: fixture.directory, options: options, observer: observer)
        defer { store.close() }
        try observer.awaitNews { $0 == .broken(writer.room, 2) }
    }

    @Test func `its own commits, checkpoints, cleanups and reads are nobody else's writes`() throws {
        let fixture = try fixture {
            $0.checkpointPages = 8
            $0.idleCheckpointDelay = .milliseconds(1)
            $0.retainedEvents = 10
        }
        var writer = RoomWriter(1)
        for number in 1...300 {
            try writer.commit(writer.next(payload: Array(repeating: 1, count: 4_000)), to: fixture.store)
            if number.isMultiple(of: 20) { fixture.store.checkpoint(writer.room, term: 1, writer.snapshot()) }
            if number.isMultiple(of: 100) {
                _ = try fixture.store.verified(writer.room)
                _ = try fixture.store.cleaned(
                    CleanupRequest(olderThan: .zero, dryRun: false, now: Timestamp(unixMilliseconds: 5_000)))
                _ = try fixture.store.reopened()
            }
        }
        #expect(fixture.observer.checkpoints > 3)
        #expect(try fixture.store.healthy().foreignWrites == 0)
        #expect(fixture.observer.failures == [])
        #expect(fixture.observer.news.allSatisfy { if case .cleaned = $0 { true } else { false } })
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting needs the right to"))
    func `the log of a small disk is moved before it has filled it`() throws {
        let disk = try #require(try SmallDisk(megabytes: 4))
        let observer = StoreFacts()
        let store = try SQLiteEventStore(in: DataDirectory(disk.path + "/data"), observer: observer)
        defer { store.close() }
        var writer = RoomWriter(1)
        // Records of 1 MB, and a log of three pages or more for each of them.
        for _ in 1...1_000 { try writer.commit(writer.next(payload: Array(repeating: 1, count: 1_000)), to: store) }
        #expect(observer.failures == [], "SQLite's codes: \(observer.codes)")
        #expect(observer.checkpoints > 3)
    }

    @Test func `a checkpoint that meets another's lock is no failure, and is made up for`() throws {
        let fixture = try fixture { $0.checkpointPages = 8 }
        let block = [UInt8](repeating: 1, count: 4_000)
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        let index = open(fixture.databasePath + "-shm", O_RDWR)
        defer { close(index) }
        // Source: the WAL-mode file format, §2.3: the lock of who moves the log is the second byte from the 120th on.
        var lock = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 121, l_len: 1, l_pid: 0)
        #expect(fcntl(index, Self.lockOpenFile, &lock) == 0)
        let before = fixture.observer.checkpoints
        for _ in 1...40 { try writer.commit(writer.next(payload: block), to: fixture.store) }
        // One that had moved everything may still have been about to say so.
        #expect(fixture.observer.failures == [] && fixture.observer.checkpoints <= before + 1)
        lock.l_type = Int16(F_UNLCK)
        #expect(fcntl(index, Self.lockOpenFile, &lock) == 0)
        for _ in 1...80 { try writer.commit(writer.next(payload: block), to: fixture.store) }
        #expect(fixture.observer.failures == [] && fixture.observer.checkpoints > before + 1)
    }

    /// F_OFD_SETLKW: waits for a lock that meets those of this process, too.
    private static let lockOpenFile: Int32 = 38

    @Test func `a store that cannot commit is in trouble until it can, and tells each once`() throws {
        let fixture = try fixture { $0.watchEvery = .seconds(3_600) }
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        fixture.commits.plan(.fails, .fails, .fails, .fails)
        #expect(try fixture.store.appended(writer.next()) == .unknown)
        #expect(try fixture.store.appended(writer.next()) == .unknown)
        let health = try fixture.store.healthy()
        #expect(health.isReachable && health.trouble == nil)
        #expect(health.lastFailure?.kind == .io && health.lastFailure?.operation == .commit)
        #expect(fixture.observer.news == [.troubled(.io), .recovered])
    }

    @Test func `a commit that takes long is seen while it takes, and operators are answered meanwhile`() throws {
        let fixture = try fixture { $0.stallAfter = .zero }
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        let began = Reply<Bool>()
        let goOn = Reply<Bool>()
        fixture.commits.plan(.waits(began: began, goOn: goOn))
        let append = fixture.store.appending(writer.next())
        _ = try began.wait()
        let waiting = fixture.store.appending(RoomWriter(2).next())
        let health = try fixture.store.healthy()
        #expect(!health.isReachable && (health.busyFor ?? .zero) > .zero)
        #expect(health.waitingRequests == 1 && (health.oldestWaiting ?? .zero) > .zero)
        #expect(try fixture.store.verified(writer.room) == .sound(records: 1))
        #expect(try fixture.store.counted(at: 1).records == 1)
        #expect(try fixture.store.page(limit: 9) != .unavailable)
        goOn(true)
        #expect(try append.wait() == .committed)
        #expect(try waiting.wait() == .committed)
    }

    @Test func `a lock of another process makes the store unreachable until it is gone`() throws {
        let fixture = try fixture {
            $0.busyTimeout = .milliseconds(5)
            $0.watchEvery = .seconds(3_600)
            $0.stallAfter = .zero
        }
        let intruder = try fixture.intruder()
        try intruder.execute("BEGIN EXCLUSIVE")
        let locked = try fixture.store.healthy()
        #expect(!locked.isReachable && locked.trouble == .busy)
        try intruder.execute("ROLLBACK")
        #expect(try fixture.store.healthy().isReachable)
        #expect(fixture.observer.news == [.troubled(.busy), .recovered])
    }

    @Test func `a room whose old record was changed goes on from its newest snapshot`() throws {
        let fixture = try fixture()
        var writer = RoomWriter(1)
        for _ in 1...10 { try writer.commit(to: fixture.store) }
        fixture.store.checkpoint(writer.room, term: 1, writer.snapshot())
        for _ in 1...3 { try writer.commit(to: fixture.store) }
        try fixture.intruder().execute("UPDATE records SET payload = x'00' WHERE number = 4")
        let reply = Reply<ClaimOutcome>()
        fixture.store.claim(writer.room, from: .newestSnapshot) { reply($0) }
        guard case .claimed(let claim) = try reply.wait() else { throw NoReply() }
        #expect(claim.snapshot?.number == 10 && claim.records.count == 3)
        try fixture.observer.awaitNews { $0 == .broken(writer.room, 4) }
        // Nothing of it is deleted.
        #expect(try fixture.intruder().integer("SELECT count(*) FROM records") == 13)

        try fixture.intruder().execute("UPDATE records SET payload = x'00' WHERE number = 12")
        let second = Reply<ClaimOutcome>()
        fixture.store.claim(writer.room, from: .newestSnapshot) { second($0) }
        #expect(try second.wait() == .damaged)
        #expect(try fixture.store.claimed(writer.room).term == 3)
    }

    @Test func `a changed snapshot is passed over for an older one`() throws {
        let fixture = try fixture()
        var writer = RoomWriter(1)
        for _ in 1...3 {
            try writer.commit(to: fixture.store)
            fixture.store.checkpoint(writer.room, term: 1, writer.snapshot())
        }
        #expect(try fixture.store.claimed(writer.room).snapshot?.number == 3)
        try fixture.intruder().execute("UPDATE snapshots SET payload = x'00' WHERE number = 3")
        let claim = try fixture.store.claimed(writer.room)
        #expect(claim.snapshot?.number == 2 && claim.records.map(\.number) == [3])
        let reply = Reply<ClaimOutcome>()
        fixture.store.claim(writer.room, from: .newestSnapshot) { reply($0) }
        guard case .claimed(let salvaged) = try reply.wait() else { throw NoReply() }
        #expect(salvaged.snapshot?.number == 2)
    }

    @Test func `a system event that was changed, removed or put in is found`() throws {
        let fixture = try fixture()
        for _ in 1...5 {
            let event = SystemEvent(
                at: Timestamp(unixMilliseconds: 1), kind: .adminAction, subject: "s", actor: "operator")
            #expect(try fixture.store.noted(event) != .unavailable)
        }
        let intruder = try fixture.intruder()
        try intruder.execute("CREATE TEMP TABLE kept AS SELECT * FROM system_events")
        for (sql, number) in [
            ("UPDATE system_events SET actor = 'nobody' WHERE id = 2", 2),
            ("UPDATE system_events SET at_ms = 2 WHERE id = 1", 1),
            ("UPDATE system_events SET correlation_id = '' WHERE id = 5", 5),
            ("DELETE FROM system_events WHERE id = 3", 3),
        ] {
            try intruder.execute(sql)
            #expect(try fixture.store.verifiedEvents() == .broken(number: number), "\(sql)")
            // At once, or the store could note the write of somebody else in between.
            try intruder.execute(
                "BEGIN IMMEDIATE; DELETE FROM system_events; INSERT INTO system_events SELECT * FROM kept; COMMIT")
        }
        #expect(try fixture.store.verifiedEvents() != .broken(number: 1))
    }
}
