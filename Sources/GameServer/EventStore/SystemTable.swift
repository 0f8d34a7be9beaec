import PluginAPI

/// The statements for what the server itself did and noticed. Whoever calls minds the transaction.
final class SystemTable {
    private let insertEvent: SQLiteStatement
    private let selectLast: SQLiteStatement
    private let selectEvent: SQLiteStatement
    private let selectEvents: SQLiteStatement
    private let selectOfKind: SQLiteStatement
    private let countKinds: SQLiteStatement
    private let deleteOldest: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
        let event = "id, at_ms, kind, subject, actor, correlation_id, body, previous, digest"
        insertEvent = try connection.prepare(
            "INSERT INTO system_events (\(event)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        selectLast = try connection.prepare("SELECT id, digest FROM system_events ORDER BY id DESC LIMIT 1")
        selectEvent = try connection.prepare("SELECT \(event) FROM system_events WHERE id = ?")
        selectEvents = try connection.prepare(
            "SELECT \(event) FROM system_events WHERE id > ? ORDER BY id LIMIT ?")
        selectOfKind = try connection.prepare(
            "SELECT \(event) FROM system_events WHERE kind = ? AND id > ? ORDER BY id LIMIT ?")
        countKinds = try connection.prepare("SELECT kind, count(*) FROM system_events GROUP BY kind")
        deleteOldest = try connection.prepare("DELETE FROM system_events WHERE id <= ?")
    }

    /// Number and digest of the newest; 0 and `.zero` when there is none.
    func last() throws(SQLiteFailure) -> (number: Int, digest: Digest) {
        try selectLast.first { ($0.int(0), $0.digest(1)) } ?? (0, .zero)
    }

    /// Writes an event behind all others.
    func insert(_ event: SystemEvent) throws(SQLiteFailure) -> StoredSystemEvent {
        let (number, digest) = try last()
        let stored = StoredSystemEvent(number: number + 1, event: event, continuing: digest)
        try insertEvent.run(
            .integer(stored.number), .integer(Int(event.at.unixMilliseconds)), .text(event.kind.rawValue),
            .text(event.subject), .text(event.actor), event.correlationID.map { .text($0) } ?? .null,
            .text(event.body), .blob(stored.previous.bytes), .blob(stored.digest.bytes))
        return stored
    }

    func event(_ number: Int) throws(SQLiteFailure) -> StoredSystemEvent? {
        try selectEvent.first(.integer(number), read: Self.stored)
    }

    /// Events above `number`, oldest first.
    func events(
        above number: Int, limit: Int, kind: SystemEvent.Kind? = nil
    ) throws(SQLiteFailure) -> [StoredSystemEvent] {
        guard let kind else { return try selectEvents.all(.integer(number), .integer(limit), read: Self.stored) }
        return try selectOfKind.all(.text(kind.rawValue), .integer(number), .integer(limit), read: Self.stored)
    }

    func countByKind() throws(SQLiteFailure) -> [SystemEvent.Kind: Int] {
        let rows = try countKinds.all { (SystemEvent.Kind(rawValue: $0.text(0)), $0.int(1)) }
        return Dictionary(rows, uniquingKeysWith: +)
    }

    func delete(upTo number: Int) throws(SQLiteFailure) {
        try deleteOldest.run(.integer(number))
    }

    private static func stored(_ row: SQLiteStatement) -> StoredSystemEvent {
        let event = SystemEvent(
            at: Timestamp(unixMilliseconds: row.integer(1)), kind: SystemEvent.Kind(rawValue: row.text(2)),
            subject: row.text(3), actor: row.text(4), correlationID: row.isNull(5) ? nil : row.text(5),
            body: row.text(6))
        return StoredSystemEvent(number: row.int(0), event: event, previous: row.digest(7), digest: row.digest(8))
    }
}

@available(*, unavailable) extension SystemTable: Sendable {}

extension SQLiteStatement.Value {
    static func text(_ text: String) -> Self { .text(Array(text.utf8)) }
}
