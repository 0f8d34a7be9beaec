import Synchronization

/// One thread's own way to the log: it takes no lock, waits for nobody, and allocates nothing beyond the line.
///
/// Made by `Logger.makeRing` on the thread that keeps it; not Sendable, so the compiler keeps it there.
public final class LogRing {
    @usableFromInline let logger: Logger
    private let cells: LogRingCells
    private var admission: LogAdmission

    /// - Parameter cells: with room for all that `admission` lets wait.
    init(logger: Logger, cells: LogRingCells, admission: LogAdmission) {
        precondition(cells.capacity >= admission.ceiling)
        self.logger = logger
        self.cells = cells
        self.admission = admission
    }

    deinit { cells.isAbandoned.store(true, ordering: .releasing) }

    /// As `Logger.log`.
    @inlinable
    public func log(
        _ level: LogLevel, _ category: LogCategory, _ event: StaticString, _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> LogFields = [:], took: Duration? = nil, threshold: Duration? = nil,
        about part: @autoclosure () -> LogPart? = nil, in context: @autoclosure () -> LogContext = .none
    ) {
        guard logger.isLogged(level, category) else { return }
        submit(level, category, event, message(), fields(), took, threshold, part(), context())
    }

    @usableFromInline
    func submit(
        _ level: LogLevel, _ category: LogCategory, _ event: StaticString, _ message: consuming String,
        _ fields: consuming LogFields, _ took: Duration?, _ threshold: Duration?, _ part: consuming LogPart?,
        _ context: consuming LogContext
    ) {
        let record = LogRecord(
            time: logger.clock(), level: level, category: category, event: event, message: message, fields: fields,
            took: took, threshold: threshold, part: part, context: context)
        // What an operator did waits in a queue without a ceiling of its own.
        guard category != .audit else { return logger.intake.push(record) }
        let waiting = cells.count
        guard !logger.intake.isClosing, admission.admits(level, waiting: waiting, at: record.time) else {
            return logger.intake.drop(level)
        }
        cells.push(record)
        logger.intake.rouse(urgently: level >= .error || waiting == cells.capacity / 2)
    }
}

@available(*, unavailable)
extension LogRing: Sendable {}

/// The memory of a ring: slots that one thread fills and the writer empties.
final class LogRingCells: @unchecked Sendable {
    // Safe to share: a slot belongs to the producer until `filled` passes it and to the writer until `emptied` does.
    private let slots: UnsafeMutablePointer<LogRecord>
    /// Slots ever filled; stored by the producer only.
    private let filled = Atomic(0)
    /// Slots ever emptied; stored by the writer only.
    private let emptied = Atomic(0)
    /// Whether the producer has gone.
    let isAbandoned = Atomic(false)
    let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        slots = .allocate(capacity: capacity)
    }

    deinit {
        while take() != nil {}
        slots.deallocate()
    }

    var count: Int { filled.load(ordering: .sequentiallyConsistent) - emptied.load(ordering: .acquiring) }

    /// By the producer, when `count` is below `capacity`.
    func push(_ record: consuming LogRecord) {
        let index = filled.load(ordering: .relaxed)
        (slots + index % capacity).initialize(to: record)
        // In one order with the writer's word that it falls asleep, so that one of both sees the other.
        filled.store(index + 1, ordering: .sequentiallyConsistent)
    }

    /// By the writer.
    func take() -> LogRecord? {
        let index = emptied.load(ordering: .relaxed)
        guard index < filled.load(ordering: .acquiring) else { return nil }
        let record = (slots + index % capacity).move()
        emptied.store(index + 1, ordering: .releasing)
        return record
    }
}
