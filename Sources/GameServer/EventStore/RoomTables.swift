import CSQLite
import PluginAPI

/// The statements of the store, prepared once. Whoever calls minds the transaction.
final class RoomTables {
    private let selectHead: SQLiteStatement
    private let insertRoom: SQLiteStatement
    private let updateRoom: SQLiteStatement
    private let raiseTerm: SQLiteStatement
    private let selectDirectory: SQLiteStatement
    private let selectPage: SQLiteStatement
    private let selectNext: SQLiteStatement
    private let selectRecent: SQLiteStatement
    private let selectTrim: SQLiteStatement
    private let insertRecord: SQLiteStatement
    private let selectRecord: SQLiteStatement
    private let selectRecords: SQLiteStatement
    private let selectEvents: SQLiteStatement
    private let selectLastSequence: SQLiteStatement
    private let insertSnapshot: SQLiteStatement
    private let selectSnapshot: SQLiteStatement
    private let selectSnapshots: SQLiteStatement
    private let deleteSnapshot: SQLiteStatement
    private let countSettling: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
        let record = "number, first_sequence, event_count, payload, digest"
        let snapshot = "number, sequence, digest, payload"
        selectHead = try connection.prepare(
            "SELECT term, head_number, head_sequence, head_digest FROM rooms WHERE room = ?")
        insertRoom = try connection.prepare("INSERT INTO rooms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        updateRoom = try connection.prepare(
            """
            UPDATE rooms SET head_number = ?, head_sequence = ?, head_digest = ?, status = ?, next_deadline_ms = ?,
            creator = ?, changed_ms = ?, summary = ? WHERE room = ?
            """)
        raiseTerm = try connection.prepare("UPDATE rooms SET term = ? WHERE room = ?")
        selectDirectory = try connection.prepare(
            """
            SELECT summary, changed_ms, next_deadline_ms FROM rooms
            WHERE status <> 'closed' OR changed_ms >= ? ORDER BY room
            """)
        selectPage = try connection.prepare(
            "SELECT summary, changed_ms, next_deadline_ms FROM rooms WHERE room > ? ORDER BY room LIMIT ?")
        selectNext = try connection.prepare("SELECT room FROM rooms WHERE room > ? ORDER BY room LIMIT 1")
        selectRecent = try connection.prepare(
            "SELECT room FROM rooms WHERE changed_ms >= ? ORDER BY changed_ms DESC LIMIT ?")
        selectTrim = try connection.prepare("SELECT number, sequence, digest FROM trims WHERE room = ?")
        insertRecord = try connection.prepare(
            "INSERT INTO records (room, \(record), at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)")
        selectRecord = try connection.prepare("SELECT \(record) FROM records WHERE room = ? AND number = ?")
        selectRecords = try connection.prepare(
            "SELECT \(record) FROM records WHERE room = ? AND number > ? ORDER BY number LIMIT ?")
        selectEvents = try connection.prepare(
            """
            SELECT \(record) FROM records WHERE room = ? AND number >= ? AND event_count > 0 ORDER BY number LIMIT ?
            """)
        selectLastSequence = try connection.prepare(
            "SELECT first_sequence + event_count - 1 FROM records WHERE room = ? AND number = ?")
        insertSnapshot = try connection.prepare(
            "INSERT OR REPLACE INTO snapshots (room, \(snapshot), payload_digest) VALUES (?, ?, ?, ?, ?, ?)")
        selectSnapshot = try connection.prepare(
            "SELECT \(snapshot), payload_digest FROM snapshots WHERE room = ? AND number = ?")
        selectSnapshots = try connection.prepare(
            "SELECT number, sequence FROM snapshots WHERE room = ? ORDER BY number")
        deleteSnapshot = try connection.prepare("DELETE FROM snapshots WHERE room = ? AND number = ?")
        countSettling = try connection.prepare("UPDATE settling SET count = count + 1")
    }

    func head(of room: RoomID) throws(SQLiteFailure) -> RoomHead? {
        try selectHead.first(room.column) {
            RoomHead(
                term: UInt64(bitPattern: $0.integer(0)), number: $0.int(1), sequence: $0.int(2), digest: $0.digest(3))
        }
    }

    func record(_ number: Int, of room: RoomID) throws(SQLiteFailure) -> StoredRecord? {
        try selectRecord.first(room.column, .integer(number), read: Self.record)
    }

    /// Writes a record and moves the room's head to it; makes the room when it is the first.
    func insert(_ append: Append, summary: [UInt8]) throws(SQLiteFailure) {
        let room = append.room.column
        let head = RoomHead(after: append)
        let status = SQLiteStatement.Value.text(Array(append.summary.status.rawValue.utf8))
        let deadline = append.summary.nextDeadline.map { SQLiteStatement.Value.integer(Int($0.unixMilliseconds)) }
        let creator = append.summary.creator.map { SQLiteStatement.Value.text(Array($0.utf8)) }
        let changed = SQLiteStatement.Value.integer(Int(append.summary.changed.unixMilliseconds))
        if append.number == 1 {
            try insertRoom.run(
                room, .integer(Int(head.term)), .integer(head.number), .integer(head.sequence),
                .blob(head.digest.bytes), status, deadline ?? .null, creator ?? .null, changed, .text(summary))
        } else {
            try updateRoom.run(
                .integer(head.number), .integer(head.sequence), .blob(head.digest.bytes), status, deadline ?? .null,
                creator ?? .null, changed, .text(summary), room)
        }
        try insertRecord.run(
            room, .integer(append.number), .integer(append.firstSequence), .integer(append.eventCount),
            .blob(append.payload), .blob(append.digest.bytes), changed)
    }

    func setTerm(_ term: UInt64, of room: RoomID) throws(SQLiteFailure) {
        try raiseTerm.run(.integer(Int(Int64(bitPattern: term))), room.column)
    }

    /// The end of what was deleted from a room's beginning.
    func trim(of room: RoomID) throws(SQLiteFailure) -> RoomTrim {
        try selectTrim.first(room.column) {
            RoomTrim(number: $0.int(0), sequence: $0.int(1), digest: $0.digest(2))
        } ?? .nothing
    }

    /// Records above `number`, oldest first.
    func records(of room: RoomID, above number: Int, limit: Int = .max) throws(SQLiteFailure) -> [StoredRecord] {
        try selectRecords.all(room.column, .integer(number), .integer(limit), read: Self.record)
    }

    /// Records that hold events above `sequence`, oldest first.
    ///
    /// Numbers are dense and sequence numbers rise with them, so the first such record is found by bisection: no second
    /// index that every append would have to pay for.
    func events(
        of room: RoomID, after sequence: Int, trim: RoomTrim, head: RoomHead, limit: Int
    ) throws(SQLiteFailure) -> [StoredRecord] {
        var low = trim.number + 1
        var high = head.number + 1
        while low < high {
            let middle = (low + high) / 2
            let last = try selectLastSequence.first(room.column, .integer(middle)) { $0.int(0) } ?? 0
            if last > sequence { high = middle } else { low = middle + 1 }
        }
        return try selectEvents.all(room.column, .integer(low), .integer(limit), read: Self.record)
    }

    func directory(closedAfter: Timestamp) throws(SQLiteFailure) -> [DirectoryRow] {
        try selectDirectory.all(.integer(Int(closedAfter.unixMilliseconds)), read: Self.directoryRow)
    }

    /// One page of all rooms, closed or not.
    func directory(_ page: DirectoryPage) throws(SQLiteFailure) -> [DirectoryRow] {
        try selectPage.all(page.after?.column ?? .integer(-1), .integer(max(page.limit, 1)), read: Self.directoryRow)
    }

    /// The room with the next higher number.
    func room(after room: RoomID?) throws(SQLiteFailure) -> RoomID? {
        try selectNext.first(room?.column ?? .integer(-1)) { RoomID(raw: UInt64($0.int(0))) }
    }

    /// Rooms that changed since `instant`, the latest first.
    func rooms(changedSince instant: Timestamp, limit: Int) throws(SQLiteFailure) -> [RoomID] {
        try selectRecent.all(.integer(Int(instant.unixMilliseconds)), .integer(limit)) {
            RoomID(raw: UInt64($0.int(0)))
        }
    }

    /// Which snapshots of a room there are, oldest first.
    func snapshots(of room: RoomID) throws(SQLiteFailure) -> [(number: Int, sequence: Int)] {
        try selectSnapshots.all(room.column) { (number: $0.int(0), sequence: $0.int(1)) }
    }

    /// A snapshot; nil when it is not there or not what was written.
    func snapshot(_ number: Int, of room: RoomID) throws(SQLiteFailure) -> Snapshot? {
        let found = try selectSnapshot.first(room.column, .integer(number)) { row in
            let snapshot = Snapshot(
                number: row.int(0), sequence: row.int(1), digest: row.digest(2), payload: row.bytes(3))
            // Those of the first schema have no digest to compare with.
            return row.isNull(4) || row.digest(4) == Digest(of: snapshot.payload) ? snapshot : nil
        }
        return found ?? nil
    }

    /// Stores a snapshot and deletes those that are not needed any more.
    func insert(
        _ snapshot: Snapshot, of room: RoomID, head: RoomHead, retention: SnapshotRetention
    ) throws(SQLiteFailure) {
        try insertSnapshot.run(
            room.column, .integer(snapshot.number), .integer(snapshot.sequence), .blob(snapshot.digest.bytes),
            .blob(snapshot.payload), .blob(Digest(of: snapshot.payload).bytes))
        let all = try snapshots(of: room)
        for number in retention.surplus(of: all, headSequence: head.sequence) {
            try deleteSnapshot.run(room.column, .integer(number))
        }
    }

    /// Changes something that means nothing, so that a commit has something to write.
    func settle() throws(SQLiteFailure) { try countSettling.run() }

    private static func directoryRow(_ row: SQLiteStatement) -> DirectoryRow {
        DirectoryRow(
            summary: row.bytes(0), changed: Timestamp(unixMilliseconds: row.integer(1)),
            nextDeadline: row.isNull(2) ? nil : Timestamp(unixMilliseconds: row.integer(2)))
    }

    private static func record(_ row: SQLiteStatement) -> StoredRecord {
        StoredRecord(
            number: row.int(0), firstSequence: row.int(1), eventCount: row.int(2), payload: row.bytes(3),
            digest: row.digest(4))
    }
}

extension RoomID {
    /// 40 bits fit SQLite's integers.
    var column: SQLiteStatement.Value { .integer(Int(raw)) }
}
