import Dispatch
import Synchronization
import TestSupport

@testable import GameServer

/// A SQLite store in a directory of its own, with ways to disturb it.
final class SQLiteFixture {
    let place: TemporaryDirectory
    let directory: DataDirectory
    let observer = StoreFacts()
    let commits = Commits()
    private(set) var store: SQLiteEventStore

    init(_ options: SQLiteOptions = SQLiteOptions(durability: .process)) throws {
        place = try TemporaryDirectory()
        directory = try DataDirectory(place.path)
        store = try SQLiteEventStore(in: directory, options: options, observer: observer, commit: commits.commit)
    }

    deinit { store.close() }

    var databasePath: String { place.path + "/" + SQLiteEventStore.fileName }

    /// Another program at the same file.
    func intruder() throws -> SQLiteConnection { try SQLiteConnection(path: databasePath, busyTimeout: .seconds(5)) }

    func reopen() throws {
        store.close()
        store = try SQLiteEventStore(in: directory, observer: observer)
    }

    /// Keeps the store's thread busy while `body` runs, so that what it asks waits together.
    func whileBusy<Result>(_ body: () throws -> Result) throws -> Result {
        let began = Reply<Bool>()
        let finished = DispatchSemaphore(value: 0)
        store.health { _ in
            began(true)
            finished.wait()
        }
        defer { finished.signal() }
        _ = try began.wait()
        return try body()
    }
}

/// What the store reported.
final class StoreFacts: StoreObserver {
    private struct Facts {
        var groups: [Int] = []
        var failures: [StoreOperation] = []
        var refused: [StoreOperation] = []
        var checkpoints = 0
    }

    private let facts = Mutex(Facts())

    var groups: [Int] { facts.withLock { $0.groups } }
    var failures: [StoreOperation] { facts.withLock { $0.failures } }
    var refused: [StoreOperation] { facts.withLock { $0.refused } }
    var checkpoints: Int { facts.withLock { $0.checkpoints } }

    func committed(writes: Int, bytes: Int, took: Duration) { facts.withLock { $0.groups.append(writes) } }
    func failed(_ operation: StoreOperation, code: Int32) { facts.withLock { $0.failures.append(operation) } }
    func refused(_ operation: StoreOperation) { facts.withLock { $0.refused.append(operation) } }
    func checkpointed(pages: Int, left: Int, took: Duration) { facts.withLock { $0.checkpoints += 1 } }
}

/// Commits as planned: first what is in the plan, then as usual.
final class Commits: Sendable {
    enum Step: Sendable {
        /// Commits, and says that it failed.
        case commitsAndFails
        /// Does not commit, and says so.
        case fails
        /// Runs a statement in the transaction, then commits.
        case executes(String)
    }

    private let plan = Mutex<[Step]>([])

    func plan(_ steps: Step...) { plan.withLock { $0 = steps } }

    func commit(_ connection: SQLiteConnection) throws(SQLiteFailure) {
        let step = plan.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        let failure = SQLiteFailure(code: 1034, message: "disk I/O error")
        switch step {
        case nil: try connection.execute("COMMIT")
        case .executes(let sql): try connection.execute(sql + "; COMMIT")
        case .fails: throw failure
        case .commitsAndFails:
            try connection.execute("COMMIT")
            throw failure
        }
    }
}
