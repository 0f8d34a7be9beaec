import CSQLite
import Glibc
import Synchronization

/// The files of a database: under which path they lie, and which they were when it was opened.
final class StoreFiles: Sendable {
    private struct Known {
        var database: FileIdentity?
        var log: FileIdentity?
        var index: FileIdentity?
    }

    let path: String
    private let directory: DataDirectory
    private let known: Mutex<Known>

    init(path: String, in directory: DataDirectory) {
        self.path = path
        self.directory = directory
        known = Mutex(Known())
        remember()
    }

    var logPath: String { path + "-wal" }
    var indexPath: String { path + "-shm" }
    var walBytes: Int { FileIdentity.bytes(of: logPath) ?? 0 }

    /// Takes what is there now for the files that are open.
    func remember() {
        let found = Known(
            database: FileIdentity(of: path), log: FileIdentity(of: logPath), index: FileIdentity(of: indexPath))
        known.withLock { $0 = found }
    }

    /// Whether the files that are open are those under the path. A log that was taken away counts as the database.
    var state: StoreHealth.File {
        let known = known.withLock { $0 }
        guard let database = FileIdentity(of: path) else { return .missing }
        guard database == known.database else { return .replaced }
        guard let log = FileIdentity(of: logPath) else { return .missing }
        return log == known.log ? .same : .replaced
    }

    /// What the file system has left; nil when it does not say.
    var freeDiskBytes: Int? {
        var found = statvfs()
        guard statvfs(directory.path, &found) == 0 else { return nil }
        return Int(found.f_bavail) * Int(found.f_frsize)
    }

    /// How long the log may grow before it is moved, in pages: shorter where the disk has little left, since a log that
    /// filled it could be moved no more.
    ///
    /// - Parameter usual: where there is room enough.
    func logLimit(_ usual: Int, pageBytes: Int = 4096) -> Int {
        guard let free = freeDiskBytes else { return usual }
        return min(usual, max(Self.leastLogPages, (free + walBytes) / Self.logShare / pageBytes))
    }

    /// The log is moved at one part of this many of what is free, and in haste at four.
    private static let logShare = 8
    private static let leastLogPages = 64

    /// Opens a further connection, only if it would come to the files that are open already: any other file might be a
    /// stranger's, and our log beside it.
    func open<Opened>(_ open: () throws(SQLiteFailure) -> Opened) throws(SQLiteFailure) -> Opened {
        guard state == .same else {
            throw SQLiteFailure(code: SQLITE_CANTOPEN, message: "the file under the path is not the one that is open")
        }
        return try open()
    }

    /// Cuts the log behind its first pages. Nobody may be writing to it.
    ///
    /// - Source: the SQLite file format, §4.1: a header of 32 bytes, and 24 before each page.
    func cutLog(pages: Int, ofBytes pageBytes: Int) {
        let bytes = 32 + pages * (24 + pageBytes)
        guard state == .same, walBytes > bytes else { return }
        // A log that cannot be cut stays as long as it is.
        truncate(logPath, bytes)
    }

    // MARK: Writing back

    private var spare: String { path + ".restoring" }

    /// An empty file beside the database to write it back to.
    func makeSpare() throws(StoreError) -> String {
        unlink(spare)
        return try directory.createFile(named: StoreDatabase.fileName + ".restoring")
    }

    func discardSpare() { unlink(spare) }

    /// Puts the spare file in the place of the database, and what lies there, if it is a stranger's, aside.
    ///
    /// A crash at any moment leaves a whole database under the path, or none and the stranger's.
    ///
    /// - Returns: the name a stranger's file was given.
    func putSpareInPlace() throws(StoreError) -> String? {
        try Self.synchronize(spare)
        let known = known.withLock { $0 }
        let isForeign = FileIdentity(of: path).map { $0 != known.database } ?? false
        let aside = freeName()
        if isForeign, link(path, aside) != 0 { throw .directory(path: aside, code: errno) }
        // Beside a stranger's database lies a stranger's log, or ours, which must not be read together with it.
        for (suffix, ours) in [("-wal", known.log), ("-shm", known.index)] {
            guard let found = FileIdentity(of: path + suffix), found != ours else { continue }
            guard rename(path + suffix, aside + suffix) == 0 else {
                throw .directory(path: aside + suffix, code: errno)
            }
        }
        guard rename(spare, path) == 0 else { throw .directory(path: path, code: errno) }
        // What is in our log is in the spare file too: read again, it would change nothing.
        for (suffix, ours) in [("-wal", known.log), ("-shm", known.index)] where ours != nil {
            if FileIdentity(of: path + suffix) == ours { unlink(path + suffix) }
        }
        try DataDirectory.synchronize(directory: directory.path)
        return isForeign ? String(aside.dropFirst(directory.path.count + 1)) : nil
    }

    /// Moves our log away from a database that it does not belong to.
    func putLogAside() throws(StoreError) {
        let known = known.withLock { $0 }
        let aside = freeName()
        for (suffix, ours) in [("-wal", known.log), ("-shm", known.index)] where ours != nil {
            guard FileIdentity(of: path + suffix) == ours else { continue }
            guard rename(path + suffix, aside + suffix) == 0 else {
                throw .directory(path: aside + suffix, code: errno)
            }
        }
    }

    private func freeName() -> String {
        var number = 1
        while ["", "-wal", "-shm"].contains(where: { FileIdentity(of: "\(path).foreign-\(number)\($0)") != nil }) {
            number += 1
        }
        return "\(path).foreign-\(number)"
    }

    private static func synchronize(_ path: String) throws(StoreError) {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw .directory(path: path, code: errno) }
        defer { Glibc.close(file) }
        guard fsync(file) == 0 else { throw .directory(path: path, code: errno) }
    }
}
