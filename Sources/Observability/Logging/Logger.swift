import Foundation
import Synchronization

/// Writes log lines without ever blocking its caller: lines wait in a bounded queue for one writer thread.
///
/// When the writer cannot keep up lines are dropped, counted in `gameserver_log_dropped_total`, and a line of
/// its own (`log_lines_dropped`) says how many as soon as there is room.
public final class Logger: Sendable {
    private let queue: LogQueue
    private let threshold: Atomic<Int>
    private let clock: @Sendable () -> Int
    private let dropped: LabelledCounter<LogLevelLabel>?

    /// - Parameters:
    ///   - capacity: most lines that wait for the writer.
    ///   - metrics: where drops are counted.
    ///   - clock: Unix time in microseconds.
    public init(
        level: LogLevel = .info, sink: LogSink, origin: LogOrigin, capacity: Int = 8192, metrics: Metrics? = nil,
        clock: @escaping @Sendable () -> Int = Logger.systemTime
    ) {
        queue = LogQueue(capacity: capacity)
        threshold = Atomic(level.rawValue)
        self.clock = clock
        dropped = metrics?.logDropped
        let writer = LogWriter(
            queue: queue, sink: sink, encoder: LogEncoder(format: sink.format, origin: origin), dropped: dropped,
            clock: clock)
        let thread = Thread { writer.run() }
        thread.name = "log-writer"
        thread.start()
    }

    deinit { queue.close() }

    /// A logger whose lines go nowhere.
    public static func discarding() -> Logger {
        Logger(level: .critical, sink: LogSink { _ in true }, origin: LogOrigin(version: "", node: "", processID: 0))
    }

    /// Lines below it are not made. May change at any time.
    public var level: LogLevel {
        get { LogLevel(rawValue: threshold.load(ordering: .relaxed)) ?? .info }
        set { threshold.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// - Parameters:
    ///   - event: what happened in stable snake_case, for searching.
    ///   - message: the same for people; never a token, a secret or a client's payload.
    public func log(
        _ level: LogLevel, _ category: LogCategory, _ event: StaticString, _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> LogFields = [:], in context: LogContext = .none
    ) {
        guard level.rawValue >= threshold.load(ordering: .relaxed) else { return }
        let record = LogRecord(
            time: clock(), level: level, category: category, event: event, message: message(), fields: fields(),
            context: context)
        if !queue.push(record) { dropped?.add(1, LogLevelLabel(level)) }
    }

    /// Waits until the lines so far are written.
    ///
    /// - Returns: false when they were not within the time.
    @discardableResult
    public func flush(within duration: Duration = .seconds(1)) -> Bool { queue.flush(within: duration.seconds) }

    /// Writes what waits and ends the writer; later lines are dropped.
    ///
    /// - Returns: false when the sink did not take the rest within the time.
    @discardableResult
    public func close(within duration: Duration = .seconds(1)) -> Bool {
        queue.close()
        return queue.waitUntilFinished(within: duration.seconds)
    }

    /// Unix time in microseconds.
    public static let systemTime: @Sendable () -> Int = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}

/// The thread that encodes and writes.
private struct LogWriter: Sendable {
    let queue: LogQueue
    let sink: LogSink
    let encoder: LogEncoder
    let dropped: LabelledCounter<LogLevelLabel>?
    let clock: @Sendable () -> Int

    /// Lines are handed to the sink in pieces of about this many bytes.
    private static let chunkBytes = 64 * 1024

    func run() {
        while let batch = queue.take() {
            var bytes: [UInt8] = []
            var lines: [LogLevelLabel: Int] = [:]
            if batch.dropped > 0 { bytes = encoder.line(report(batch.dropped)) }
            for record in batch.records {
                bytes += encoder.line(record)
                lines[LogLevelLabel(record.level), default: 0] += 1
                if bytes.count >= Self.chunkBytes { write(&bytes, &lines) }
            }
            write(&bytes, &lines)
        }
    }

    private func write(_ bytes: inout [UInt8], _ lines: inout [LogLevelLabel: Int]) {
        guard !bytes.isEmpty else { return }
        if !sink.write(bytes) { for (level, count) in lines { dropped?.add(count, level) } }
        bytes.removeAll(keepingCapacity: true)
        lines = [:]
    }

    private func report(_ count: Int) -> LogRecord {
        LogRecord(
            number: queue.nextNumber(), time: clock(), level: .warning, category: .system, event: "log_lines_dropped",
            message: "\(count) log lines were dropped: the log's reader is too slow",
            fields: ["dropped": .integer(count)],
            context: .none)
    }
}
