import CSQLite
import Glibc

/// An open database with its statements, and which file it is.
final class StoreDatabase {
    static let fileName = "rooms.sqlite"

    let connection: SQLiteConnection
    let rooms: RoomTables
    let system: SystemTable
    let cleaning: CleanupTables
    private let selectVersion: SQLiteStatement

    /// Opens a database whose schema is known to be right.
    convenience init(path: String, busyTimeout: Duration, mode: SQLiteConnection.Mode) throws(SQLiteFailure) {
        try self.init(SQLiteConnection(path: path, busyTimeout: busyTimeout, mode: mode))
    }

    private init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
        self.connection = connection
        rooms = try RoomTables(connection)
        system = try SystemTable(connection)
        cleaning = try CleanupTables(connection)
        selectVersion = try connection.prepare("PRAGMA data_version")
    }

    /// Changes when another connection has written; also when one's own writing is taken back.
    func version() throws(SQLiteFailure) -> Int64 { try selectVersion.first { $0.integer(0) } ?? 0 }

    /// Looks whether a database is ours to change, and lets the caller look too. To open it for writing would already
    /// move the log that lies beside it.
    ///
    /// - Throws: `SQLiteFailure`, or `Migrations.Refusal`.
    static func inspect(
        _ path: String, busyTimeout: Duration, _ look: (SQLiteConnection) throws(SQLiteFailure) -> Void = { _ in }
    ) throws {
        guard FileIdentity(of: path) != nil else { return }
        let connection = try SQLiteConnection(path: path, busyTimeout: busyTimeout, mode: .reading)
        connection.abandonFiles()
        try Migrations.check(connection)
        try look(connection)
    }

    /// Opens the database for writing and brings it to the schema of this version.
    ///
    /// - Parameter mode: whether it may be made.
    /// - Throws: `SQLiteFailure`, or `Migrations.Refusal` when it is not ours to change; then nothing was changed.
    static func forWriting(
        _ path: String, options: SQLiteOptions, mode: SQLiteConnection.Mode
    ) throws -> StoreDatabase {
        do {
            try inspect(path, busyTimeout: options.busyTimeout)
        } catch let failure as SQLiteFailure where failure.primaryCode == SQLITE_READONLY {
            // A crash while it was made left a journal, which only who writes can take back.
        }
        let connection = try SQLiteConnection(path: path, busyTimeout: options.busyTimeout, mode: mode)
        try Migrations.check(connection)
        if try connection.integer("PRAGMA page_count") == 0 {
            // Counts only before there are tables: free pages can be given back to the file system.
            try connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        }
        try connection.execute(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA journal_size_limit = \(4 * options.checkpointPages * 4096);
            PRAGMA synchronous = \(options.durability == .power ? "FULL" : "NORMAL");
            PRAGMA secure_delete = OFF;
            PRAGMA temp_store = MEMORY;
            """)
        try Migrations.run(on: connection)
        return try StoreDatabase(connection)
    }
}

@available(*, unavailable) extension StoreDatabase: Sendable {}

/// Which file it is, whatever it is called.
struct FileIdentity: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    /// nil when there is no such file.
    init?(of path: String) {
        var found = stat()
        guard lstat(path, &found) == 0 else { return nil }
        device = UInt64(found.st_dev)
        inode = UInt64(found.st_ino)
    }

    static func bytes(of path: String) -> Int? {
        var found = stat()
        return lstat(path, &found) == 0 ? Int(found.st_size) : nil
    }
}
