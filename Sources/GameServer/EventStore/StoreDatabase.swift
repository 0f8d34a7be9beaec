import Glibc

/// An open database with its statements, and which file it is.
final class StoreDatabase {
    static let fileName = "rooms.sqlite"

    let connection: SQLiteConnection
    let rooms: RoomTables
    let system: SystemTable
    let cleaning: CleanupTables
    /// As of the opening: whether others have written since is told by comparing with it.
    let dataVersion: Int64

    /// Opens a database whose schema is known to be right.
    convenience init(path: String, busyTimeout: Duration, mode: SQLiteConnection.Mode) throws(SQLiteFailure) {
        try self.init(SQLiteConnection(path: path, busyTimeout: busyTimeout, mode: mode))
    }

    private init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
        self.connection = connection
        rooms = try RoomTables(connection)
        system = try SystemTable(connection)
        cleaning = try CleanupTables(connection)
        dataVersion = try connection.integer("PRAGMA data_version")
    }

    /// Opens the database for writing and brings it to the schema of this version.
    ///
    /// - Parameter mode: whether it may be made.
    /// - Throws: `SQLiteFailure`, or `Migrations.Refusal` when it is not ours to change; then nothing was changed.
    static func forWriting(
        _ path: String, options: SQLiteOptions, mode: SQLiteConnection.Mode
    ) throws -> StoreDatabase {
        let connection = try SQLiteConnection(path: path, busyTimeout: options.busyTimeout, mode: mode)
        // Before anything is changed: whether it is ours to change.
        try Migrations.check(connection)
        // The first two count only for a database without tables: free pages can be given back to the file system.
        try connection.execute(
            """
            PRAGMA auto_vacuum = INCREMENTAL;
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
