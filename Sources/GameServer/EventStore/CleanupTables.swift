import PluginAPI

/// The statements that weigh and delete what is old. Whoever calls minds the transaction.
final class CleanupTables {
    /// What records and snapshots amount to.
    struct Weight: Equatable {
        var records = 0
        var events = 0
        var bytes = 0

        static func += (left: inout Weight, right: Weight) {
            left.records += right.records
            left.events += right.events
            left.bytes += right.bytes
        }

        static func -= (left: inout Weight, right: Weight) {
            left.records -= right.records
            left.events -= right.events
            left.bytes -= right.bytes
        }
    }

    /// A room in the order in which rooms are looked at.
    struct Place {
        var changed: Timestamp
        var room: RoomID
    }

    private let selectClosed: SQLiteStatement
    private let selectLiving: SQLiteStatement
    private let weighRecords: SQLiteStatement
    private let weighSnapshots: SQLiteStatement
    private let selectTime: SQLiteStatement
    private let deleteRecords: SQLiteStatement
    private let deleteSnapshots: SQLiteStatement
    private let replaceTrim: SQLiteStatement
    private let deleteTrim: SQLiteStatement
    private let deleteRoom: SQLiteStatement
    private let pageCount: SQLiteStatement
    private let pageSize: SQLiteStatement
    private let freePages: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
        selectClosed = try connection.prepare(
            """
            SELECT changed_ms, room FROM rooms WHERE status = 'closed' AND (changed_ms, room) > (?, ?)
            AND changed_ms < ? ORDER BY changed_ms, room LIMIT 1
            """)
        selectLiving = try connection.prepare(
            "SELECT room FROM rooms WHERE room > ? AND status <> 'closed' ORDER BY room LIMIT 1")
        weighRecords = try connection.prepare(
            """
            SELECT count(*), coalesce(sum(event_count), 0), coalesce(sum(length(payload)), 0) FROM records
            WHERE room = ? AND number <= ?
            """)
        weighSnapshots = try connection.prepare(
            "SELECT coalesce(sum(length(payload)), 0) FROM snapshots WHERE room = ? AND number < ?")
        selectTime = try connection.prepare("SELECT at_ms FROM records WHERE room = ? AND number = ?")
        deleteRecords = try connection.prepare("DELETE FROM records WHERE room = ? AND number <= ?")
        deleteSnapshots = try connection.prepare("DELETE FROM snapshots WHERE room = ? AND number < ?")
        replaceTrim = try connection.prepare(
            "INSERT OR REPLACE INTO trims (room, number, sequence, digest) VALUES (?, ?, ?, ?)")
        deleteTrim = try connection.prepare("DELETE FROM trims WHERE room = ?")
        deleteRoom = try connection.prepare("DELETE FROM rooms WHERE room = ?")
        pageCount = try connection.prepare("PRAGMA page_count")
        pageSize = try connection.prepare("PRAGMA page_size")
        freePages = try connection.prepare("PRAGMA freelist_count")
    }

    /// The closed room after `place` whose last change is before `cutoff`.
    func closed(after place: Place?, before cutoff: Timestamp) throws(SQLiteFailure) -> Place? {
        try selectClosed.first(
            .integer(Int(place?.changed.unixMilliseconds ?? Int64.min)), place?.room.column ?? .integer(-1),
            .integer(Int(cutoff.unixMilliseconds))
        ) { Place(changed: Timestamp(unixMilliseconds: $0.integer(0)), room: RoomID(raw: UInt64($0.int(1)))) }
    }

    /// The room after `room` that is not closed.
    func living(after room: RoomID?) throws(SQLiteFailure) -> RoomID? {
        try selectLiving.first(room?.column ?? .integer(-1)) { RoomID(raw: UInt64($0.int(0))) }
    }

    /// What the records of a room up to `number` amount to, and the snapshots below it.
    func weigh(_ room: RoomID, upTo number: Int) throws(SQLiteFailure) -> Weight {
        var weight =
            try weighRecords.first(room.column, .integer(number)) {
                Weight(records: $0.int(0), events: $0.int(1), bytes: $0.int(2))
            } ?? Weight()
        weight.bytes += try weighSnapshots.first(room.column, .integer(number)) { $0.int(0) } ?? 0
        return weight
    }

    /// Deletes what `weigh` weighs.
    func delete(_ room: RoomID, upTo number: Int) throws(SQLiteFailure) {
        try deleteRecords.run(room.column, .integer(number))
        try deleteSnapshots.run(room.column, .integer(number))
    }

    func set(_ trim: RoomTrim, of room: RoomID) throws(SQLiteFailure) {
        try replaceTrim.run(room.column, .integer(trim.number), .integer(trim.sequence), .blob(trim.digest.bytes))
    }

    /// Deletes all that is left of a room.
    func delete(_ room: RoomID) throws(SQLiteFailure) {
        try delete(room, upTo: .max)
        try deleteTrim.run(room.column)
        try deleteRoom.run(room.column)
    }

    /// How many of the records above `low` and up to `high` were made before `cutoff`, as the number of the last of them.
    ///
    /// By bisection: within a room time does not run back, but for a clock that was set.
    func lastRecord(
        of room: RoomID, above low: Int, upTo high: Int, before cutoff: Timestamp
    ) throws(SQLiteFailure) -> Int {
        var low = low
        var high = high
        while low < high {
            let middle = (low + high + 1) / 2
            let time = try selectTime.first(room.column, .integer(middle)) { $0.integer(0) } ?? Int64.min
            if time < cutoff.unixMilliseconds { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// Pages of the database, how many of them are free, and bytes of a page.
    func pages() throws(SQLiteFailure) -> (count: Int, free: Int, bytes: Int) {
        let count = try pageCount.first { $0.int(0) } ?? 0
        let free = try freePages.first { $0.int(0) } ?? 0
        return (count, free, try pageSize.first { $0.int(0) } ?? 0)
    }
}

@available(*, unavailable) extension CleanupTables: Sendable {}
