import Foundation

/// Records on their way to the writer thread.
///
/// The lock is held for a few instructions on either side, never while a line is encoded or written.
final class LogQueue: @unchecked Sendable {
    // Safe to share: `condition` guards every property below it.
    private let condition = NSCondition()
    private var records: [LogRecord] = []
    private var lastNumber = 0
    private var takenNumber = 0
    private var writtenNumber = 0
    private var dropped = 0
    private var isClosing = false
    private var isFinished = false

    /// Most records that wait. Above seven eighths of it lines below `warning` are dropped, above it all are.
    let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// - Returns: false when the record was dropped.
    func push(_ record: LogRecord) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        lastNumber += 1
        let room = record.level >= .warning ? capacity : capacity / 8 * 7
        guard !isClosing, records.count < room else {
            dropped += 1
            return false
        }
        var record = record
        record.number = lastNumber
        records.append(record)
        if records.count == 1 { condition.broadcast() }
        return true
    }

    struct Batch { var records: [LogRecord], dropped: Int }

    /// Waits for records and takes all of them; the batch taken before is written by now.
    ///
    /// - Returns: nil when the queue is closed and empty; the writer ends.
    func take() -> Batch? {
        condition.lock()
        defer { condition.unlock() }
        writtenNumber = max(writtenNumber, takenNumber)
        condition.broadcast()
        while records.isEmpty && dropped == 0 && !isClosing { condition.wait() }
        guard !records.isEmpty || dropped > 0 else {
            isFinished = true
            condition.broadcast()
            return nil
        }
        defer {
            takenNumber = records.last?.number ?? takenNumber
            records = []
            dropped = 0
        }
        return Batch(records: records, dropped: dropped)
    }

    /// The number of the report the writer adds itself.
    func nextNumber() -> Int {
        condition.lock()
        defer { condition.unlock() }
        lastNumber += 1
        return lastNumber
    }

    /// - Returns: false when the lines pushed so far were not all written in time.
    func flush(within seconds: Double) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard let target = records.last?.number ?? (takenNumber > writtenNumber ? takenNumber : nil) else {
            return true
        }
        let deadline = Date(timeIntervalSinceNow: seconds)
        while writtenNumber < target && !isFinished {
            guard condition.wait(until: deadline) else { return writtenNumber >= target }
        }
        return true
    }

    /// Refuses further records and has the writer end once it has written the rest.
    func close() {
        condition.lock()
        isClosing = true
        condition.broadcast()
        condition.unlock()
    }

    func waitUntilFinished(within seconds: Double) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Date(timeIntervalSinceNow: seconds)
        while !isFinished {
            guard condition.wait(until: deadline) else { return isFinished }
        }
        return true
    }
}
