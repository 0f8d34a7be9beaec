import CSQLite
import PluginAPI

/// Answers what only reads, on a thread and a read-only connection of its own, so that an operator never delays a commit;
/// between two questions it checks stored rooms against their digests.
final class StoreReader {
    /// Hands a finding to the thread that writes.
    typealias Note = (SystemEvent) -> Void

    private let files: StoreFiles
    private let options: SQLiteOptions
    private let vitals: StoreVitals
    private let observer: any StoreObserver
    private let note: Note
    private var open: StoreDatabase?
    private var generation: Int
    private var scrubber: StoreScrubber
    private var dryRun: DryRun?
    private var counted: (statistics: StoreStatistics, at: ContinuousClock.Instant)?

    /// A cleanup that only counts, at work: one step in each turn, so that questions are answered in between.
    private struct DryRun {
        var run: CleanupRun
        let started: ContinuousClock.Instant
        let answer: @Sendable (CleanupOutcome) -> Void
    }

    /// Most records and events of one answer, whatever was asked for.
    static let maxRows = 100_000
    /// How long a count may be told again.
    private static let countedFor = Duration.seconds(1)
    /// How far back rooms count as changed lately.
    private static let recently = Duration.seconds(86_400)

    init(
        files: StoreFiles, options: SQLiteOptions, vitals: StoreVitals, observer: any StoreObserver,
        note: @escaping Note
    ) {
        self.files = files
        self.options = options
        self.vitals = vitals
        self.observer = observer
        self.note = note
        generation = vitals.generation
        scrubber = StoreScrubber(recordsPerSecond: options.scrubRecordsPerSecond, now: .now)
    }

    /// The life of the thread.
    func serve(_ inbox: StoreInbox<StoreReading>) {
        // Now, because later another file may be there.
        do throws(SQLiteFailure) { _ = try database() } catch { failed(.begin, error) }
        while true {
            let patience = dryRun == nil ? scrubber.patience(.now) ?? .seconds(3_600) : .zero
            switch inbox.take(atMost: 1, maxBytes: .max, patience: patience) {
            case .questions(let questions):
                for question in questions { answer(question) }
            case .quiet: scrub()
            case .closed:
                dryRun?.answer(.unavailable)
                return
            }
            if let dryRun { step(dryRun) }
        }
    }

    private func answer(_ question: StoreReading) {
        let start = ContinuousClock.now
        do throws(SQLiteFailure) {
            let answer = try perform(question, on: try database())
            observer.performed(question.operation, took: ContinuousClock.now - start)
            answer()
        } catch {
            failed(question.operation, error)
            question.refuse()
        }
    }

    private func failed(_ operation: StoreOperation, _ failure: SQLiteFailure) {
        vitals.failed(operation, code: failure.code)
        observer.failed(operation, code: failure.code)
        // It may be the connection: the next question gets a new one, if it is to be had.
        if failure.kind != .busy, files.state == .same { open = nil }
    }

    /// The open database, of this generation.
    private func database() throws(SQLiteFailure) -> StoreDatabase {
        let current = vitals.generation
        if current != generation { open = nil }
        generation = current
        if let open { return open }
        let found = try files.open { () throws(SQLiteFailure) in
            try StoreDatabase(path: files.path, busyTimeout: options.busyTimeout, mode: .reading)
        }
        found.connection.abandonFiles()
        open = found
        return found
    }

    private func perform(_ question: StoreReading, on database: StoreDatabase) throws(SQLiteFailure) -> () -> Void {
        switch question {
        case .read(let room, let sequence, let limit, let answer):
            let outcome = try read(room, after: sequence, limit: limit, database)
            return { answer(outcome) }
        case .history(let room, let base, let last, let answer):
            let outcome = try database.connection.reading { () throws(SQLiteFailure) in
                try database.rooms.history(of: room, from: base, through: last, limit: Self.maxRows)
            }
            return { answer(outcome) }
        case .directory(let closedAfter, let answer):
            let rooms = summaries(try database.rooms.directory(closedAfter: closedAfter))
            return { answer(.rooms(rooms)) }
        case .page(let page, let answer):
            let rooms = summaries(try database.rooms.directory(page))
            return { answer(.rooms(rooms)) }
        case .verify(let room, let answer):
            var check = RoomCheck(room)
            var outcome: VerifyOutcome?
            while outcome == nil { outcome = try check.step(database).outcome }
            let found = outcome ?? .notFound
            report(room, found)
            return { answer(found) }
        case .systemEvents(let number, let limit, let kind, let answer):
            let outcome = try database.connection.reading { () throws(SQLiteFailure) in
                let limit = min(max(limit, 1), Self.maxRows)
                let events = try database.system.events(above: number, limit: limit, kind: kind)
                return SystemEventsOutcome.events(events, last: try database.system.last().number)
            }
            return { answer(outcome) }
        case .verifySystemEvents(let answer):
            let outcome = try verifySystemEvents(database)
            return { answer(outcome) }
        case .statistics(let now, let answer):
            let statistics = try statistics(now: now, database)
            return { answer(.counted(statistics)) }
        case .dryRun(let request, let answer):
            guard dryRun == nil else { return { answer(.busy) } }
            dryRun = DryRun(run: CleanupRun(request, options: options), started: .now, answer: answer)
            return {}
        case .scrub(let room):
            let since = options.wallClock().before(Self.recently)
            if let room {
                scrubber.check([room])
            } else {
                // Also those known to be damaged: somebody may have mended or deleted them.
                scrubber.check(vitals.brokenRooms)
                scrubber.check(try database.rooms.rooms(changedSince: since, limit: Self.maxRows))
            }
            return {}
        }
    }

    private func read(
        _ room: RoomID, after sequence: Int, limit: Int, _ database: StoreDatabase
    ) throws(SQLiteFailure) -> ReadOutcome {
        try database.connection.reading { () throws(SQLiteFailure) in
            guard let head = try database.rooms.head(of: room) else { return .notFound }
            let trim = try database.rooms.trim(of: room)
            guard sequence >= trim.sequence else { return .trimmed(first: trim.sequence + 1, head: head.sequence) }
            let records = try database.rooms.events(
                of: room, after: sequence, trim: trim, head: head, limit: min(max(limit, 1), Self.maxRows))
            return .records(records, head: head.sequence)
        }
    }

    /// A room whose summary cannot be read is left out and reported: it must not hide all the others.
    private func summaries(_ rows: [DirectoryRow]) -> [RoomSummary] {
        rows.compactMap { row in
            do {
                return try SummaryText.summary(row)
            } catch {
                vitals.failed(.directory, code: SQLITE_CORRUPT)
                observer.failed(.directory, code: SQLITE_CORRUPT)
                return nil
            }
        }
    }

    private func verifySystemEvents(_ database: StoreDatabase) throws(SQLiteFailure) -> VerifyOutcome {
        try database.connection.reading { () throws(SQLiteFailure) in
            var chain = SystemEventChain()
            while case let page = try database.system.events(above: chain.number ?? 0, limit: 256), !page.isEmpty {
                for stored in page where !chain.accept(stored) {
                    return .broken(number: chain.number.map { $0 + 1 } ?? stored.number)
                }
            }
            return .sound(records: chain.count)
        }
    }

    private func statistics(now: Timestamp, _ database: StoreDatabase) throws(SQLiteFailure) -> StoreStatistics {
        let instant = ContinuousClock.now
        if let counted, instant - counted.at < Self.countedFor { return counted.statistics }
        let statistics = try StoreCount(database, path: files.path).statistics(now: now)
        counted = (statistics, instant)
        return statistics
    }

    /// Takes the next step of a dry run, on one state of the database.
    private func step(_ work: DryRun) {
        var work = work
        let start = ContinuousClock.now
        do throws(SQLiteFailure) {
            let database = try database()
            try database.connection.reading { () throws(SQLiteFailure) in
                try work.run.step(database, maxRecords: options.cleanupRecords)
            }
        } catch {
            failed(.cleanup, error)
            dryRun = nil
            return work.answer(.unavailable)
        }
        let end = ContinuousClock.now
        observer.performed(.cleanup, took: end - start)
        dryRun = work.run.isOver ? nil : work
        guard work.run.isOver else { return }
        var report = work.run.report
        report.took = end - work.started
        work.answer(.done(report))
    }

    // MARK: Scrubbing

    private func scrub() {
        do throws(SQLiteFailure) {
            for (room, outcome) in try scrubber.run(try database(), at: .now) { report(room, outcome) }
        } catch {
            failed(.scrub, error)
            scrubber.failed(at: .now)
        }
    }

    /// Tells of a damaged room once, and once when it is whole again.
    private func report(_ room: RoomID, _ outcome: VerifyOutcome) {
        switch outcome {
        case .broken(let number):
            guard vitals.broke(room, number: number) else { return }
            observer.chainBroken(room, number: number)
            note(.chainBreak(room, number: number, at: options.wallClock()))
        case .sound, .notFound:
            guard let number = vitals.mended(room) else { return }
            observer.chainMended(room, number: number)
            note(.chainMended(room, number: number, at: options.wallClock()))
        case .unavailable: break
        }
    }
}

@available(*, unavailable) extension StoreReader: Sendable {}

extension SystemEvent {
    static func chainBreak(_ room: RoomID, number: Int, at instant: Timestamp) -> SystemEvent {
        SystemEvent(
            at: instant, kind: .chainBreak, subject: room.description, actor: "store", body: "{\"record\":\(number)}")
    }

    static func chainMended(_ room: RoomID, number: Int, at instant: Timestamp) -> SystemEvent {
        SystemEvent(
            at: instant, kind: .chainMended, subject: room.description, actor: "store", body: "{\"record\":\(number)}")
    }
}
