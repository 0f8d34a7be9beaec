import PluginAPI

/// A cleanup the writer is at.
struct CleanupWork {
    var run: CleanupRun
    let started: ContinuousClock.Instant
    let answer: @Sendable (CleanupOutcome) -> Void
    /// When the next step may be done.
    var next: ContinuousClock.Instant
    var failures = 0

    /// Steps that may fail one after the other before it is broken off.
    static let maxFailures = 5
    /// How long it waits after a step that failed.
    static let retryAfter = Duration.seconds(1)
}

/// What the writer does between two groups.
extension StoreWriter {
    /// How long there is nothing to do unless something is asked.
    var patience: Duration {
        let now = ContinuousClock.now
        let hasLog = database.connection.unmovedPages > 0 && !checkpointer.isAtWork
        let patience = watch.patience(now, hasLog: hasLog)
        guard let cleanup else { return patience }
        return min(patience, max(cleanup.next - now, .zero))
    }

    /// Looks and cleans up if it is time to.
    func attend() {
        let now = ContinuousClock.now
        if watch.look(now) { look(now) }
        if watch.cleanup(now), let schedule = options.schedule {
            let request = CleanupRequest(
                olderThan: schedule.retention, dryRun: false, now: options.wallClock(), maxBytes: schedule.maxBytes,
                actor: CleanupRequest.scheduler)
            begin(request) { _ in }
        }
        if let cleanup, now >= cleanup.next { step(cleanup) }
    }

    // MARK: Looking

    private func look(_ now: ContinuousClock.Instant) {
        lookAtFile()
        logLimit = files.logLimit(options.checkpointPages)
        if vitals.trouble != nil, vitals.file == .same { _ = commitNothing(isQuiet: true) }
        learnIfOthersWrote()
        do throws(SQLiteFailure) {
            try lookForOthers(now)
            try measure()
        } catch {
            failed(.health, error)
        }
    }

    /// Whether the file under the path is still the one that is open.
    func lookAtFile() {
        let file = files.state
        guard vitals.found(file) else { return }
        if file != .same {
            if vitals.troubled(.io) { observer.troubled(.io) }
        } else {
            // If it succeeds, it tells that all is well.
            _ = commitNothing(isQuiet: true)
        }
    }

    /// What others deleted from the file that is open need not be there any more. What cannot be read leaves what was
    /// known, and is tried again at the next look.
    func learnIfOthersWrote() {
        guard vitals.file == .same else { return }
        do throws(SQLiteFailure) {
            watch.saw(version: try database.version())
            guard watch.hasToLearn else { return }
            try known.learn(from: database.connection)
            watch.learned(true)
        } catch {
            vitals.failed(.health, code: error.code)
        }
    }

    private func lookForOthers(_ now: ContinuousClock.Instant) throws(SQLiteFailure) {
        watch.saw(version: try database.version())
        guard watch.takeForeignWrite() else { return }
        vitals.sawForeignWrite()
        observer.foreignWrite()
        scrub(nil)
        guard watch.notes(now) else { return }
        note(.init(at: options.wallClock(), kind: .foreignWrite, subject: "store", actor: "store"))
    }

    private func measure() throws(SQLiteFailure) {
        let pages = try database.cleaning.pages()
        var size = StoreSize()
        size.databaseBytes = pages.count * pages.bytes
        size.freePages = pages.free
        size.walBytes = files.walBytes
        (size.cacheHits, size.cacheMisses) = database.connection.cache
        observer.measured(size)
    }

    /// Keeps an event of the store's own.
    func note(_ event: SystemEvent) {
        run([.note(event) { _ in }])
    }

    /// Whether the database can be written to, tried if nothing was written lately.
    func probe() -> Bool {
        lookAtFile()
        logLimit = files.logLimit(options.checkpointPages)
        if vitals.trouble != nil { return commitNothing(isQuiet: true) && vitals.trouble == nil }
        if let age = vitals.lastCommitAge, age < options.stallAfter { return true }
        do throws(SQLiteFailure) {
            try begin()
            rollBack()
            return true
        } catch {
            failed(.health, error)
            return false
        }
    }

    // MARK: Cleaning up

    /// Begins a cleanup, unless one is at work.
    func begin(_ request: CleanupRequest, answer: @escaping @Sendable (CleanupOutcome) -> Void) {
        guard cleanup == nil else { return answer(.busy) }
        let now = ContinuousClock.now
        cleanup = CleanupWork(run: CleanupRun(request, options: options), started: now, answer: answer, next: now)
    }

    /// Does the next step of a cleanup in a transaction of its own, and says when the one after it may come.
    private func step(_ work: CleanupWork) {
        var next = work
        let start = ContinuousClock.now
        do throws(SQLiteFailure) {
            try begin()
            try next.run.step(database, maxRecords: options.cleanupRecords)
            if next.run.isOver, let event = next.run.report.event(for: next.run.request) {
                _ = try database.system.insert(event)
            }
            try commit(database.connection)
        } catch {
            rollBack()
            failed(.cleanup, error)
            return retry(work)
        }
        let end = ContinuousClock.now
        observer.performed(.cleanup, took: end - start)
        next.next = end + (end - start) * (options.cleanupShare - 1)
        next.failures = 0
        known.deleted(next.run.deleted)
        // Whoever was told that it is damaged is told that it is gone.
        for room in next.run.deleted where vitals.isBroken(room) { scrub(room) }
        guard next.run.isOver else {
            cleanup = next
            return
        }
        cleanup = nil
        var report = next.run.report
        report.took = end - next.started
        for room in next.run.damagedRooms.keys { scrub(room) }
        observer.cleaned(report)
        next.answer(.done(report))
    }

    private func retry(_ work: CleanupWork) {
        var work = work
        work.failures += 1
        work.next = .now + CleanupWork.retryAfter
        cleanup = work.failures < CleanupWork.maxFailures ? work : nil
        if cleanup == nil { work.answer(.unavailable) }
    }

    /// Breaks a cleanup off; what it has deleted stays deleted.
    func abandonCleanup() {
        cleanup?.answer(.unavailable)
        cleanup = nil
    }
}
