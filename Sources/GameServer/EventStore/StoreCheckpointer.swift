import Foundation
import Synchronization

/// Moves the write-ahead log into the database on a thread and a connection of its own, so that no commit waits for it.
///
/// It cannot move what is written meanwhile: the writer itself moves the little that is left, and the log begins anew.
final class StoreCheckpointer: Sendable {
    /// What became of a checkpoint: of which log, and how many of its pages are in the database; nil when it failed.
    struct Result {
        var log: Int
        var moved: Int?
    }

    private let orders: Orders
    private let thread: StoreThread

    /// - Parameter done: called when there is a result to be taken.
    init(
        files: StoreFiles, options: SQLiteOptions, vitals: StoreVitals, observer: any StoreObserver,
        done: @escaping @Sendable () -> Void
    ) throws(StoreError) {
        let orders = Orders()
        self.orders = orders
        thread = try StoreThread(name: "store-chkpt") {
            let worker = Worker(files: files, options: options, vitals: vitals, observer: observer)
            while let log = orders.next() {
                orders.finished(Result(log: log, moved: worker.checkpoint()))
                done()
            }
        }
    }

    /// Whether a checkpoint is under way.
    var isAtWork: Bool { orders.isAtWork }

    /// What became of the last checkpoint, once.
    func takeResult() -> Result? { orders.takeResult() }

    /// Begins a checkpoint, unless one is under way or its result was not taken yet.
    func start(log: Int) { orders.start(log: log) }

    /// Waits for a checkpoint that is under way.
    func finish() { orders.wait() }

    /// Ends the thread, after what it is at.
    func close() {
        orders.end()
        thread.join()
    }

    /// What passes between the thread and whoever gives it work.
    private final class Orders: Sendable {
        private struct State {
            /// The log to be moved, or being moved.
            var log: Int?
            var result: Result?
            var hasEnded = false
        }

        private let state = Mutex(State())
        private let bell = DispatchSemaphore(value: 0)
        private let rested = DispatchSemaphore(value: 0)

        var isAtWork: Bool { state.withLock { $0.log != nil } }

        func start(log: Int) {
            let begins = state.withLock { state in
                guard state.log == nil, state.result == nil, !state.hasEnded else { return false }
                state.log = log
                return true
            }
            if begins { bell.signal() }
        }

        /// The log to be moved; nil at the end.
        func next() -> Int? {
            bell.wait()
            return state.withLock { $0.hasEnded ? nil : $0.log }
        }

        func finished(_ result: Result) {
            state.withLock { state in
                state.log = nil
                state.result = result
            }
            rested.signal()
        }

        func takeResult() -> Result? {
            state.withLock { state in
                defer { state.result = nil }
                return state.result
            }
        }

        func wait() {
            while isAtWork { rested.wait() }
        }

        func end() {
            state.withLock { $0.hasEnded = true }
            bell.signal()
        }
    }

    /// The connection of the thread.
    private final class Worker {
        private let files: StoreFiles
        private let options: SQLiteOptions
        private let vitals: StoreVitals
        private let observer: any StoreObserver
        private var open: SQLiteConnection?
        private var generation: Int

        init(files: StoreFiles, options: SQLiteOptions, vitals: StoreVitals, observer: any StoreObserver) {
            self.files = files
            self.options = options
            self.vitals = vitals
            self.observer = observer
            generation = vitals.generation
            // Now, because later another file may be there. A checkpoint that comes tries again, and tells of failing.
            do throws(SQLiteFailure) { _ = try connection() } catch { open = nil }
        }

        /// - Returns: pages of the log that are known to be in the database; nil when it failed.
        func checkpoint() -> Int? {
            let start = ContinuousClock.now
            do throws(SQLiteFailure) {
                guard let (moved, left) = try connection().checkpoint(truncating: false) else { return 0 }
                observer.checkpointed(pages: moved, left: left, took: ContinuousClock.now - start)
                return moved
            } catch {
                vitals.failed(.checkpoint, code: error.code)
                observer.failed(.checkpoint, code: error.code)
                return nil
            }
        }

        private func connection() throws(SQLiteFailure) -> SQLiteConnection {
            let current = vitals.generation
            if current != generation { open = nil }
            generation = current
            if let open { return open }
            let found = try files.open { () throws(SQLiteFailure) in
                try SQLiteConnection(path: files.path, busyTimeout: options.busyTimeout, mode: .existing)
            }
            found.abandonFiles()
            // Opening alone does not reach for the file.
            _ = try found.integer("SELECT count(*) FROM sqlite_schema")
            open = found
            return found
        }
    }
}
