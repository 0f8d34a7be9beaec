import CLinux
import Foundation
import Synchronization

/// Where lines wait for the writer thread, and how it is woken.
///
/// A loop has a ring of its own, every other thread shares one queue, whose lock is held for a few instructions and
/// never while a line is encoded or written.
final class LogIntake: Sendable {
    private struct Waiting {
        var records: [LogRecord] = []
        var audits: [LogRecord] = []
        var admission: LogAdmission
    }

    private enum Sleep {
        static let awake = 0
        /// Comes back by itself in a moment; only what is urgent wakes it.
        static let naps = 1
        static let sleeps = 2
    }

    /// Most operators' actions that wait before `isKeepingAudit` says that no more should be taken on.
    private static let auditBacklog = 4096

    private let waiting: Mutex<Waiting>
    private let rings = Mutex<[LogRingCells]>([])
    private let flushes = Mutex<[DispatchSemaphore]>([])
    private let reopening = Atomic(false)
    private let closing = Atomic(false)
    private let auditIsBehind = Atomic(false)
    private let finished = Atomic(false)
    /// Something came that is not to wait for others to gather.
    private let isUrgent = Atomic(false)
    private let sleep = Atomic(Sleep.awake)
    private let bell: Int32
    private let capacity: Int
    private let napMilliseconds: Int32
    let counters: LogCounters

    /// - Parameters:
    ///   - capacity: most lines in the shared queue before lines are dropped.
    ///   - gatherMilliseconds: how long a busy writer lets lines gather.
    init(capacity: Int, gatherMilliseconds: Int, counters: LogCounters) {
        self.capacity = capacity
        napMilliseconds = Int32(clamping: gatherMilliseconds)
        self.counters = counters
        waiting = Mutex(Waiting(admission: LogAdmission(capacity: capacity)))
        bell = clinux_eventfd()
        precondition(bell >= 0, "a descriptor for the log writer's bell")
    }

    deinit { Glibc.close(bell) }

    // MARK: Any thread

    var isClosing: Bool { closing.load(ordering: .relaxed) }

    func push(_ record: LogRecord) {
        let count: Int? = waiting.withLock { waiting in
            guard !isClosing else { return nil }
            if record.category == .audit {
                waiting.audits.append(record)
                return 0
            }
            let count = waiting.records.count
            guard waiting.admission.admits(record.level, waiting: count, at: record.time) else { return nil }
            waiting.records.append(record)
            return count
        }
        guard let count else { return drop(record.level) }
        rouse(urgently: record.level >= .error || record.category == .audit || count == capacity / 2)
    }

    func drop(_ level: LogLevel) { counters.dropped(level) }

    /// Whether lines that must not be lost find their place.
    var isKeepingAudit: Bool {
        guard !isClosing, !auditIsBehind.load(ordering: .relaxed) else { return false }
        return waiting.withLock { $0.audits.count } < Self.auditBacklog
    }

    func setAuditBehind(_ isBehind: Bool) { auditIsBehind.store(isBehind, ordering: .relaxed) }

    func makeCells(capacity: Int) -> LogRingCells {
        let cells = LogRingCells(capacity: capacity)
        rings.withLock { $0.append(cells) }
        return cells
    }

    /// Has the writer come if it would not come by itself.
    func rouse(urgently: Bool) {
        // A writer that is at work hears no bell; it looks before it naps.
        if urgently { isUrgent.store(true, ordering: .sequentiallyConsistent) }
        let state = sleep.load(ordering: .sequentiallyConsistent)
        guard state == Sleep.sleeps || (urgently && state == Sleep.naps) else { return }
        guard sleep.exchange(Sleep.awake, ordering: .sequentiallyConsistent) != Sleep.awake else { return }
        ring()
    }

    func reopen() {
        reopening.store(true, ordering: .sequentiallyConsistent)
        ring()
    }

    /// - Returns: false when the lines pushed so far were not all written in time.
    func flush(within seconds: Double) -> Bool {
        guard !finished.load(ordering: .acquiring) else { return true }
        let done = DispatchSemaphore(value: 0)
        flushes.withLock { $0.append(done) }
        ring()
        return done.wait(timeout: .now() + seconds) == .success || finished.load(ordering: .acquiring)
    }

    /// Refuses further lines and has the writer end once it has written the rest.
    func close() {
        // Under the lock, so that no line comes in behind the writer's last look.
        waiting.withLock { _ in closing.store(true, ordering: .sequentiallyConsistent) }
        ring()
    }

    private func ring() {
        var one: UInt64 = 1
        // A full counter means that it rings already.
        _ = Glibc.write(bell, &one, MemoryLayout<UInt64>.size)
    }

    // MARK: The writer

    struct Batch {
        var records: [LogRecord]
        var audits: [LogRecord]
        var flushes: [DispatchSemaphore]
        var mustReopen: Bool
        var isLast: Bool

        var isEmpty: Bool { records.isEmpty && audits.isEmpty }
    }

    /// All that waits now, in the order of time.
    func take() -> Batch {
        let isLast = closing.load(ordering: .sequentiallyConsistent)
        let waiters = flushes.withLock { waiters in
            defer { waiters = [] }
            return waiters
        }
        let mustReopen = reopening.exchange(false, ordering: .sequentiallyConsistent)
        isUrgent.store(false, ordering: .sequentiallyConsistent)
        var (records, audits) = waiting.withLock { waiting in
            defer {
                waiting.records = []
                waiting.audits = []
            }
            return (waiting.records, waiting.audits)
        }
        let cells = rings.withLock { rings in
            defer { rings.removeAll { $0.isAbandoned.load(ordering: .acquiring) } }
            return rings
        }
        for ring in cells {
            var mine: [LogRecord] = []
            // What comes in meanwhile waits for the next batch, or a busy loop would keep the writer here.
            for _ in 0..<ring.count { if let record = ring.take() { mine.append(record) } }
            records = Self.merged(records, mine)
        }
        audits.sort { $0.time < $1.time }
        return Batch(records: records, audits: audits, flushes: waiters, mustReopen: mustReopen, isLast: isLast)
    }

    /// Waits until there is something to do, or for `limit`.
    ///
    /// - Parameter isBusy: whether the batch before held lines: then more are likely, and they are gathered for a moment.
    func wait(isBusy: Bool, limit: Duration?) {
        let limit = limit.map { Int32(max(0, min($0.seconds * 1000, 3_600_000)).rounded(.up)) }
        if isBusy {
            sleep.store(Sleep.naps, ordering: .sequentiallyConsistent)
            if !isPressing { pollBell(min(napMilliseconds, limit ?? .max)) }
        } else {
            sleep.store(Sleep.sleeps, ordering: .sequentiallyConsistent)
            if !isPressing && !hasLines { pollBell(limit ?? -1) }
        }
        sleep.store(Sleep.awake, ordering: .sequentiallyConsistent)
    }

    func finish(_ waiters: [DispatchSemaphore]) { for waiter in waiters { waiter.signal() } }

    func end() {
        finished.store(true, ordering: .sequentiallyConsistent)
        finish(flushes.withLock { $0 })
    }

    private var isPressing: Bool {
        if isClosing || isUrgent.load(ordering: .sequentiallyConsistent) { return true }
        if reopening.load(ordering: .relaxed) || flushes.withLock({ !$0.isEmpty }) { return true }
        let isHalfFull = waiting.withLock { $0.records.count > capacity / 2 || !$0.audits.isEmpty }
        return isHalfFull || rings.withLock { $0.contains { $0.count > $0.capacity / 2 } }
    }

    private var hasLines: Bool {
        waiting.withLock { !$0.records.isEmpty } || rings.withLock { $0.contains { $0.count > 0 } }
    }

    private func pollBell(_ milliseconds: Int32) {
        var wanted = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
        guard poll(&wanted, 1, milliseconds) > 0 else { return }
        var count: UInt64 = 0
        _ = Glibc.read(bell, &count, MemoryLayout<UInt64>.size)
    }

    /// Two runs as one by time; within a run its own order stays.
    private static func merged(_ left: [LogRecord], _ right: [LogRecord]) -> [LogRecord] {
        guard !left.isEmpty else { return right }
        guard !right.isEmpty else { return left }
        var all: [LogRecord] = []
        all.reserveCapacity(left.count + right.count)
        var index = 0
        for record in left {
            while index < right.count && right[index].time < record.time {
                all.append(right[index])
                index += 1
            }
            all.append(record)
        }
        return all + right[index...]
    }
}
