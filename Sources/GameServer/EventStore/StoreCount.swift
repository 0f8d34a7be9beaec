import PluginAPI

/// Counts what is in the database, on one state of it. Records and events are counted by the heads of their rooms, not
/// one by one.
struct StoreCount {
    private let database: StoreDatabase
    private let path: String

    init(_ database: StoreDatabase, path: String) {
        self.database = database
        self.path = path
    }

    private static let day = Duration.seconds(86_400)

    func statistics(now: Timestamp) throws(SQLiteFailure) -> StoreStatistics {
        try database.connection.reading { () throws(SQLiteFailure) in
            var statistics = StoreStatistics(at: now)
            try countRooms(&statistics)
            let connection = database.connection
            statistics.eventsLastDay = try events(since: now.before(Self.day))
            statistics.snapshots = Int(try connection.integer("SELECT count(*) FROM snapshots"))
            statistics.systemEvents = try database.system.countByKind()
            let oldest = try connection.prepare("SELECT at_ms FROM records ORDER BY id LIMIT 1")
            statistics.oldestRecord = try oldest.first { Timestamp(unixMilliseconds: $0.integer(0)) }
            let pages = try database.cleaning.pages()
            statistics.databaseBytes = pages.count * pages.bytes
            statistics.freeBytes = pages.free * pages.bytes
            statistics.walBytes = FileIdentity.bytes(of: path + "-wal") ?? 0
            return statistics
        }
    }

    private func countRooms(_ statistics: inout StoreStatistics) throws(SQLiteFailure) {
        let groups = try database.connection.prepare(
            """
            SELECT status, CASE WHEN json_valid(summary) THEN coalesce(json_extract(summary, '$.game'), '?') ELSE '?' END,
                count(*), sum(head_number - coalesce(trims.number, 0)),
                sum(head_sequence - coalesce(trims.sequence, 0))
            FROM rooms LEFT JOIN trims ON trims.room = rooms.room GROUP BY 1, 2
            """)
        for row in try groups.all(read: { ($0.text(0), $0.text(1), $0.int(2), $0.int(3), $0.int(4)) }) {
            let (status, game, rooms, records, events) = row
            if let status = RoomSummary.Status(rawValue: status) { statistics.rooms[status, default: 0] += rooms }
            statistics.games[game, default: .init()].rooms += rooms
            statistics.games[game]?.records += records
            statistics.games[game]?.events += events
            statistics.records += records
            statistics.events += events
        }
    }

    /// Events in records made since `instant`: in each room that changed since, those from the first such record on.
    private func events(since instant: Timestamp) throws(SQLiteFailure) -> Int {
        let rooms = try database.connection.prepare(
            """
            SELECT rooms.room, head_number, head_sequence, coalesce(trims.number, 0), coalesce(trims.sequence, 0)
            FROM rooms LEFT JOIN trims ON trims.room = rooms.room WHERE changed_ms >= ?
            """)
        let sequenceAfter = try database.connection.prepare(
            "SELECT first_sequence + event_count - 1 FROM records WHERE room = ? AND number = ?")
        var events = 0
        let found = try rooms.all(.integer(Int(instant.unixMilliseconds))) {
            (RoomID(raw: UInt64($0.int(0))), $0.int(1), $0.int(2), $0.int(3), $0.int(4))
        }
        for (room, head, sequence, trim, trimmed) in found {
            let old = try database.cleaning.lastRecord(of: room, above: trim, upTo: head, before: instant)
            let last = try sequenceAfter.first(room.column, .integer(old)) { $0.int(0) }
            events += sequence - (old == trim ? trimmed : last ?? sequence)
        }
        return events
    }
}
