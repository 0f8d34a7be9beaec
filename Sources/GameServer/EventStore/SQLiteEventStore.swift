import PluginAPI

/// The log in one SQLite file, written by one thread that commits whatever waits as one group.
///
/// - Source: docs/ARCHITECTURE.md, "The log".
public final class SQLiteEventStore: EventStore {
    static let fileName = "rooms.sqlite"

    private let directory: DataDirectory
    private let inbox: StoreInbox
    private let thread: StoreThread
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
        self.observer = observer
        let path = try directory.createFile(named: Self.fileName)
        let writer = try Self.open(path, options: options, observer: observer, commit: commit)
        let inbox = try StoreInbox(maxRequests: options.maxWaitingRequests, maxBytes: options.maxWaitingBytes)
        self.inbox = inbox
        thread = try StoreThread(name: "store") {
            Self.serve(inbox, with: writer, options: options)
        }
    }

    /// Without `close()` before: what waits is still done, by a thread that nobody waits for.
    deinit { inbox.close() }

    public func append(_ append: Append, answer: @escaping @Sendable (AppendOutcome) -> Void) {
        submit(.append(append, answer))
    }

    public func claim(_ room: RoomID, from origin: ClaimOrigin, answer: @escaping @Sendable (ClaimOutcome) -> Void) {
        submit(.claim(room, origin, answer))
    }

    public func checkpoint(_ room: RoomID, term: UInt64, _ snapshot: Snapshot) {
        submit(.checkpoint(room, term: term, snapshot))
    }

    public func read(
        _ room: RoomID, after sequence: Int, limit: Int, answer: @escaping @Sendable (ReadOutcome) -> Void
    ) {
        submit(.read(room, after: sequence, limit: limit, answer))
    }

    public func directory(closedAfter: Timestamp, answer: @escaping @Sendable (DirectoryOutcome) -> Void) {
        submit(.directory(closedAfter: closedAfter, answer))
    }

    public func directory(_ page: DirectoryPage, answer: @escaping @Sendable (DirectoryOutcome) -> Void) {
        answer(.unavailable)
    }

    public func note(_ event: SystemEvent, answer: @escaping @Sendable (NoteOutcome) -> Void) { answer(.unavailable) }

    public func systemEvents(
        after number: Int, limit: Int, kind: SystemEvent.Kind?,
        answer: @escaping @Sendable (SystemEventsOutcome) -> Void
    ) {
        answer(.unavailable)
    }

    public func verifySystemEvents(answer: @escaping @Sendable (VerifyOutcome) -> Void) { answer(.unavailable) }

    public func cleanup(_ request: CleanupRequest, answer: @escaping @Sendable (CleanupOutcome) -> Void) {
        answer(.unavailable)
    }

    public func statistics(now: Timestamp, answer: @escaping @Sendable (StatisticsOutcome) -> Void) {
        answer(.unavailable)
    }

    public func health(answer: @escaping @Sendable (StoreHealth) -> Void) { answer(StoreHealth()) }

    public func reopen(answer: @escaping @Sendable (ReopenOutcome) -> Void) { answer(.unavailable) }

    /// Checks the whole stored log of a room against its digests.
    public func verify(_ room: RoomID, answer: @escaping @Sendable (VerifyOutcome) -> Void) {
        submit(.verify(room, answer))
    }

    /// Finishes what waits, empties the write-ahead log and lets go of the database. Not from within an answer.
    public func close() {
        precondition(!thread.isCurrent, "an answer would wait for itself")
        inbox.close()
        thread.join()
    }

    private func submit(_ request: StoreRequest) {
        guard inbox.offer(request) else {
            observer.refused(request.operation)
            return request.refuse()
        }
    }

    private static func open(
        _ path: String, options: SQLiteOptions, observer: any StoreObserver,
        commit: sending @escaping StoreWriter.Commit
    ) throws(StoreError) -> sending StoreWriter {
        do {
            let connection = try SQLiteConnection(path: path, busyTimeout: options.busyTimeout)
            // Before anything is changed: whether it is ours to change.
            try Migrations.check(connection)
            try connection.execute(
                """
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = \(options.durability == .power ? "FULL" : "NORMAL");
                PRAGMA secure_delete = OFF;
                PRAGMA temp_store = MEMORY;
                """)
            try Migrations.run(on: connection)
            return try StoreWriter(
                connection: connection, retention: SnapshotRetention(events: options.retainedEvents),
                observer: observer, commit: commit)
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

    /// The life of the store's thread. Checkpoints come after the answers have gone out.
    private static func serve(_ inbox: StoreInbox, with writer: StoreWriter, options: SQLiteOptions) {
        while true {
            let patience = writer.walPages > 0 ? options.idleCheckpointDelay : nil
            switch inbox.take(
                atMost: options.maxGroupRequests, maxBytes: options.maxGroupBytes, patience: patience)
            {
            case .requests(let group):
                writer.run(group)
                let isDue = writer.walPages >= options.checkpointPages && inbox.isEmpty
                if isDue || writer.walPages >= 4 * options.checkpointPages { writer.checkpoint() }
            case .quiet:
                writer.checkpoint()
            case .closed:
                return writer.checkpoint(truncating: true)
            }
        }
    }
}
