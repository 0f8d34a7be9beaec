import Foundation
import Observability
import WebSocket

/// A thread for one check that may block, so that no other check waits for it.
final class ProbeThread: Sendable {
    private let id: String
    private let inbox: Inbox<Void>
    private let monitor: Monitor
    private let measure: @Sendable () -> CheckReading

    /// - Parameter name: at most 15 bytes, as `top -H` shows it.
    init(
        _ id: String, name: String, monitor: Monitor, measure: @escaping @Sendable () -> CheckReading
    ) throws(SystemError) {
        self.id = id
        inbox = try Inbox(capacity: 1)
        self.monitor = monitor
        self.measure = measure
        let thread = Thread { [self] in
            nameThread(name)
            serve()
        }
        thread.start()
    }

    /// - Returns: false when the last run has not even begun.
    func run() -> Bool { inbox.post(()) }

    /// Ends the thread once its run, if it is in one, returns. Nobody waits for it.
    func stop() { inbox.close() }

    private func serve() {
        while let wanted = inbox.take(until: nil) {
            guard !wanted.isEmpty else { continue }
            let started = MonotonicTime.now()
            monitor.post(.checked(id: id, measure(), started: started))
        }
    }
}
