import CSQLite
import PluginAPI

/// Does what is asked of the store, group by group, on the store's thread.
///
/// A group is one transaction. Whatever is in it is decided in order, checked before it is written, and answered when the
/// commit is known to be durable or known not to be.
final class StoreWriter {
    /// Makes the open transaction durable.
    typealias Commit = (SQLiteConnection) throws(SQLiteFailure) -> Void

    /// Has rooms checked on the reader's thread: one, or all that changed lately.
    typealias Scrub = (RoomID?) -> Void

    let files: StoreFiles
    let options: SQLiteOptions
    let vitals: StoreVitals
    let observer: any StoreObserver
    let commit: Commit
    let scrub: Scrub
    var database: StoreDatabase
    var cleanup: CleanupWork?
    var watch: StoreWatch
    let checkpointer: StoreCheckpointer
    /// Pages of the log from which it is moved.
    var logLimit: Int
    /// Checkpoints one after the other that left more than a few pages.
    var passes = 0
    private var summaries = SummaryText()
    private let retention: SnapshotRetention
    /// What has to be there when the database is opened anew.
    var known = KnownRooms()

    init(
        database: StoreDatabase, files: StoreFiles, options: SQLiteOptions, vitals: StoreVitals,
        observer: any StoreObserver, checkpointer: StoreCheckpointer, commit: @escaping Commit,
        scrub: @escaping Scrub
    ) {
        self.database = database
        self.files = files
        self.options = options
        self.vitals = vitals
        self.observer = observer
        self.checkpointer = checkpointer
        self.commit = commit
        self.scrub = scrub
        retention = SnapshotRetention(events: options.retainedEvents)
        watch = StoreWatch(options, now: .now)
        logLimit = files.logLimit(options.checkpointPages)
        // Before anybody is served: later another file may be there.
        do throws(SQLiteFailure) {
            watch.saw(version: try database.version())
            try known.learn(from: database.connection)
        } catch {
            watch.learned(false)
            failed(.begin, error)
        }
    }

    private typealias Answer = () -> Void

    private enum Attempt {
        case done([Answer])
        /// Request `index` failed before anything was made durable.
        case failed(SQLiteFailure, index: Int)
        case commitFailed(SQLiteFailure)
    }

    /// Does and answers a group.
    func run(_ group: [StoreRequest]) {
        vitals.began()
        defer { vitals.ended(walPages: database.connection.walPages) }
        var group = group
        while !group.isEmpty {
            switch attempt(group) {
            case .done(let answers):
                for answer in answers { answer() }
                return
            case .commitFailed(let failure):
                failed(.commit, failure)
                settle(group, after: failure)
                return
            case .failed(let failure, let index):
                rollBack()
                failed(group[index].operation, failure)
                guard failure.isOfTheDatabase else {
                    // Only this request cannot be done: the others again, without it.
                    group.remove(at: index).refuse()
                    continue
                }
                for request in group { request.refuse() }
                return
            }
        }
    }

    private func attempt(_ group: [StoreRequest]) -> Attempt {
        let start = ContinuousClock.now
        var answers: [Answer] = []
        answers.reserveCapacity(group.count)
        var bytes = 0
        var last = start
        for (index, request) in group.enumerated() {
            do throws(SQLiteFailure) {
                if !database.connection.isInTransaction { try begin() }
                bytes += request.bytes
                answers.append(try perform(request))
            } catch {
                return .failed(error, index: index)
            }
            let now = ContinuousClock.now
            observer.performed(request.operation, took: now - last)
            last = now
        }
        do throws(SQLiteFailure) { try commit(database.connection) } catch { return .commitFailed(error) }
        succeeded(took: ContinuousClock.now - start)
        observer.committed(writes: group.count, bytes: bytes, took: ContinuousClock.now - start)
        return .done(answers)
    }

    /// Does one request inside the group's transaction; the answer is given when that is durable.
    private func perform(_ request: StoreRequest) throws(SQLiteFailure) -> Answer {
        switch request {
        case .append(let append, let answer):
            let outcome = try self.append(append)
            return { [self] in
                if outcome == .committed { known.committed(append) }
                answer(outcome)
            }
        case .claim(let room, let origin, let answer):
            let outcome = try claim(room, from: origin)
            return { [scrub] in
                answer(outcome)
                // What lies below may be damaged: somebody should know where.
                if origin == .newestSnapshot { scrub(room) }
            }
        case .checkpoint(let room, let term, let snapshot, let answer):
            guard let head = try database.rooms.head(of: room), head.admits(snapshot, term: term) else {
                return { answer(.unavailable) }
            }
            try database.rooms.insert(snapshot, of: room, head: head, retention: retention)
            return { answer(.stored) }
        case .note(let event, let answer):
            let number = try database.system.insert(event).number
            return { answer(.stored(number: number)) }
        case .order: preconditionFailure("orders are obeyed between groups")
        }
    }

    private func append(_ append: Append) throws(SQLiteFailure) -> AppendOutcome {
        let head = try database.rooms.head(of: append.room)
        let stored =
            append.number <= head?.number ?? 0 ? try database.rooms.record(append.number, of: append.room) : nil
        if let outcome = RoomHead.verdict(on: append, head: head, stored: stored) { return outcome }
        try database.rooms.insert(append, summary: try json(append.summary))
        return .committed
    }

    private func claim(_ room: RoomID, from origin: ClaimOrigin) throws(SQLiteFailure) -> ClaimOutcome {
        guard var head = try database.rooms.head(of: room) else { return .notFound }
        head.term += 1
        guard let claim = try database.rooms.claim(room, from: origin, head: head) else { return .damaged }
        try database.rooms.setTerm(head.term, of: room)
        return .claimed(claim)
    }

    /// Answers after a failed commit, which may still turn out to have been one.
    ///
    /// What it had written of the write-ahead log could come back to life when a crash makes SQLite read that log again.
    /// One more durable commit writes over it. Only after that, what can be read is what there is.
    private func settle(_ group: [StoreRequest], after failure: SQLiteFailure) {
        // Busy is said before anything is written, and leaves the transaction open.
        let wroteNothing = failure.primaryCode == SQLITE_BUSY && database.connection.isInTransaction
        rollBack()
        let isSettled = wroteNothing || commitNothing()
        for request in group {
            do throws(SQLiteFailure) {
                switch request {
                case .append(let append, let answer):
                    guard isSettled else {
                        answer(.unknown)
                        continue
                    }
                    let isThere = try database.rooms.record(append.number, of: append.room) == append.record
                    if isThere { known.committed(append) }
                    answer(isThere ? .committed : .unavailable)
                case .note(let event, let answer):
                    guard isSettled else {
                        answer(.unknown)
                        continue
                    }
                    let last = try database.system.last().number
                    let found = try database.system.events(above: last - group.count, limit: group.count)
                    answer(found.last { $0.event == event }.map { .stored(number: $0.number) } ?? .unavailable)
                case .claim, .checkpoint, .order: request.refuse()
                }
            } catch {
                failed(request.operation, error)
                request.leaveUnknown()
            }
        }
    }

    /// Makes something durable that means nothing.
    ///
    /// - Parameter isQuiet: a failure is only remembered.
    func commitNothing(isQuiet: Bool = false) -> Bool {
        let start = ContinuousClock.now
        do throws(SQLiteFailure) {
            try begin()
            try database.rooms.settle()
            try commit(database.connection)
            succeeded(took: ContinuousClock.now - start)
            return true
        } catch {
            rollBack()
            if isQuiet {
                vitals.failed(.commit, code: error.code)
            } else {
                failed(.commit, error)
            }
            return false
        }
    }

    /// Begins a transaction, and sees whether somebody else has written before it.
    func begin() throws(SQLiteFailure) {
        try database.connection.execute("BEGIN IMMEDIATE")
        watch.saw(version: try database.version())
    }

    /// Takes back what is not committed. That may change the version, and nobody else has written since `begin`.
    func rollBack() {
        database.connection.rollBack()
        do throws(SQLiteFailure) { watch.opened(version: try database.version()) } catch {
            // A database that cannot even be asked that is in trouble, and says so at the next thing it is asked.
        }
    }

    private func succeeded(took: Duration) {
        vitals.committed(took: took)
        if vitals.recovered() { observer.recovered() }
    }

    func failed(_ operation: StoreOperation, _ failure: SQLiteFailure) {
        vitals.failed(operation, code: failure.code)
        observer.failed(operation, code: failure.code)
        guard failure.isOfTheDatabase || failure.kind == .corrupt else { return }
        if vitals.troubled(failure.kind) { observer.troubled(failure.kind) }
    }

    private func json(_ summary: RoomSummary) throws(SQLiteFailure) -> [UInt8] {
        do {
            return try summaries.json(summary)
        } catch {
            throw SQLiteFailure(code: SQLITE_MISMATCH, message: "summary cannot be written: \(error)")
        }
    }
}

@available(*, unavailable) extension StoreWriter: Sendable {}

extension StoreRequest {
    /// Answers that it was written or not.
    fileprivate func leaveUnknown() {
        switch self {
        case .append(_, let answer): answer(.unknown)
        case .note(_, let answer): answer(.unknown)
        case .claim, .checkpoint, .order: refuse()
        }
    }
}
