import CSQLite
import Glibc
import PluginAPI

/// Mending the connection to the database. What is asked meanwhile waits.
extension StoreWriter {
    /// How long a full disk is the likely reason to mend anything.
    private static let fullFor = Duration.seconds(60)

    /// Opens the database anew; writes it back first when the file under the path is not the one that is open.
    func reopen() -> ReopenOutcome {
        lookAtFile()
        learnIfOthersWrote()
        let outcome = mend()
        switch outcome {
        case .failed(let kind):
            if vitals.troubled(kind) { observer.troubled(kind) }
        case .reopened, .restored, .freed:
            lookAtFile()
            _ = commitNothing(isQuiet: true)
            note(
                SystemEvent(
                    at: options.wallClock(), kind: .storeRepair, subject: "store", actor: "store",
                    body: outcome.body))
        case .unavailable: break
        }
        return outcome
    }

    private func mend() -> ReopenOutcome {
        do {
            switch vitals.file {
            case .same where vitals.wasFull(within: Self.fullFor):
                return try free()
            case .same:
                try exchange(for: StoreDatabase.forWriting(files.path, options: options, mode: .existing))
                return .reopened
            case .missing, .replaced:
                return try isReadable ? writeBack() : adopt()
            }
        } catch let failure as SQLiteFailure {
            failed(.reopen, failure)
            return .failed(failure.kind)
        } catch let StoreError.directory(_, code) {
            failed(.reopen, SQLiteFailure(code: SQLITE_IOERR, message: "errno \(code)"))
            return .failed(code == ENOSPC || code == EDQUOT ? .full : code == EROFS || code == EACCES ? .readonly : .io)
        } catch {
            // A database that is not ours, or newer.
            return .failed(.corrupt)
        }
    }

    /// Whether the connection that is open still reaches all of its database.
    private var isReadable: Bool {
        do throws(SQLiteFailure) {
            try known.check(database.connection, against: nil)
            return true
        } catch {
            return false
        }
    }

    /// Goes on with another connection. The files beside the old one may be the new one's by now.
    private func exchange(for new: StoreDatabase) throws(SQLiteFailure) {
        try known.check(new.connection, against: database.connection)
        database.connection.abandonFiles()
        database = new
        files.remember()
        vitals.openedAnew()
        watch.opened(version: try new.version())
    }

    /// Writes the whole database, as the open connection still sees it, back to the path.
    private func writeBack() throws -> ReopenOutcome {
        let spare = try files.makeSpare()
        let aside: String?
        do {
            try database.connection.copy(to: spare)
            aside = try files.putSpareInPlace()
        } catch {
            files.discardSpare()
            throw error
        }
        try exchange(for: StoreDatabase.forWriting(files.path, options: options, mode: .existing))
        return .restored(movedAside: aside)
    }

    /// Takes the file under the path, if everything known to be committed is in it: the old one cannot be read any more.
    private func adopt() throws -> ReopenOutcome {
        guard FileIdentity(of: files.path) != nil else { return .failed(.io) }
        guard !known.isEmpty else {
            throw SQLiteFailure(code: SQLITE_CORRUPT, message: "nothing is known that the file could be compared with")
        }
        guard FileIdentity.bytes(of: files.path) ?? 0 > 0 else {
            throw SQLiteFailure(code: SQLITE_CORRUPT, message: "nothing is in the file")
        }
        try files.putLogAside()
        let known = known
        let old = database.connection
        try StoreDatabase.inspect(files.path, busyTimeout: options.busyTimeout) { found throws(SQLiteFailure) in
            try known.check(found, against: old)
        }
        try exchange(for: StoreDatabase.forWriting(files.path, options: options, mode: .existing))
        return .reopened
    }

    /// Gives back to the file system what the database does not need.
    private func free() throws(SQLiteFailure) -> ReopenOutcome {
        let before = size
        try cutLog()
        _ = try database.connection.checkpoint(truncating: true)
        // Needs room itself, which there may not be: then what the log gave back has to do.
        do throws(SQLiteFailure) {
            try database.connection.execute("PRAGMA incremental_vacuum")
            _ = try database.connection.checkpoint(truncating: true)
        } catch {
            rollBack()
        }
        return commitNothing(isQuiet: true) ? .freed(bytes: max(before - size, 0)) : .failed(.full)
    }

    /// Cuts off what transactions that did not fit have left at the end of the log: it may be all the disk had left, and
    /// without it the log itself cannot be moved.
    private func cutLog() throws(SQLiteFailure) {
        let known = watch.version
        try begin()
        defer { rollBack() }
        // Only what this connection committed last is known to be the end.
        guard database.connection.walPages > 0, watch.version == known else { return }
        files.cutLog(pages: database.connection.walPages, ofBytes: try database.cleaning.pages().bytes)
    }

    private var size: Int { (FileIdentity.bytes(of: files.path) ?? 0) + files.walBytes }
}

extension ReopenOutcome {
    /// As the body of a system event.
    fileprivate var body: String {
        switch self {
        case .reopened: #"{"outcome":"reopened"}"#
        case .restored(nil): #"{"outcome":"restored"}"#
        case .restored(let aside?): #"{"outcome":"restored","moved_aside":"\#(aside)"}"#
        case .freed(let bytes): #"{"outcome":"freed","bytes":\#(bytes)}"#
        case .failed(let kind): #"{"outcome":"failed","kind":"\#(kind.rawValue)"}"#
        case .unavailable: #"{"outcome":"unavailable"}"#
        }
    }
}
