import CSQLite
import Glibc

/// Why a store could not be opened. After that nothing is thrown: trouble is an outcome.
public enum StoreError: Error, Equatable, CustomStringConvertible {
    /// The directory or a file in it cannot be made or opened; `code` is an errno.
    case directory(path: String, code: Int32)
    /// Another process works on the same data directory.
    case locked(path: String, holder: Int32?)
    /// `code` is SQLite's extended result code.
    case database(path: String, code: Int32, message: String)
    /// A later version of the server wrote this database.
    case newerSchema(path: String, found: Int, known: Int)
    /// A database that is not ours.
    case foreign(path: String, applicationID: Int32)
    /// The store's thread could not be started; `code` is an errno.
    case thread(code: Int32)

    public var description: String {
        switch self {
        case .directory(let path, let code):
            "cannot use \(path): \(String(cString: strerror(code)))"
        case .locked(let path, let holder?):
            "the data directory \(path) is in use by process \(holder)"
        case .locked(let path, nil):
            "the data directory \(path) is in use by another process"
        case .database(let path, let code, let message):
            "cannot open the database \(path): \(message) (sqlite code \(code))"
        case .newerSchema(let path, let found, let known):
            "the database \(path) has schema \(found), this version knows up to \(known)"
        case .foreign(let path, let applicationID):
            "\(path) is not a database of this server (application id \(applicationID))"
        case .thread(let code):
            "cannot start the store's thread: \(String(cString: strerror(code)))"
        }
    }
}

/// What SQLite answered instead of doing it.
struct SQLiteFailure: Error, Equatable {
    /// The extended result code.
    var code: Int32
    var message: String

    /// The first eight bits: the kind of trouble.
    var primaryCode: Int32 { code & 0xFF }

    /// What it counts as.
    var kind: StoreFailureKind { StoreFailureKind(code: code) }

    /// The database cannot work now, whatever it is asked; otherwise what was asked is to blame.
    var isOfTheDatabase: Bool {
        switch primaryCode {
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_IOERR, SQLITE_NOMEM, SQLITE_READONLY, SQLITE_CANTOPEN,
            SQLITE_PROTOCOL, SQLITE_INTERRUPT, SQLITE_PERM, SQLITE_AUTH:
            true
        default: false
        }
    }
}

extension StoreFailureKind {
    /// - Parameter code: SQLite's result code, extended or not.
    init(code: Int32) {
        self =
            switch code & 0xFF {
            case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .busy
            case SQLITE_FULL: .full
            case SQLITE_IOERR, SQLITE_CANTOPEN: .io
            case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
            case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .readonly
            default: .other
            }
    }
}
