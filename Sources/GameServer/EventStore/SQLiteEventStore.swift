import PluginAPI

/// The log in one SQLite file, written by one thread that commits whatever waits as one group, and read for operators by
/// another.
///
/// - Source: docs/ARCHITECTURE.md, "The log".
public final class SQLiteEventStore: EventStore {
    static let fileName = StoreDatabase.fileName

    private let directory: DataDirectory
    private let options: SQLiteOptions
    private let files: StoreFiles
    private let vitals = StoreVitals()
    private let requests: StoreInbox<StoreRequest>
    private let readings: StoreInbox<StoreReading>
    private let writerThread: StoreThread
    private let readerThread: StoreThread
    private let observer: any StoreObserver

    /// Opens the database of a data directory, or makes it.
    ///
    /// - Throws: `StoreError`; nothing was changed when the database is not ours or newer than we know.
    public convenience init(
        in directory: DataDirectory, options: SQLiteOptions = SQLiteOptions(),
        observer: any StoreObserver = SilentStoreObserver()
    ) throws(StoreError) {
        try self.init(in: directory, options: options, observer: observer) { connection throws(SQLiteFailure) in
            try connection.execute("COMMIT")
        }
    }

    init(
        in directory: DataDirectory, options: SQLiteOptions, observer: any StoreObserver,
        commit: sending @escaping StoreWriter.Commit
    ) throws(StoreError) {
        self.directory = directory
        self.options = options
        self.observer = observer
        let path = try directory.createFile(named: Self.fileName)
        let database = try Self.open(path, options)
        let files = StoreFiles(path: path, in: directory)
        files.discardSpare()
        let requests = try StoreInbox<StoreRequest>(
            maxRequests: options.maxWaitingRequests, maxBytes: options.maxWaitingBytes)
        let readings = try StoreInbox<StoreReading>(maxRequests: options.maxWaitingReadings, maxBytes: .max)
        self.files = files
        self.requests = requests
        self.readings = readings
        let vitals = vitals
        readerThread = try StoreThread(name: "store-reader") {
            let reader = StoreReader(files: files, options: options, vitals: vitals, observer: observer) { event in
                _ = requests.offer(.note(event) { _ in })
            }
            reader.serve(readings)
        }
        do {
            let checkpointer = try StoreCheckpointer(
                files: files, options: options, vitals: vitals, observer: observer
            ) { _ = requests.offer(.order(.checkpointed)) }
            let writer = StoreWriter(
                database: database, files: files, options: options, vitals: vitals, observer: observer,
                checkpointer: checkpointer, commit: commit
            ) { room in _ = readings.offer(.scrub(room)) }
            writerThread = try StoreThread(name: "store") { writer.serve(requests) }
        } catch {
            readings.close()
            throw error
        }
    }

    /// Without `close()` before: what waits is still done, by threads that nobody waits for.
    deinit {
        readings.close()
        requests.close()
    }

    // MARK: Writing

    public func append(_ append: Append, answer: @escaping @Sendable (AppendOutcome) -> Void) {
        submit(.append(append, answer))
    }

    public func claim(_ room: RoomID, from origin: ClaimOrigin, answer: @escaping @Sendable (ClaimOutcome) -> Void) {
        submit(.claim(room, origin, answer))
    }

    public func checkpoint(
        _ room: RoomID, term: UInt64, _ snapshot: Snapshot, answer: @escaping @Sendable (CheckpointOutcome) -> Void
    ) {
        submit(.checkpoint(room, term: term, snapshot, answer))
    }

    public func note(_ event: SystemEvent, answer: @escaping @Sendable (NoteOutcome) -> Void) {
        guard event.bytes <= SystemEvent.maxBytes else {
            return answer(.tooLarge(bytes: event.bytes, limit: SystemEvent.maxBytes))
        }
        submit(.note(event, answer))
    }

    public func cleanup(_ request: CleanupRequest, answer: @escaping @Sendable (CleanupOutcome) -> Void) {
        if request.dryRun { submit(.dryRun(request, answer)) } else { submit(.order(.cleanup(request, answer))) }
    }

    /// Answers at once when the writer does not get on; otherwise once the writer has tried.
    public func health(answer: @escaping @Sendable (StoreHealth) -> Void) {
        let isStuck = vitals.busyFor.map { $0 > options.stallAfter } ?? false
        let order = StoreRequest.order(
            .health { [vitals, requests, files] isReachable in
                var health = vitals.health(queue: requests.queue, freeDiskBytes: files.freeDiskBytes)
                health.isReachable = isReachable
                answer(health)
            })
        if isStuck || !requests.offer(order) { order.refuse() }
    }

    public func reopen(answer: @escaping @Sendable (ReopenOutcome) -> Void) { submit(.order(.reopen(answer))) }

    // MARK: Reading

    public func read(
        _ room: RoomID, after sequence: Int, limit: Int, answer: @escaping @Sendable (ReadOutcome) -> Void
    ) {
        submit(.read(room, after: sequence, limit: limit, answer))
    }

    public func history(
        _ room: RoomID, from base: Int, through last: Int, answer: @escaping @Sendable (HistoryOutcome) -> Void
    ) {
        submit(.history(room, from: base, through: last, answer))
    }

    public func directory(closedAfter: Timestamp, answer: @escaping @Sendable (DirectoryOutcome) -> Void) {
        submit(.directory(closedAfter: closedAfter, answer))
    }

    public func directory(_ page: DirectoryPage, answer: @escaping @Sendable (DirectoryOutcome) -> Void) {
        submit(.page(page, answer))
    }

    public func verify(_ room: RoomID, answer: @escaping @Sendable (VerifyOutcome) -> Void) {
        submit(.verify(room, answer))
    }

    public func systemEvents(
        after number: Int, limit: Int, kind: SystemEvent.Kind?,
        answer: @escaping @Sendable (SystemEventsOutcome) -> Void
    ) {
        submit(.systemEvents(after: number, limit: limit, kind, answer))
    }

    public func verifySystemEvents(answer: @escaping @Sendable (VerifyOutcome) -> Void) {
        submit(.verifySystemEvents(answer))
    }

    public func statistics(now: Timestamp, answer: @escaping @Sendable (StatisticsOutcome) -> Void) {
        submit(.statistics(now, answer))
    }

    /// What waits to be written, and for how long the oldest has.
    var queue: (count: Int, oldest: Duration) {
        let queue = requests.queue
        return (queue.count, queue.oldest.map { .now - $0 } ?? .zero)
    }

    /// How long the oldest that is not stored yet has waited at least: in the queue, or in the group being committed.
    var appendLag: Duration { max(queue.oldest, vitals.busyFor ?? .zero) }

    /// Processor time the reader's thread has used; nil once the store is closed.
    public var readerCPUTime: Duration? { readerThread.cpuTime }

    /// Finishes what waits, empties the write-ahead log and lets go of the database. Not from within an answer.
    public func close() {
        precondition(!writerThread.isCurrent && !readerThread.isCurrent, "an answer would wait for itself")
        readings.close()
        readerThread.join()
        requests.close()
        writerThread.join()
    }

    private func submit(_ request: StoreRequest) {
        guard requests.offer(request) else {
            observer.refused(request.operation)
            return request.refuse()
        }
    }

    private func submit(_ reading: StoreReading) {
        guard readings.offer(reading) else {
            observer.refused(reading.operation)
            return reading.refuse()
        }
    }

    private static func open(_ path: String, _ options: SQLiteOptions) throws(StoreError) -> sending StoreDatabase {
        do {
            return try StoreDatabase.forWriting(path, options: options, mode: .creating)
        } catch let failure as SQLiteFailure {
            throw .database(path: path, code: failure.code, message: failure.message)
        } catch Migrations.Refusal.newerSchema(let found) {
            throw .newerSchema(path: path, found: found, known: Migrations.known)
        } catch Migrations.Refusal.foreign(let applicationID) {
            throw .foreign(path: path, applicationID: applicationID)
        } catch {
            preconditionFailure("nothing else is thrown above: \(error)")
        }
    }
}
