/// The schema of the database as the steps that led to it.
///
/// A step, once released, never changes; each runs in a transaction of its own, so an interrupted start is repeated from
/// where it stopped.
enum Migrations {
    /// "GSRV": tells our database from any other SQLite file.
    static let applicationID: Int32 = 0x4753_5256

    static let known = steps.count

    /// Step n leads from schema n − 1 to n.
    private static let steps = [
        """
        CREATE TABLE rooms (
            room INTEGER PRIMARY KEY, term INTEGER NOT NULL,
            head_number INTEGER NOT NULL, head_sequence INTEGER NOT NULL, head_digest BLOB NOT NULL,
            status TEXT NOT NULL, next_deadline_ms INTEGER, creator TEXT, changed_ms INTEGER NOT NULL,
            summary TEXT NOT NULL
        ) STRICT;
        CREATE TABLE records (
            id INTEGER PRIMARY KEY, room INTEGER NOT NULL, number INTEGER NOT NULL,
            first_sequence INTEGER NOT NULL, event_count INTEGER NOT NULL,
            payload BLOB NOT NULL, digest BLOB NOT NULL,
            UNIQUE (room, number)
        ) STRICT;
        CREATE TABLE snapshots (
            room INTEGER NOT NULL, number INTEGER NOT NULL, sequence INTEGER NOT NULL,
            digest BLOB NOT NULL, payload BLOB NOT NULL,
            UNIQUE (room, number)
        ) STRICT;
        CREATE TABLE settling (count INTEGER NOT NULL) STRICT;
        INSERT INTO settling VALUES (0);
        """,
        """
        CREATE TABLE system_events (
            id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
            actor TEXT NOT NULL, correlation_id TEXT, body TEXT NOT NULL, previous BLOB NOT NULL, digest BLOB NOT NULL
        ) STRICT;
        CREATE INDEX system_events_by_kind ON system_events (kind);
        CREATE TABLE trims (
            room INTEGER PRIMARY KEY, number INTEGER NOT NULL, sequence INTEGER NOT NULL, digest BLOB NOT NULL
        ) STRICT;
        ALTER TABLE records ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0;
        UPDATE records SET at_ms = json_extract(CAST(payload AS TEXT), '$.at')
            WHERE CASE WHEN json_valid(CAST(payload AS TEXT))
                THEN typeof(json_extract(CAST(payload AS TEXT), '$.at')) = 'integer' ELSE FALSE END;
        ALTER TABLE snapshots ADD COLUMN payload_digest BLOB;
        CREATE INDEX rooms_closed ON rooms (changed_ms, room) WHERE status = 'closed';
        """,
    ]

    /// A database that has to stay as it is.
    enum Refusal: Error {
        case newerSchema(found: Int)
        case foreign(applicationID: Int32)
    }

    /// Reads whose database it is and how old.
    ///
    /// - Throws: `Refusal`, or `SQLiteFailure` when it cannot be read.
    static func check(_ connection: SQLiteConnection) throws {
        let found = Int(try connection.integer("PRAGMA user_version"))
        let owner = Int32(truncatingIfNeeded: try connection.integer("PRAGMA application_id"))
        let isEmpty = try connection.integer("SELECT count(*) FROM sqlite_schema") == 0
        guard owner == applicationID || (owner == 0 && found == 0 && isEmpty) else {
            throw Refusal.foreign(applicationID: owner)
        }
        guard found <= known else { throw Refusal.newerSchema(found: found) }
    }

    /// Brings a checked database to the schema of this version, or, if it is older, of another.
    static func run(on connection: SQLiteConnection, upTo goal: Int = known) throws(SQLiteFailure) {
        for version in Int(try connection.integer("PRAGMA user_version"))..<goal {
            do throws(SQLiteFailure) {
                try connection.execute("BEGIN IMMEDIATE")
                try connection.execute(steps[version])
                try connection.execute("PRAGMA application_id = \(applicationID)")
                try connection.execute("PRAGMA user_version = \(version + 1)")
                try connection.execute("COMMIT")
            } catch {
                connection.rollBack()
                throw error
            }
        }
    }
}
