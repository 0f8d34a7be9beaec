import Dispatch
import PluginAPI
import Synchronization
import PluginAPI
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
    /// What the store tells by itself, in order.
    enum News: Equatable, Sendable {
        case troubled(StoreFailureKind), recovered, foreignWrite
        case broken(RoomID, Int), mended(RoomID, Int)
        case cleaned(CleanupReport)
    }

    private struct Facts {
        private let told = DispatchSemaphore(value: 0)

        var groups: [Int] = []
        /// SQLite's, of the failures.
        var codes: [Int32] = []
        var failures: [StoreOperation] = []
        var refused: [StoreOperation] = []
        var checkpoints = 0
        var cleanupSteps = 0
        var news: [News] = []
    }

    private let facts = Mutex(Facts())

    private let told = DispatchSemaphore(value: 0)

    var groups: [Int] { facts.withLock { $0.groups } }
    var codes: [Int32] { facts.withLock { $0.codes } }
    var failures: [StoreOperation] { facts.withLock { $0.failures } }
    var refused: [StoreOperation] { facts.withLock { $0.refused } }
    var checkpoints: Int { facts.withLock { $0.checkpoints } }
    var cleanupSteps: Int { facts.withLock { $0.cleanupSteps } }
    var news: [News] { facts.withLock { $0.news } }

    /// Waits until the store has told what is looked for.
    @discardableResult func awaitNews(_ isIt: (News) -> Bool) throws -> News {
        while true {
            if let found = news.first(where: isIt) { return found }
            guard told.wait(timeout: .now() + .seconds(30)) == .success else { throw NoReply() }
        }
    }

    func committed(writes: Int, bytes: Int, took: Duration) { facts.withLock { $0.groups.append(writes) } }
    func failed(_ operation: StoreOperation, code: Int32) {
        facts.withLock { facts in
            facts.failures.append(operation)
            facts.codes.append(code)
        }
    }
    func refused(_ operation: StoreOperation) { facts.withLock { $0.refused.append(operation) } }
    func checkpointed(pages: Int, left: Int, took: Duration) { facts.withLock { $0.checkpoints += 1 } }
    func performed(_ operation: StoreOperation, took: Duration) {
        if operation == .cleanup { facts.withLock { $0.cleanupSteps += 1 } }
    }
    func troubled(_ kind: StoreFailureKind) { tell(.troubled(kind)) }
    func recovered() { tell(.recovered) }
    func foreignWrite() { tell(.foreignWrite) }
    func chainBroken(_ room: RoomID, number: Int) { tell(.broken(room, number)) }
    func chainMended(_ room: RoomID, number: Int) { tell(.mended(room, number)) }
    func cleaned(_ report: CleanupReport) { tell(.cleaned(report)) }

    private func tell(_ news: News) {
        facts.withLock { $0.news.append(news) }
        told.signal()
    }
}

/// Commits as planned: first what is in the plan, then as usual.
final class Commits: Sendable {
    enum Step: Sendable {
        /// Commits, and says that it failed.
        case commitsAndFails
        /// Does not commit, and says so.
        case fails
        /// Says so, and waits to be let go on.
        case waits(began: Reply<Bool>, goOn: Reply<Bool>)
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
        case .waits(let began, let goOn):
            began(true)
            // Whoever gives no answer has the commit fail.
            do { _ = try goOn.wait() } catch { throw failure }
            try connection.execute("COMMIT")
        case .commitsAndFails:
            try connection.execute("COMMIT")
            throw failure
        }
    }
}
