import Foundation
import Synchronization

/// Writes log lines without ever blocking its caller: lines wait in bounded queues for one writer thread.
///
/// When the writer cannot keep up lines are dropped, the least important first, counted by level, and a line of its own
/// (`log_lines_dropped`) says how many as soon as there is room. A loop takes a `LogRing` of its own.
public final class Logger: Sendable {
    /// What may be other than usual.
    public struct Options: Sendable {
        /// Categories with a level of their own.
        public var categoryLevels: [LogCategory: LogLevel] = [:]
        /// Most lines kept in memory for `search`.
        public var memoryLines = 5000
        public var clientAddresses = ClientAddressPrivacy.full
        /// Lines a second that one event of one plugin may go on writing, with ten times as many at once; 0 is no
        /// limit. Lines of access, game events and audit have none.
        public var repeatsPerSecond = 20
        /// How long the writer gathers lines before it writes them: under load nobody has to wake it, and what a batch
        /// costs beside its lines is shared by many. Errors, the audit trail and queues that fill do not wait.
        public var gatherMilliseconds = 100
        /// The audit trail's own file.
        public var auditFile: LogFilePlan?

        public init() {}
    }

    @usableFromInline let levelWord: Atomic<UInt64>
    let intake: LogIntake
    let clock: @Sendable () -> Int
    let memory: LogMemory
    let tails: LogTails
    let archive: LogArchive?

    /// - Parameters:
    ///   - level: of the categories without one of their own.
    ///   - capacity: most lines that wait for the writer before lines are dropped.
    ///   - metrics: where drops are counted.
    ///   - clock: Unix time in microseconds.
    public init(
        level: LogLevel = .info, sink: LogSink, origin: LogOrigin, options: Options = Options(), capacity: Int = 8192,
        metrics: Metrics? = nil, clock: @escaping @Sendable () -> Int = Logger.systemTime
    ) {
        levelWord = Atomic(LogLevels(level, own: options.categoryLevels).word)
        intake = LogIntake(
            capacity: capacity, gatherMilliseconds: options.gatherMilliseconds,
            counters: LogCounters(metrics: metrics))
        memory = LogMemory(capacity: options.memoryLines)
        tails = LogTails()
        archive = if case .file(let plan) = sink.target { LogArchive(path: plan.path) } else { nil }
        self.clock = clock
        let plan = LogWriter.Plan(
            intake: intake, sink: sink, encoder: LogEncoder(origin: origin, addresses: options.clientAddresses),
            memory: memory, tails: tails, auditFile: options.auditFile, repeatsPerSecond: options.repeatsPerSecond,
            clock: clock)
        let thread = Thread {
            nameThread("log-writer")
            var writer = LogWriter(plan)
            writer.run()
        }
        thread.start()
    }

    deinit { intake.close() }

    // MARK: Levels

    /// The least level that is logged, for each category.
    public var levels: LogLevels { LogLevels(word: levelWord.load(ordering: .relaxed)) }

    /// Changes what is logged from now on, on all threads.
    ///
    /// - Parameters:
    ///   - level: nil gives a category the general level again.
    ///   - category: nil changes the general level, which holds for the categories without one of their own.
    public func setLevel(_ level: LogLevel?, for category: LogCategory? = nil) {
        var old = levels
        while true {
            var new = old
            new.set(level, for: category)
            let (isDone, current) = levelWord.compareExchange(
                expected: old.word, desired: new.word, ordering: .relaxed)
            if isDone { return }
            old = LogLevels(word: current)
        }
    }

    /// Whether a line would be made.
    @inlinable
    public func isLogged(_ level: LogLevel, _ category: LogCategory) -> Bool {
        LogLevels(word: levelWord.load(ordering: .relaxed)).admits(level, category)
    }

    // MARK: Lines

    /// - Parameters:
    ///   - event: what happened in stable snake_case, for searching.
    ///   - message: the same for people; never a token, a secret or a client's payload.
    ///   - fields: the line's `details`.
    ///   - took: how long what happened took, and the time that would have been too long.
    @inlinable
    public func log(
        _ level: LogLevel, _ category: LogCategory, _ event: StaticString, _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> LogFields = [:], took: Duration? = nil, threshold: Duration? = nil,
        about part: @autoclosure () -> LogPart? = nil, in context: @autoclosure () -> LogContext = .none
    ) {
        guard isLogged(level, category) else { return }
        submit(level, category, event, message(), fields(), took, threshold, part(), context())
    }

    /// A line of the audit trail: never dropped, never left out as a repeat, tied to the line before it.
    public func audit(
        _ audit: LogAudit, _ event: StaticString, _ message: String, _ fields: LogFields = [:],
        in context: LogContext = .none
    ) {
        submit(.info, .audit, event, message, fields, nil, nil, .audit(audit), context)
    }

    /// False when audit lines cannot be written for now and many wait: do not do what would have to be audited.
    public var isKeepingAudit: Bool { intake.isKeepingAudit }

    /// The calling thread's own way to the log.
    ///
    /// - Parameter capacity: most lines that wait in it before lines are dropped.
    public func makeRing(capacity: Int = 2048) -> LogRing {
        let admission = LogAdmission(capacity: capacity)
        return LogRing(logger: self, cells: intake.makeCells(capacity: admission.ceiling), admission: admission)
    }

    @usableFromInline
    func submit(
        _ level: LogLevel, _ category: LogCategory, _ event: StaticString, _ message: consuming String,
        _ fields: consuming LogFields, _ took: Duration?, _ threshold: Duration?, _ part: consuming LogPart?,
        _ context: consuming LogContext
    ) {
        intake.push(
            LogRecord(
                time: clock(), level: level, category: category, event: event, message: message, fields: fields,
                took: took, threshold: threshold, part: part, context: context))
    }

    // MARK: The writer

    /// Has the log files opened anew, after somebody else has put them aside.
    public func reopen() { intake.reopen() }

    /// Waits until the lines so far are written.
    ///
    /// - Returns: false when they were not within the time.
    @discardableResult
    public func flush(within duration: Duration = .seconds(1)) -> Bool { intake.flush(within: duration.seconds) }

    /// Writes what waits and ends the writer; later lines are dropped.
    ///
    /// - Returns: false when the sink did not take the rest within the time.
    @discardableResult
    public func close(within duration: Duration = .seconds(1)) -> Bool {
        intake.close()
        return intake.flush(within: duration.seconds)
    }

    /// Unix time in microseconds.
    public static let systemTime: @Sendable () -> Int = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}

extension Logger {
    /// What became of the lines so far.
    var statistics: LogStatistics { intake.counters.statistics }

    /// Lines that were written, newest first. May read files: not on a loop.
    public func search(_ filter: LogFilter) -> LogPage {
        var search = LogSearch(filter)
        return search.page(in: memory.lines, then: archive)
    }

    /// Has lines delivered as they are written, JSON objects without line feeds.
    ///
    /// - Parameters:
    ///   - filter: `from`, `to`, `before`, `limit` and `includesFiles` are of no use here.
    ///   - capacity: lines that wait when the taker has no room; beyond it they are lost and counted in `LogTail.lost`.
    ///   - deliver: called on the writer thread; it must not wait or cancel, and says false when it has no room.
    /// - Returns: to be kept as long as lines are wanted; nil when there are `LogTails.limit` already.
    public func tail(
        _ filter: LogFilter, capacity: Int = 1000, deliver: @escaping @Sendable ([UInt8]) -> Bool
    ) -> LogTail? {
        let tail = LogTail(filter, capacity: capacity, counters: intake.counters, deliver: deliver)
        return tails.add(tail) ? tail : nil
    }
}
