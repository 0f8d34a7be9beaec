import CSQLite

/// One open database, used by one thread at a time.
final class SQLiteConnection {
    enum Mode {
        /// For reading and writing; makes the database if it is absent.
        case creating
        /// For reading and writing a database that has to be there.
        case existing
        case reading

        fileprivate var flags: Int32 {
            switch self {
            case .creating: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .existing: SQLITE_OPEN_READWRITE
            case .reading: SQLITE_OPEN_READONLY
            }
        }
    }

    /// Frames of the write-ahead log, as the commits of this connection leave them.
    private struct Logged {
        /// Rises when the log is begun anew.
        var number = 0
        var pages = 0
        /// How many of them are in the database already.
        var moved = 0
    }

    private let handle: OpaquePointer
    /// Written by SQLite's hook during a commit, that is on the thread that commits.
    private let logged: UnsafeMutablePointer<Logged>

    /// - Parameter busyTimeout: how long a lock of another process is waited for, in whole milliseconds.
    init(path: String, busyTimeout: Duration, mode: Mode = .creating) throws(SQLiteFailure) {
        var opened: OpaquePointer?
        let flags = mode.flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(opened)
            throw SQLiteFailure(code: code, message: message)
        }
        handle = opened
        logged = .allocate(capacity: 1)
        logged.initialize(to: Logged())
        sqlite3_busy_timeout(handle, Int32(clamping: busyTimeout.milliseconds))
        // Also switches automatic checkpoints off: they are one such hook.
        sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                guard let logged = context?.assumingMemoryBound(to: Logged.self) else { return SQLITE_OK }
                // Fewer than before: all was moved, and the log was begun anew.
                if Int(pages) < logged.pointee.pages {
                    logged.pointee.moved = 0
                    logged.pointee.number += 1
                }
                logged.pointee.pages = Int(pages)
                return SQLITE_OK
            }, logged)
    }

    deinit {
        sqlite3_close_v2(handle)
        logged.deallocate()
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Pages in the write-ahead log, moved into the database or not, as of the last commit.
    var walPages: Int { logged.pointee.pages }

    /// Those that no checkpoint known here has moved yet.
    var unmovedPages: Int { logged.pointee.pages - logged.pointee.moved }

    /// Which log this is, as one begins after the other; counted from the opening.
    var logNumber: Int { logged.pointee.number }

    /// Another connection moved the first `pages` of the log.
    func noteMoved(_ pages: Int) {
        logged.pointee.moved = max(logged.pointee.moved, min(pages, logged.pointee.pages))
    }

    func execute(_ sql: String) throws(SQLiteFailure) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    func prepare(_ sql: String) throws(SQLiteFailure) -> SQLiteStatement {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw failure(code) }
        return SQLiteStatement(prepared, of: self)
    }

    /// The first column of the only row of `sql`; 0 when it has no row.
    func integer(_ sql: String) throws(SQLiteFailure) -> Int64 {
        try prepare(sql).first { $0.integer(0) } ?? 0
    }

    /// Runs `body` on one unchanging state of the database.
    func reading<Result>(_ body: () throws(SQLiteFailure) -> Result) throws(SQLiteFailure) -> Result {
        try execute("BEGIN")
        defer { rollBack() }
        return try body()
    }

    /// Takes back what is not committed. An error that ended the transaction by itself leaves nothing to do.
    func rollBack() {
        // A failing ROLLBACK leaves no other remedy; the next BEGIN reports the state.
        if isInTransaction { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    /// Moves the write-ahead log into the database.
    ///
    /// - Parameter truncating: waits for readers and empties the file; otherwise moves what nobody reads.
    /// - Returns: pages moved since the log was begun anew, and pages left because somebody still reads them; nil when
    ///   somebody was writing or moving at this very moment and nothing was to be waited for: that is no failure.
    func checkpoint(truncating: Bool) throws(SQLiteFailure) -> (moved: Int, left: Int)? {
        var pages: Int32 = 0
        var moved: Int32 = 0
        let mode = truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
        let code = sqlite3_wal_checkpoint_v2(handle, nil, mode, &pages, &moved)
        // A reader of the log's index that meets a writer half way through it asks for the writer's lock.
        if code == SQLITE_BUSY, !truncating { return nil }
        guard code == SQLITE_OK else { throw failure(code) }
        logged.pointee.pages = max(Int(pages), 0)
        logged.pointee.moved = max(Int(moved), 0)
        return (Int(moved), Int(pages - moved))
    }

    /// Has this connection leave the files beside the database alone when it closes: they may be another's by then.
    func abandonFiles() {
        csqlite_no_checkpoint_on_close(handle)
    }

    /// Pages asked for and found in memory, and read from the file, since the connection was opened.
    var cache: (hits: Int, misses: Int) {
        func status(_ what: Int32) -> Int {
            var current: Int32 = 0
            var highest: Int32 = 0
            sqlite3_db_status(handle, what, &current, &highest, 0)
            return Int(current)
        }
        return (status(SQLITE_DBSTATUS_CACHE_HIT), status(SQLITE_DBSTATUS_CACHE_MISS))
    }

    /// Copies the whole database, as it is now, into another file.
    func copy(to path: String) throws(SQLiteFailure) {
        let target = try SQLiteConnection(path: path, busyTimeout: .zero, mode: .existing)
        guard let backup = sqlite3_backup_init(target.handle, "main", handle, "main") else {
            throw target.failure(sqlite3_extended_errcode(target.handle))
        }
        let code = sqlite3_backup_step(backup, -1)
        let end = sqlite3_backup_finish(backup)
        guard code == SQLITE_DONE else { throw failure(code) }
        guard end == SQLITE_OK else { throw target.failure(end) }
    }

    func failure(_ code: Int32) -> SQLiteFailure {
        SQLiteFailure(code: code, message: String(cString: sqlite3_errmsg(handle)))
    }
}

@available(*, unavailable) extension SQLiteConnection: Sendable {}
