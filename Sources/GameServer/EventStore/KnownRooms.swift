import CSQLite
import PluginAPI

/// What is known to be in the database, so that another one is not taken for it.
struct KnownRooms {
    /// Where rooms end: some of those there were when it was learned, and those written to since.
    private var heads: [RoomID: RoomHead] = [:]
    /// How many rooms there are at least.
    private var count = 0

    /// Most rooms whose end is remembered. Above it another one's is forgotten for each that comes.
    private static let maxHeads = 8_192
    /// Of how many rooms the end is learned.
    private static let learnedHeads = 256

    /// Whether there is nothing that another database could be compared with.
    var isEmpty: Bool { heads.isEmpty }

    /// Learns what there is: open rooms, and where those are few the newest closed ones. What was known before is
    /// forgotten, unless this fails.
    mutating func learn(from connection: SQLiteConnection) throws(SQLiteFailure) {
        let columns = "SELECT room, term, head_number, head_sequence, head_digest FROM rooms"
        var found = try Self.ends(connection.prepare("\(columns) WHERE status <> 'closed' LIMIT ?"), Self.learnedHeads)
        if found.count < Self.learnedHeads {
            let closed = try connection.prepare(
                "\(columns) WHERE status = 'closed' ORDER BY changed_ms DESC, room DESC LIMIT ?")
            found += try Self.ends(closed, Self.learnedHeads - found.count)
        }
        let total = try Self.count(in: connection)
        // Between the two questions somebody else may have closed a room.
        heads = Dictionary(found) { _, last in last }
        count = total
    }

    private static func ends(
        _ statement: SQLiteStatement, _ limit: Int
    ) throws(SQLiteFailure) -> [(RoomID, RoomHead)] {
        try statement.all(.integer(limit)) { row in
            let head = RoomHead(
                term: UInt64(bitPattern: row.integer(1)), number: row.int(2), sequence: row.int(3),
                digest: row.digest(4))
            return (RoomID(raw: UInt64(bitPattern: row.integer(0))), head)
        }
    }

    mutating func committed(_ append: Append) {
        guard append.number > heads[append.room]?.number ?? 0 else { return }
        if heads.count >= Self.maxHeads, heads[append.room] == nil, let other = heads.keys.first { heads[other] = nil }
        heads[append.room] = RoomHead(after: append)
    }

    /// No record of these has to be there any more.
    mutating func deleted(_ rooms: [RoomID]) {
        for room in rooms { heads[room] = nil }
        count = max(count - rooms.count, 0)
    }

    /// Checks that everything known is in a database.
    ///
    /// - Parameter old: the database as it was open until now; nil when that is the one to be checked.
    func check(_ connection: SQLiteConnection, against old: SQLiteConnection?) throws(SQLiteFailure) {
        let expected = max(count, old.map { Self.countIfReadable(in: $0) } ?? 0)
        try connection.reading { () throws(SQLiteFailure) in
            let end = try connection.prepare("SELECT head_number, head_digest FROM rooms WHERE room = ?")
            for (room, head) in heads {
                let found = try end.first(room.column) { (number: $0.int(0), digest: $0.digest(1)) }
                let number = found?.number ?? 0
                guard number > head.number || (number == head.number && found?.digest == head.digest) else {
                    throw SQLiteFailure(
                        code: SQLITE_CORRUPT, message: "\(room) ends at record \(number), not \(head.number)")
                }
            }
            guard try Self.count(in: connection) >= expected else {
                throw SQLiteFailure(code: SQLITE_CORRUPT, message: "fewer rooms than \(expected)")
            }
        }
    }

    private static func count(in connection: SQLiteConnection) throws(SQLiteFailure) -> Int {
        Int(try connection.integer("SELECT count(*) FROM rooms"))
    }

    /// What cannot be counted any more has no say.
    private static func countIfReadable(in connection: SQLiteConnection) -> Int {
        do throws(SQLiteFailure) { return try count(in: connection) } catch { return 0 }
    }
}
