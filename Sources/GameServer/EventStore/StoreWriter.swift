import CSQLite
import PluginAPI

/// Does what is asked of the store, group by group, on the store's thread.
///
/// A group is one transaction. Whatever is in it is decided in order, checked before it is written, and answered when the
/// commit is known to be durable or known not to be.
final class StoreWriter {
    /// Makes the open transaction durable.
    typealias Commit = (SQLiteConnection) throws(SQLiteFailure) -> Void

    private let connection: SQLiteConnection
    private let tables: RoomTables
    private var summaries = SummaryText()
    private let retention: SnapshotRetention
    private let observer: any StoreObserver
    private let commit: Commit

    init(
        connection: SQLiteConnection, retention: SnapshotRetention, observer: any StoreObserver,
        commit: @escaping Commit
    ) throws(SQLiteFailure) {
        self.connection = connection
        tables = try RoomTables(connection)
        self.retention = retention
        self.observer = observer
        self.commit = commit
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
        var group = group
        while !group.isEmpty {
            switch attempt(group) {
            case .done(let answers):
                for answer in answers { answer() }
                return
            case .commitFailed(let failure):
                observer.failed(.commit, code: failure.code)
                settle(group, after: failure)
                return
            case .failed(let failure, let index):
                connection.rollBack()
                observer.failed(group[index].operation, code: failure.code)
                guard failure.isOfTheDatabase else {
                    // Only this request cannot be done: the others again, without it.
                    group.remove(at: index).refuse()
                    continue
                }
                for request in group { retreat(request) }
                return
            }
        }
    }

    private func attempt(_ group: [StoreRequest]) -> Attempt {
        let start = ContinuousClock.now
        var answers: [Answer] = []
        answers.reserveCapacity(group.count)
        var writes = 0
        var bytes = 0
        for (index, request) in group.enumerated() {
            do throws(SQLiteFailure) {
                if request.writes {
                    if !connection.isInTransaction { try connection.execute("BEGIN IMMEDIATE") }
                    writes += 1
                    bytes += request.bytes
                }
                answers.append(try perform(request))
            } catch {
                return .failed(error, index: index)
            }
        }
        guard connection.isInTransaction else { return .done(answers) }
        do throws(SQLiteFailure) { try commit(connection) } catch { return .commitFailed(error) }
        observer.committed(writes: writes, bytes: bytes, took: ContinuousClock.now - start)
        return .done(answers)
    }

    /// Does one request inside the group's transaction; the answer is given when that is durable.
    private func perform(_ request: StoreRequest) throws(SQLiteFailure) -> Answer {
        switch request {
        case .append(let append, let answer):
            let outcome = try self.append(append)
            return { answer(outcome) }
        case .claim(let room, let origin, let answer):
            let outcome = try claim(room, from: origin)
            return { answer(outcome) }
        case .checkpoint(let room, let term, let snapshot):
            guard let head = try tables.head(of: room), head.admits(snapshot, term: term) else { return {} }
            try tables.insert(snapshot, of: room, head: head, retention: retention)
            return {}
        case .read(let room, let sequence, let limit, let answer):
            guard let head = try tables.head(of: room) else { return { answer(.notFound) } }
            let records = try tables.events(of: room, after: sequence, head: head, limit: max(limit, 1))
            return { answer(.records(records, head: head.sequence)) }
        case .directory(let closedAfter, let answer):
            let rooms = try directory(closedAfter: closedAfter)
            return { answer(.rooms(rooms)) }
        case .verify(let room, let answer):
            let outcome = try verify(room)
            return { answer(outcome) }
        }
    }

    private func append(_ append: Append) throws(SQLiteFailure) -> AppendOutcome {
        let head = try tables.head(of: append.room)
        let stored =
            append.number <= head?.number ?? 0 ? try tables.record(append.number, of: append.room) : nil
        if let outcome = RoomHead.verdict(on: append, head: head, stored: stored) { return outcome }
        try tables.insert(append, summary: try json(append.summary))
        return .committed
    }

    private func claim(_ room: RoomID, from origin: ClaimOrigin) throws(SQLiteFailure) -> ClaimOutcome {
        var events = 0
        if case .retaining(let e) = origin { events = e }
        guard let head = try tables.head(of: room) else { return .notFound }
        try tables.setTerm(head.term + 1, of: room)
        let snapshot = try tables.snapshot(of: room, upTo: head.sequence - max(events, 0))
        let records = try tables.records(of: room, above: snapshot?.number ?? 0)
        return .claimed(Claim(term: head.term + 1, snapshot: snapshot, records: records))
    }

    /// A room whose summary cannot be read is left out and reported: it must not hide all the others.
    private func directory(closedAfter: Timestamp) throws(SQLiteFailure) -> [RoomSummary] {
        try tables.directory(closedAfter: closedAfter).compactMap { row in
            do {
                return try SummaryText.summary(row)
            } catch {
                observer.failed(.directory, code: SQLITE_CORRUPT)
                return nil
            }
        }
    }

    private func verify(_ room: RoomID) throws(SQLiteFailure) -> VerifyOutcome {
        guard let head = try tables.head(of: room) else { return .notFound }
        var chain = RecordChain()
        while case let page = try tables.records(of: room, above: chain.number, limit: 256), !page.isEmpty {
            for record in page where !chain.accept(record) { return .broken(number: chain.number + 1) }
        }
        let reachesHead =
            chain.number == head.number && chain.sequence == head.sequence && chain.digest == head.digest
        return reachesHead ? .sound(records: chain.number) : .broken(number: min(chain.number + 1, head.number))
    }

    /// Answers after a failed commit, which may still turn out to have been one.
    ///
    /// What it had written of the write-ahead log could come back to life when a crash makes SQLite read that log again.
    /// One more durable commit writes over it. Only after that, what can be read is what there is.
    private func settle(_ group: [StoreRequest], after failure: SQLiteFailure) {
        // Busy is said before anything is written, and leaves the transaction open.
        let wroteNothing = failure.primaryCode == SQLITE_BUSY && connection.isInTransaction
        connection.rollBack()
        let isSettled = wroteNothing || commitNothing()
        for request in group {
            guard case .append(let append, let answer) = request else {
                retreat(request)
                continue
            }
            do throws(SQLiteFailure) {
                guard isSettled else {
                    answer(.unknown)
                    continue
                }
                let isThere = try tables.record(append.number, of: append.room) == append.record
                answer(isThere ? .committed : .unavailable)
            } catch {
                observer.failed(.append, code: error.code)
                answer(.unknown)
            }
        }
    }

    private func commitNothing() -> Bool {
        do throws(SQLiteFailure) {
            try connection.execute("BEGIN IMMEDIATE")
            try tables.settle()
            try commit(connection)
            return true
        } catch {
            connection.rollBack()
            observer.failed(.commit, code: error.code)
            return false
        }
    }

    /// Answers a request of a group that could not be committed: reading is still possible.
    private func retreat(_ request: StoreRequest) {
        guard !request.writes else { return request.refuse() }
        do throws(SQLiteFailure) {
            try perform(request)()
        } catch {
            observer.failed(request.operation, code: error.code)
            request.refuse()
        }
    }

    private func json(_ summary: RoomSummary) throws(SQLiteFailure) -> [UInt8] {
        do {
            return try summaries.json(summary)
        } catch {
            throw SQLiteFailure(code: SQLITE_MISMATCH, message: "summary cannot be written: \(error)")
        }
    }

    /// Pages of the write-ahead log that are not in the database yet.
    var walPages: Int { connection.walPages }

    /// Moves the write-ahead log into the database, as far as nobody reads it.
    func checkpoint(truncating: Bool = false) {
        let start = ContinuousClock.now
        do throws(SQLiteFailure) {
            let (moved, left) = try connection.checkpoint(truncating: truncating)
            observer.checkpointed(pages: moved, left: left, took: ContinuousClock.now - start)
        } catch {
            observer.failed(.checkpoint, code: error.code)
        }
    }
}

@available(*, unavailable) extension StoreWriter: Sendable {}
