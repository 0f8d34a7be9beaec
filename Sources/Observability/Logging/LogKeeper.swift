import Foundation
import Synchronization

/// Compresses and removes files that were put aside, on a thread of its own while there is something to do.
final class LogKeeper: Sendable {
    private struct State {
        var isRunning = false
        var next: Int?
    }

    private let archive: LogArchive
    private let rotation: LogRotation
    private let report: @Sendable (LogKeeping) -> Void
    private let state = Mutex(State())

    /// - Parameter report: told on that thread when something was removed or failed.
    init(_ archive: LogArchive, _ rotation: LogRotation, report: @escaping @Sendable (LogKeeping) -> Void) {
        self.archive = archive
        self.rotation = rotation
        self.report = report
    }

    /// Looks after the files soon, once more if it is doing so already.
    ///
    /// - Parameter time: Unix time in microseconds.
    func request(at time: Int) {
        let mustStart = state.withLock { state in
            state.next = time
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard mustStart else { return }
        let thread = Thread {
            nameThread("log-keeper")
            self.run()
        }
        thread.start()
    }

    private func run() {
        while let time = next() {
            let result = archive.keep(rotation, at: time)
            if result.removed > 0 || !result.failures.isEmpty { report(result) }
        }
    }

    private func next() -> Int? {
        state.withLock { state in
            defer { state.next = nil }
            if state.next == nil { state.isRunning = false }
            return state.next
        }
    }
}
