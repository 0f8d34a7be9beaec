import Foundation
import PluginAPI
import TestSupport
import Testing

@testable import GameServer

@Suite("The log in SQLite: files, groups and recovery") struct SQLiteEventStoreTests {
    @Test func `whatever waits is committed as one group`() throws {
        let fixture = try SQLiteFixture()
        let writers = (1...40).map { RoomWriter($0) }
        let replies = try fixture.whileBusy { writers.map { fixture.store.appending($0.next()) } }
        #expect(try replies.allSatisfy { try $0.wait() == .committed })
        #expect(fixture.observer.groups == [40])
    }

    @Test func `a group ends at its ceilings`() throws {
        var options = SQLiteOptions(durability: .process)
        options.maxGroupRequests = 4
        options.maxGroupBytes = 100
        let fixture = try SQLiteFixture(options)
        let sizes = [10, 10, 10, 10, 10, 60, 60, 200, 10]
        let replies = try fixture.whileBusy {
            sizes.enumerated().map { index, size in
                fixture.store.appending(RoomWriter(UInt64(index)).next(payload: Array(repeating: 0, count: size)))
            }
        }
        #expect(try replies.allSatisfy { try $0.wait() == .committed })
        #expect(fixture.observer.groups == [4, 2, 1, 1, 1])
    }

    @Test func `a full inbox answers unavailable at once, and takes again when it has drained`() throws {
        var options = SQLiteOptions(durability: .process)
        options.maxWaitingRequests = 3
        options.maxWaitingBytes = 1_000
        let fixture = try SQLiteFixture(options)
        let taken = try fixture.whileBusy {
            let large = fixture.store.appending(RoomWriter(9).next(payload: Array(repeating: 0, count: 1_001)))
            #expect(large.now == .unavailable)
            let taken = (1...3).map { fixture.store.appending(RoomWriter($0).next()) }
            #expect(fixture.store.appending(RoomWriter(4).next()).now == .unavailable)
            let snapshot = RoomWriter(1).snapshot()
            #expect(fixture.store.checkpointing(RoomID(raw: 1), term: 1, snapshot).now == .unavailable)
            return taken
        }
        #expect(try taken.allSatisfy { try $0.wait() == .committed })
        #expect(fixture.observer.refused == [.append, .append, .snapshot])
        #expect(try fixture.store.appended(RoomWriter(4).next()) == .committed)
    }

    @Test func `a copy of the files of a living store has everything that was answered`() throws {
        let fixture = try SQLiteFixture()
        var writers = (1...20).map { RoomWriter($0) }
        for _ in 1...10 {
            for index in writers.indices { try writers[index].commit(to: fixture.store) }
        }
        let copy = try TemporaryDirectory()
        try fixture.whileBusy {
            for suffix in ["", "-wal"] {
                let name = "/" + SQLiteEventStore.fileName + suffix
                try FileManager.default.copyItem(atPath: fixture.place.path + name, toPath: copy.path + name)
            }
        }
        let store = try SQLiteEventStore(in: DataDirectory(copy.path))
        defer { store.close() }
        for writer in writers {
            #expect(try store.verified(writer.room) == .sound(records: 10))
            #expect(try store.claimed(writer.room).records.last?.digest == writer.digest)
        }
    }

    @Test func `a second opener of a data directory is refused, until the first is gone`() throws {
        let place = try TemporaryDirectory()
        do {
            let first = try DataDirectory(place.path)
            #expect(throws: StoreError.locked(path: place.path, holder: ProcessInfo.processInfo.processIdentifier)) {
                try DataDirectory(place.path)
            }
            withExtendedLifetime(first) {}
        }
        _ = try DataDirectory(place.path)
    }

    @Test func `the directory is made 0700 and every file in it 0600`() throws {
        let place = try TemporaryDirectory()
        let path = place.path + "/a/data"
        let store = try SQLiteEventStore(in: DataDirectory(path))
        defer { store.close() }
        #expect(try store.appended(RoomWriter(1).next()) == .committed)
        #expect(try mode(path) == 0o700)
        let files = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(Set(files) == ["lock", "rooms.sqlite", "rooms.sqlite-wal", "rooms.sqlite-shm"])
        for file in files { #expect(try mode(path + "/" + file) == 0o600) }
    }

    @Test func `closing moves the write-ahead log into the database`() throws {
        let fixture = try SQLiteFixture()
        #expect(try fixture.store.appended(RoomWriter(1).next()) == .committed)
        fixture.store.close()
        #expect(!FileManager.default.fileExists(atPath: fixture.databasePath + "-wal"))
        #expect(fixture.observer.failures == [])
        try fixture.reopen()
        #expect(try fixture.store.verified(RoomID(raw: 1)) == .sound(records: 1))
    }

    @Test func `the write-ahead log is moved when it is large, after the answers`() throws {
        var options = SQLiteOptions(durability: .process)
        options.checkpointPages = 8
        options.idleCheckpointDelay = .seconds(3_600)
        let fixture = try SQLiteFixture(options)
        var writer = RoomWriter(1)
        try writer.commit(to: fixture.store)
        for _ in 1...60 {
            try writer.commit(writer.next(payload: Array(repeating: 1, count: 20_000)), to: fixture.store)
        }
        _ = try fixture.store.rooms()
        #expect(fixture.observer.checkpoints > 0)
        let size = try FileManager.default.attributesOfItem(atPath: fixture.databasePath + "-wal")[.size] as? Int
        // Four times eight pages, and the group that went over it; all records together are twice that.
        #expect(try #require(size) < 700_000)
    }

    @Test func `a quiet store moves a small log too`() throws {
        var options = SQLiteOptions(durability: .process)
        options.idleCheckpointDelay = .milliseconds(1)
        let observer = CheckpointAlarm()
        let place = try TemporaryDirectory()
        let store = try SQLiteEventStore(in: DataDirectory(place.path), options: options, observer: observer)
        defer { store.close() }
        #expect(try store.appended(RoomWriter(1).next()) == .committed)
        #expect(try observer.checkpointed.wait() > 0)
    }

    @Test func `a database of a later version stays as it is`() throws {
        let fixture = try SQLiteFixture()
        fixture.store.close()
        try fixture.intruder().execute("PRAGMA user_version = 99")
        let before = try Data(contentsOf: URL(filePath: fixture.databasePath))
        #expect(throws: StoreError.newerSchema(path: fixture.databasePath, found: 99, known: Migrations.known)) {
            try fixture.reopen()
        }
        #expect(try Data(contentsOf: URL(filePath: fixture.databasePath)) == before)
    }

    @Test func `a database of another program, or none at all, is refused`() throws {
        let place = try TemporaryDirectory()
        let directory = try DataDirectory(place.path)
        let path = place.path + "/" + SQLiteEventStore.fileName
        try SQLiteConnection(path: path, busyTimeout: .zero).execute("CREATE TABLE theirs (a)")
        #expect(throws: StoreError.foreign(path: path, applicationID: 0)) { try SQLiteEventStore(in: directory) }
        try Data(repeating: 0x41, count: 8_192).write(to: URL(filePath: path))
        #expect(throws: StoreError.database(path: path, code: 26, message: "file is not a database")) {
            try SQLiteEventStore(in: directory)
        }
    }

    @Test func `a database that is refused stays as it is, and so does the log beside it`() throws {
        let theirs = try SQLiteFixture()
        var writer = RoomWriter(1)
        try writer.commit(to: theirs.store)
        try theirs.intruder().execute("PRAGMA user_version = 99")
        let place = try TemporaryDirectory()
        let directory = try DataDirectory(place.path)
        let path = place.path + "/" + SQLiteEventStore.fileName
        // As a crash leaves them.
        var before: [Data] = []
        for suffix in ["", "-wal"] {
            before.append(try Data(contentsOf: URL(filePath: theirs.databasePath + suffix)))
            try before.last?.write(to: URL(filePath: path + suffix))
        }
        #expect(throws: StoreError.newerSchema(path: path, found: 99, known: Migrations.known)) {
            try SQLiteEventStore(in: directory)
        }
        #expect(try ["", "-wal"].map { try Data(contentsOf: URL(filePath: path + $0)) } == before)
    }

    @Test func `the check finds the first record that was changed, removed or cut off`() throws {
        let fixture = try SQLiteFixture()
        let room = RoomID(raw: 1)
        let tampering = [
            ("UPDATE records SET payload = x'00' WHERE number = 4", 4),
            ("UPDATE records SET digest = zeroblob(32) WHERE number = 6", 6),
            ("UPDATE records SET first_sequence = 99 WHERE number = 5", 5),
            ("DELETE FROM records WHERE number = 3", 3),
            ("DELETE FROM records WHERE number = 10", 10),
            ("UPDATE records SET event_count = 2 WHERE number = 10", 10),
        ]
        var writer = RoomWriter(1)
        for _ in 1...10 { try writer.commit(to: fixture.store) }
        #expect(try fixture.store.verified(room) == .sound(records: 10))
        #expect(try fixture.store.verified(RoomID(raw: 2)) == .notFound)
        let intruder = try fixture.intruder()
        try intruder.execute("CREATE TEMP TABLE kept AS SELECT * FROM records")
        for (sql, number) in tampering {
            try intruder.execute(sql)
            #expect(try fixture.store.verified(room) == .broken(number: number), "\(sql)")
            try intruder.execute("DELETE FROM records; INSERT INTO records SELECT * FROM kept")
        }
        #expect(try fixture.store.verified(room) == .sound(records: 10))
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }
}

/// Rings at the first checkpoint.
private final class CheckpointAlarm: StoreObserver {
    let checkpointed = Reply<Int>()

    func checkpointed(pages: Int, left: Int, took: Duration) {
        if checkpointed.now == nil { checkpointed(pages) }
    }
}
