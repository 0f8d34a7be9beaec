import CSQLite

/// One open database, used by one thread at a time.
final class SQLiteConnection {
    private let handle: OpaquePointer
    /// Written by SQLite's hook during a commit, that is on the thread that commits.
    private let loggedPages: UnsafeMutablePointer<Int>

    /// - Parameter busyTimeout: how long a lock of another process is waited for, in whole milliseconds.
    init(path: String, busyTimeout: Duration) throws(SQLiteFailure) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(opened)
            throw SQLiteFailure(code: code, message: message)
        }
        handle = opened
        loggedPages = .allocate(capacity: 1)
        loggedPages.initialize(to: 0)
        sqlite3_busy_timeout(handle, Int32(clamping: busyTimeout.milliseconds))
        // Also switches automatic checkpoints off: they are one such hook.
        sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                context?.assumingMemoryBound(to: Int.self).pointee = Int(pages)
                return SQLITE_OK
            }, loggedPages)
    }

    deinit {
        sqlite3_close_v2(handle)
        loggedPages.deallocate()
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Pages in the write-ahead log that no checkpoint has moved yet, as of the last commit.
    var walPages: Int { loggedPages.pointee }

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

    /// Takes back what is not committed. An error that ended the transaction by itself leaves nothing to do.
    func rollBack() {
        // A failing ROLLBACK leaves no other remedy; the next BEGIN reports the state.
        if isInTransaction { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    /// Moves the write-ahead log into the database.
    ///
    /// - Parameter truncating: waits for readers and empties the file; otherwise moves what nobody reads.
    /// - Returns: pages moved, and pages left because somebody still reads them.
    func checkpoint(truncating: Bool) throws(SQLiteFailure) -> (moved: Int, left: Int) {
        var logged: Int32 = 0
        var moved: Int32 = 0
        let mode = truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
        let code = sqlite3_wal_checkpoint_v2(handle, nil, mode, &logged, &moved)
        guard code == SQLITE_OK else { throw failure(code) }
        loggedPages.pointee = Int(logged - moved)
        return (Int(moved), Int(logged - moved))
    }

    func failure(_ code: Int32) -> SQLiteFailure {
        SQLiteFailure(code: code, message: String(cString: sqlite3_errmsg(handle)))
    }
}

@available(*, unavailable) extension SQLiteConnection: Sendable {}
