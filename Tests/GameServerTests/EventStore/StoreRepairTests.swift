import Foundation
import PluginAPI
import TestSupport
import Testing

@testable import GameServer

@Suite("The log in SQLite: files that go away, and mending") struct StoreRepairTests {
    private func fixture() throws -> SQLiteFixture {
        var options = SQLiteOptions(durability: .power)
        options.watchEvery = .milliseconds(10)
        return try SQLiteFixture(options)
    }

    @Test func `a deleted file is noticed, and written back with everything that was committed`() throws {
        let fixture = try fixture()
        var writers = (1...3).map { RoomWriter($0) }
        for index in writers.indices { for _ in 1...4 { try writers[index].commit(to: fixture.store) } }
        for suffix in ["", "-wal", "-shm"] { try FileManager.default.removeItem(atPath: fixture.databasePath + suffix) }
        try fixture.observer.awaitNews { $0 == .troubled(.io) }
        #expect(try fixture.store.healthy().file == .missing)
        // What is committed meanwhile goes into the file without a name, and is not lost either.
        try writers[0].commit(to: fixture.store)
        #expect(try fixture.store.reopened() == .restored(movedAside: nil))
        try fixture.observer.awaitNews { $0 == .recovered }
        let health = try fixture.store.healthy()
        #expect(health.file == .same && health.isReachable && health.trouble == nil)
        for index in writers.indices { try writers[index].commit(to: fixture.store) }
        try fixture.reopen()
        #expect(try fixture.store.verified(writers[0].room) == .sound(records: 6))
        for writer in writers.dropFirst() { #expect(try fixture.store.verified(writer.room) == .sound(records: 5)) }
        #expect(try fixture.store.events(kind: .storeRepair).map(\.event.body) == [#"{"outcome":"restored"}"#])
        let files = try FileManager.default.contentsOfDirectory(atPath: fixture.place.path)
        #expect(!files.contains { $0.contains("restoring") || $0.contains("foreign") })
    }

    @Test func `a stranger's database put in its place is moved aside whole`() throws {
        let fixture = try fixture()
        var writer = RoomWriter(1)
        for _ in 1...4 { try writer.commit(to: fixture.store) }
        let stranger = fixture.place.path + "/theirs"
        try SQLiteConnection(path: stranger, busyTimeout: .zero).execute(
            "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (42)")
        #expect(rename(stranger, fixture.databasePath) == 0)
        try fixture.observer.awaitNews { $0 == .troubled(.io) }
        #expect(try fixture.store.healthy().file == .replaced)
        #expect(try fixture.store.reopened() == .restored(movedAside: "rooms.sqlite.foreign-1"))
        try writer.commit(to: fixture.store)
        #expect(try fixture.store.verified(writer.room) == .sound(records: 5))
        let aside = try SQLiteConnection(path: fixture.databasePath + ".foreign-1", busyTimeout: .zero)
        #expect(try aside.integer("SELECT a FROM theirs") == 42)
        try fixture.reopen()
        #expect(try fixture.store.verified(writer.room) == .sound(records: 5))
    }

    @Test func `a write-ahead log that was taken away is trouble too, and loses nothing`() throws {
        let fixture = try fixture()
        var writer = RoomWriter(1)
        for _ in 1...4 { try writer.commit(to: fixture.store) }
        try FileManager.default.removeItem(atPath: fixture.databasePath + "-wal")
        try fixture.observer.awaitNews { $0 == .troubled(.io) }
        try writer.commit(to: fixture.store)
        #expect(try fixture.store.reopened() == .restored(movedAside: nil))
        try fixture.reopen()
        #expect(try fixture.store.verified(writer.room) == .sound(records: 5))
    }

    @Test func `appends wait while the store is mended, and go on after it`() throws {
        let fixture = try fixture()
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        let (repair, late) = try fixture.whileBusy {
            let repair = Reply<ReopenOutcome>()
            try FileManager.default.removeItem(atPath: fixture.databasePath)
            fixture.store.reopen { repair($0) }
            return (repair, fixture.store.appending(writer.next()))
        }
        #expect(try repair.wait() == .restored(movedAside: nil))
        #expect(try late.wait() == .committed)
        #expect(try fixture.store.verified(writer.room) == .sound(records: 2))
    }

    @Test func `a database overwritten in place is not taken for whole`() throws {
        let fixture = try fixture()
        var writer = RoomWriter(1)
        for _ in 1...4 { try writer.commit(to: fixture.store) }
        fixture.store.close()
        try fixture.reopen()
        let file = try FileHandle(forWritingTo: URL(filePath: fixture.databasePath))
        try file.write(contentsOf: Data(repeating: 0x41, count: 32_768))
        try file.close()
        let outcome = try fixture.store.reopened()
        #expect(outcome == .failed(.corrupt))
        #expect(try fixture.store.healthy().trouble == .corrupt)
    }

    // MARK: A file found under the path when the open one cannot be read any more

    /// A store that has rooms 1 to 3, with four records each, from an earlier start and cannot read them any more.
    private func unreadable() throws -> (fixture: SQLiteFixture, whole: String) {
        let fixture = try fixture()
        for raw in UInt64(1)...3 {
            var writer = RoomWriter(raw)
            for _ in 1...4 { try writer.commit(to: fixture.store) }
        }
        try fixture.reopen()
        let whole = fixture.place.path + "/whole"
        try FileManager.default.copyItem(atPath: fixture.databasePath, toPath: whole)
        return (fixture, whole)
    }

    /// Spoils all tables of the file that is open, and what is kept of it in memory.
    private func spoil(_ fixture: SQLiteFixture) throws {
        let intruder = try fixture.intruder()
        try intruder.execute("BEGIN IMMEDIATE; UPDATE settling SET count = count + 1")
        let file = try FileHandle(forWritingTo: URL(filePath: fixture.databasePath))
        try file.seek(toOffset: 4_096)
        try file.write(contentsOf: Data(repeating: 0x41, count: 65_536))
        try file.close()
        // Only now, or the store could read everything again before it is gone.
        try intruder.execute("COMMIT")
    }

    @Test(arguments: [false, true])
    func `another server's database is not taken for ours, also when nothing was written since the start`(
        hasCleaned: Bool
    ) throws {
        let (fixture, _) = try unreadable()
        if hasCleaned {
            let request = CleanupRequest(olderThan: .zero, dryRun: false, now: Timestamp(unixMilliseconds: 5_000))
            #expect(try fixture.store.cleaned(request).rooms == 0)
        }
        let other = try SQLiteFixture()
        for raw in UInt64(1)...9 {
            var writer = RoomWriter(raw)
            for number in 1...4 {
                try writer.commit(writer.next(payload: Array("another record \(number)".utf8)), to: other.store)
            }
        }
        other.store.close()
        try spoil(fixture)
        #expect(rename(other.databasePath, fixture.databasePath) == 0)
        #expect(try fixture.store.reopened() == .failed(.corrupt))
        #expect(try fixture.store.healthy().file == .replaced)
    }

    @Test func `a database that is not taken for ours is not brought to our schema either`() throws {
        let (fixture, _) = try unreadable()
        let other = fixture.place.path + "/other"
        try Migrations.run(on: SQLiteConnection(path: other, busyTimeout: .zero), upTo: 1)
        try spoil(fixture)
        #expect(rename(other, fixture.databasePath) == 0)
        #expect(try fixture.store.reopened() == .failed(.corrupt))
        #expect(try fixture.intruder().integer("PRAGMA user_version") == 1)
    }

    @Test func `an empty file is not taken for ours`() throws {
        let (fixture, whole) = try unreadable()
        try spoil(fixture)
        try Data().write(to: URL(filePath: whole))
        #expect(rename(whole, fixture.databasePath) == 0)
        #expect(try fixture.store.reopened() == .failed(.corrupt))
    }

    @Test func `a copy with everything known to be committed is gone on with`() throws {
        let (fixture, whole) = try unreadable()
        try spoil(fixture)
        #expect(rename(whole, fixture.databasePath) == 0)
        #expect(try fixture.store.reopened() == .reopened)
        for raw in UInt64(1)...3 { #expect(try fixture.store.verified(RoomID(raw: raw)) == .sound(records: 4)) }
        #expect(try fixture.store.healthy().trouble == nil)
    }

    @Test func `where nothing is known there is nothing to compare, and no file is taken`() throws {
        let fixture = try fixture()
        try fixture.reopen()
        try spoil(fixture)
        let other = try SQLiteFixture()
        other.store.close()
        #expect(rename(other.databasePath, fixture.databasePath) == 0)
        #expect(try fixture.store.reopened() == .failed(.corrupt))
    }

    @Test func `a refused append is nothing that has to be there`() throws {
        let fixture = try fixture()
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        let refused = writer.next(payload: Array("of another owner".utf8))
        try writer.commit(to: fixture.store)
        #expect(try fixture.store.appended(refused) == .conflict(head: 2))
        #expect(try fixture.store.reopened() == .reopened)
    }

    @Test func `what a cleanup deleted has not to be there`() throws {
        let fixture = try fixture()
        var living = RoomWriter(1)
        try living.commit(to: fixture.store)
        var closed = RoomWriter(2)
        try closed.commit(closed.next(status: .closed), to: fixture.store)
        let now = Timestamp(unixMilliseconds: 1_000 * 86_400 * 3)
        let request = CleanupRequest(olderThan: .zero, dryRun: false, now: now)
        #expect(try fixture.store.cleaned(request).rooms == 1)
        #expect(try fixture.store.reopened() == .reopened)
    }

    @Test func `what somebody else deleted from the open file has not to be there any more`() throws {
        let (fixture, _) = try unreadable()
        try fixture.intruder().execute(
            "BEGIN IMMEDIATE; DELETE FROM records WHERE room = 2; DELETE FROM rooms WHERE room = 2; COMMIT")
        #expect(try fixture.store.reopened() == .reopened)
        try FileManager.default.removeItem(atPath: fixture.databasePath)
        #expect(try fixture.store.reopened() == .restored(movedAside: nil))
        #expect(try fixture.store.verified(RoomID(raw: 2)) == .notFound)
        for raw in [UInt64(1), 3] { #expect(try fixture.store.verified(RoomID(raw: raw)) == .sound(records: 4)) }
    }

    @Test func `what is known has to be there, unless it was deleted`() throws {
        let (fixture, _) = try unreadable()
        let connection = try fixture.intruder()
        var known = KnownRooms()
        try known.learn(from: connection)
        try known.check(connection, against: nil)
        try connection.execute("DELETE FROM rooms WHERE room = 2")
        let before = known
        #expect(throws: SQLiteFailure.self) { try before.check(connection, against: SQLiteConnection?.none) }
        known.deleted([RoomID(raw: 2)])
        try known.check(connection, against: nil)
    }

    @Test func `what was committed although its commit failed is known`() throws {
        var options = SQLiteOptions(durability: .power)
        // Nothing else may learn of it.
        options.watchEvery = .seconds(3_600)
        let fixture = try SQLiteFixture(options)
        var writer = RoomWriter(1)
        fixture.commits.plan(.commitsAndFails)
        try writer.commit(to: fixture.store)
        let intruder = try fixture.intruder()
        try intruder.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        let whole = fixture.place.path + "/whole"
        try FileManager.default.copyItem(atPath: fixture.databasePath, toPath: whole)
        try spoil(fixture)
        #expect(rename(whole, fixture.databasePath) == 0)
        #expect(try fixture.store.reopened() == .reopened)
        #expect(try fixture.store.verified(writer.room) == .sound(records: 1))
    }

    @Test func `closed rooms tell whose file it is too`() throws {
        let fixture = try fixture()
        var writer = RoomWriter(1)
        try writer.commit(writer.next(status: .closed), to: fixture.store)
        try fixture.reopen()
        let whole = fixture.place.path + "/whole"
        try FileManager.default.copyItem(atPath: fixture.databasePath, toPath: whole)
        try spoil(fixture)
        #expect(rename(whole, fixture.databasePath) == 0)
        #expect(try fixture.store.reopened() == .reopened)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting needs the right to"))
    func `in a directory that became read-only nothing is written back, and nothing is lost`() throws {
        let fixture = try fixture()
        var writer = RoomWriter(1)
        for _ in 1...4 { try writer.commit(to: fixture.store) }
        try FileManager.default.removeItem(atPath: fixture.databasePath)
        try fixture.observer.awaitNews { $0 == .troubled(.io) }
        do {
            let view = try #require(ReadOnlyView(of: fixture.place.path))
            #expect(try fixture.store.reopened() == .failed(.readonly))
            withExtendedLifetime(view) {}
        }
        try writer.commit(to: fixture.store)
        #expect(try fixture.store.reopened() == .restored(movedAside: nil))
        try fixture.reopen()
        #expect(try fixture.store.verified(writer.room) == .sound(records: 5))
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting needs the right to"))
    func `when the disk is full, mending gives back what is not needed`() throws {
        let disk = try #require(try SmallDisk(megabytes: 8))
        let observer = StoreFacts()
        var options = SQLiteOptions(durability: .power)
        options.goneFor = .zero
        let store = try SQLiteEventStore(in: DataDirectory(disk.path + "/data"), options: options, observer: observer)
        defer { store.close() }
        var old = RoomWriter(1)
        for _ in 1...30 {
            try old.commit(old.next(payload: Array(repeating: 7, count: 50_000), status: .closed), to: store)
        }
        let now = Timestamp(unixMilliseconds: 5_000)
        #expect(try store.cleaned(CleanupRequest(olderThan: .zero, dryRun: false, now: now)).rooms == 1)
        var writer = RoomWriter(2)
        try writer.commit(to: store)

        let large = writer.next(payload: Array(repeating: 7, count: 8_000_000))
        #expect(try store.appended(large) == .unavailable)
        try observer.awaitNews { $0 == .troubled(.full) }
        #expect(try store.healthy().lastFailure?.kind == .full)
        #expect(try store.verified(writer.room) == .sound(records: 1))
        let outcome = try store.reopened()
        guard case .freed(let bytes) = outcome else { throw UnexpectedRepair(outcome: outcome) }
        #expect(bytes > 1_000_000)
        #expect(try store.healthy().trouble == nil)
        try writer.commit(to: store)
        #expect(try store.verified(writer.room) == .sound(records: 2))
        #expect(try store.events(kind: .storeRepair).count == 1)
        // What was taken back is nobody else's write.
        #expect(try store.healthy().foreignWrites == 0)
    }
}

/// A file system of a few megabytes; nil where none can be mounted.
final class SmallDisk {
    let path: String
    private let place: TemporaryDirectory

    init?(megabytes: Int) throws {
        place = try TemporaryDirectory()
        path = place.path
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else { return nil }
    }

    deinit { umount(path) }

    static var isPossible: Bool {
        do { return try SmallDisk(megabytes: 1) != nil } catch { return false }
    }
}

/// A directory through which nothing can be written; nil where it cannot be mounted.
private final class ReadOnlyView {
    private let path: String

    init?(of path: String) {
        self.path = path
        guard mount(path, path, nil, UInt(MS_BIND), nil) == 0 else { return nil }
        guard mount(nil, path, nil, UInt(MS_BIND | MS_REMOUNT | MS_RDONLY), nil) == 0
        else {
            umount(path)
            return nil
        }
    }

    deinit { umount(path) }
}

private struct UnexpectedRepair: Error {
    var outcome: ReopenOutcome
}
