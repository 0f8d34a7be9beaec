/// The life of the thread that writes.
extension StoreWriter {
    /// Pages of the log that the writer moves itself, for want of time to move them beside it.
    private static let fewPages = 64
    /// Checkpoints on the other thread, one after the other, that may leave more than a few pages.
    private static let maxPasses = 3

    /// Does what is asked until the inbox is closed and empty. Checkpoints and cleanups come after the answers have gone
    /// out.
    func serve(_ inbox: StoreInbox<StoreRequest>) {
        while true {
            switch inbox.take(atMost: options.maxGroupRequests, maxBytes: options.maxGroupBytes, patience: patience) {
            case .questions(let questions):
                serve(questions)
                watch.sawGroup(.now)
                checkpointIfLarge()
            case .quiet:
                if watch.isQuiet(.now), database.connection.unmovedPages > 0 { beginCheckpoint() }
            case .closed:
                return end()
            }
            attend()
        }
    }

    private func serve(_ questions: [StoreRequest]) {
        var group: [StoreRequest] = []
        var orders: [StoreRequest.Order] = []
        for question in questions {
            if case .order(let order) = question { orders.append(order) } else { group.append(question) }
        }
        if !group.isEmpty { run(group) }
        for order in orders { obey(order) }
    }

    private func obey(_ order: StoreRequest.Order) {
        switch order {
        case .cleanup(let request, let answer): begin(request, answer: answer)
        case .health(let answer): answer(probe())
        case .reopen(let answer):
            checkpointer.finish()
            answer(reopen())
        case .checkpointed: finishCheckpoint()
        }
    }

    private func end() {
        abandonCleanup()
        checkpointer.close()
        checkpoint(truncating: true)
    }

    // MARK: Moving the write-ahead log

    private func checkpointIfLarge() {
        finishCheckpoint()
        let unmoved = database.connection.unmovedPages
        if unmoved >= 4 * logLimit {
            // The other thread does not keep up: what waits has to wait longer, or the log would grow for ever.
            checkpointer.finish()
            checkpoint(truncating: false)
        } else if unmoved >= logLimit {
            beginCheckpoint()
        }
    }

    private func beginCheckpoint() {
        checkpointer.start(log: database.connection.logNumber)
    }

    /// What was written during a checkpoint keeps the log from beginning anew: another one, and the last few pages here.
    private func finishCheckpoint() {
        guard let result = checkpointer.takeResult() else { return }
        let connection = database.connection
        guard let moved = result.moved, result.log == connection.logNumber else { return passes = 0 }
        connection.noteMoved(moved)
        guard connection.walPages >= logLimit, connection.unmovedPages > 0 else { return passes = 0 }
        if connection.unmovedPages <= Self.fewPages || passes >= Self.maxPasses {
            passes = 0
            checkpoint(truncating: false)
        } else {
            passes += 1
            beginCheckpoint()
        }
    }

    private func checkpoint(truncating: Bool) {
        let start = ContinuousClock.now
        do throws(SQLiteFailure) {
            guard let (moved, left) = try database.connection.checkpoint(truncating: truncating) else { return }
            observer.checkpointed(pages: moved, left: left, took: ContinuousClock.now - start)
        } catch {
            failed(.checkpoint, error)
        }
    }
}
