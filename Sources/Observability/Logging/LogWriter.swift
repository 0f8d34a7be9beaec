import Foundation

/// What encodes and writes; lives on the stack of its thread.
struct LogWriter: ~Copyable {
    /// What the writer is made from; crosses from the thread that makes the logger.
    struct Plan: Sendable {
        var intake: LogIntake
        var sink: LogSink
        var encoder: LogEncoder
        var memory: LogMemory
        var tails: LogTails
        var auditFile: LogFilePlan?
        var repeatsPerSecond: Int
        var clock: @Sendable () -> Int
    }

    /// Lines are handed to the sink in pieces of about this many bytes.
    private static let chunkBytes = 64 * 1024
    /// Room for a usual batch; it grows when a batch is larger.
    private static let usualBytes = 16 * 1024
    /// How soon a tail whose taker had no room is tried again.
    private static let tailPause = Duration.milliseconds(100)
    /// How soon lines kept back as repeats are looked at again.
    private static let repeatPause = Duration.seconds(1)
    /// How soon an audit file that could not be written is tried again.
    private static let auditPause = Duration.seconds(1)
    /// How often files are looked after beside each time one is put aside, in seconds.
    private static let keepingPeriod = 3600

    private let plan: Plan
    private let output: LogOutput
    private let audit: AuditFile?
    private var chain: AuditChain
    private var repeats: LogRepeats
    private var lastNumber = 0
    private var countedDrops = 0
    private var hasWaitingTail = false
    /// When the files were last looked after: Unix time in microseconds.
    private var kept = 0
    /// Lines that the sink refused and that no line has told of yet.
    private var refused = 0
    /// Lines encoded and not yet with the sink, in its format.
    private var text = LogText(capacity: LogWriter.usualBytes)
    /// What each of them is.
    private var kinds: [(LogLevel, LogCategory)] = []
    /// The same lines as JSON, one by one, while somebody but the sink wants them.
    private var lines: [[UInt8]] = []

    private var intake: LogIntake { plan.intake }

    init(_ plan: Plan) {
        self.plan = plan
        output = LogOutput(plan.sink, intake: plan.intake, clock: plan.clock)
        audit = plan.auditFile.map { AuditFile($0, intake: plan.intake, clock: plan.clock) }
        chain = plan.auditFile.map { AuditChain.resumed(at: $0.path) } ?? AuditChain()
        repeats = LogRepeats(perSecond: plan.repeatsPerSecond)
    }

    mutating func run() {
        keepFiles()
        var isBusy = false
        /// Who waits for the very last line.
        var closers: [DispatchSemaphore] = []
        while true {
            intake.wait(isBusy: isBusy, limit: pause)
            let batch = intake.take()
            write(batch)
            let mustKeep = sinceKept >= Self.keepingPeriod
            if mustKeep { keepFiles() }
            if !batch.isEmpty { intake.counters.wrote() }
            if batch.isLast { closers += batch.flushes } else { intake.finish(batch.flushes) }
            if batch.isLast && batch.isEmpty { break }
            // A busy writer comes again by itself, and then tells what happened to the files.
            isBusy = !batch.isEmpty || mustKeep
        }
        for line in repeats.due(at: plan.clock(), all: true) { emit(line.record, suppressed: line.suppressed) }
        emitNotes()
        hand()
        intake.end()
        intake.finish(closers)
    }

    private var pause: Duration? {
        let pauses = [
            hasWaitingTail ? Self.tailPause : nil, repeats.isHolding ? Self.repeatPause : nil,
            audit?.isBehind ?? false ? Self.auditPause : nil,
            hasFiles ? .seconds(max(1, Self.keepingPeriod - sinceKept)) : nil,
        ]
        return pauses.compactMap(\.self).min()
    }

    private var hasFiles: Bool { output.isFile || audit != nil }

    /// Whole seconds; a clock that was put back counts as if the time had come.
    private var sinceKept: Int {
        let since = (plan.clock() - kept) / 1_000_000
        return since < 0 ? Self.keepingPeriod : since
    }

    private mutating func keepFiles() {
        kept = plan.clock()
        output.keep(at: kept)
        audit?.keep(at: kept)
    }

    private mutating func write(_ batch: LogIntake.Batch) {
        if batch.mustReopen { reopen() }
        tellDrops()
        emitNotes()
        for record in batch.audits { emit(record) }
        if !batch.audits.isEmpty || audit?.isBehind ?? false { audit?.write(at: plan.clock()) }
        for record in batch.records {
            if let line = repeats.pass(record) { emit(record, suppressed: line.suppressed) } else { suppress() }
        }
        if repeats.isHolding {
            for line in repeats.due(at: plan.clock()) { emit(line.record, suppressed: line.suppressed) }
        }
        hand()
        if hasWaitingTail { hasWaitingTail = plan.tails.offer([]) }
    }

    /// What happened to the files.
    private mutating func emitNotes() {
        for note in output.takeNotes() + (audit?.takeNotes() ?? []) { emit(note) }
    }

    private func suppress() { intake.counters.suppressed() }

    /// Encodes a line; it goes out with those before it.
    private mutating func emit(_ record: LogRecord, suppressed: Int = 0) {
        lastNumber += 1
        let isHuman = plan.sink.format == .human
        let start = text.count
        if !isHuman || record.category == .audit || plan.memory.capacity > 0 || !plan.tails.isEmpty {
            plan.encoder.write(record, number: lastNumber, suppressed: suppressed, after: chain.head, to: &text)
            if record.category == .audit { seal(from: start) }
            if plan.memory.capacity > 0 || !plan.tails.isEmpty { lines.append(text.bytes(from: start)) }
        }
        if isHuman {
            text.cut(to: start)
            plan.encoder.writeForPeople(record, suppressed: suppressed, to: &text)
        }
        kinds.append((record.level, record.category))
        if text.count >= Self.chunkBytes { hand() }
    }

    /// Ties a line of the audit trail to the one before it.
    private mutating func seal(from start: Int) {
        let sealed = chain.seal(text.bytes(from: start))
        text.cut(to: start)
        text.append(sealed)
        audit?.append(sealed)
    }

    /// Gives what is encoded to those who wait for it, the sink last, since it is the one that may be slow.
    private mutating func hand() {
        guard !kinds.isEmpty else { return }
        plan.memory.append(lines)
        hasWaitingTail = plan.tails.offer(lines) || hasWaitingTail
        let kinds = self.kinds
        let isWritten = output.write(text.bytes(), at: plan.clock())
        text.removeAll()
        lines.removeAll(keepingCapacity: true)
        self.kinds = []
        guard isWritten else {
            for (level, _) in kinds { intake.counters.dropped(level) }
            // They have their numbers; only what was dropped before it had one makes a gap here.
            countedDrops += kinds.count
            refused += kinds.count
            return
        }
        for (level, category) in kinds { intake.counters.written(level, category) }
        guard refused > 0 else { return }
        let count = refused
        refused = 0
        own("\(count) log lines could not be written", ["dropped": .integer(count), "reason": "sink"])
        hand()
    }

    private mutating func tellDrops() {
        let all = intake.counters.allDropped
        let count = all - countedDrops
        guard count > 0 else { return }
        countedDrops = all
        lastNumber += count
        own(
            "\(count) log lines were dropped: the log's reader is too slow",
            ["dropped": .integer(count), "reason": "queue"])
    }

    private mutating func own(_ message: String, _ fields: LogFields) {
        emit(
            LogRecord(
                time: plan.clock(), level: .warning, category: .system, event: "log_lines_dropped", message: message,
                fields: fields))
    }

    private func reopen() {
        output.reopen()
        audit?.reopen()
    }
}
