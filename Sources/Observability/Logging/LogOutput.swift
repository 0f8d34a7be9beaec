/// The sink as the writer thread uses it.
final class LogOutput {
    private enum Target {
        case function(@Sendable ([UInt8]) -> Bool)
        case stream(LogStream)
        case file(LogFile, LogKeeper)
    }

    private let target: Target
    /// Lines about the file itself; the writer takes them with its next batch, also when no other may come in any more.
    private var notes: [LogRecord] = []
    private let clock: @Sendable () -> Int
    /// A full disk is told once.
    private var isUnwritable = false

    init(_ sink: LogSink, intake: LogIntake, clock: @escaping @Sendable () -> Int) {
        self.clock = clock
        switch sink.target {
        case .function(let write): target = .function(write)
        case .stream(let descriptor): target = .stream(LogStream(descriptor))
        case .file(let plan):
            let file = LogFile(plan)
            let keeper = LogKeeper(file.archive, plan.rotation) { [weak intake] result in
                intake?.push(.kept(result, in: plan.path, at: clock()))
            }
            target = .file(file, keeper)
        }
    }

    var isFile: Bool { if case .file = target { true } else { false } }

    /// - Returns: false when the lines could not be written.
    func write(_ lines: [UInt8], at time: Int) -> Bool {
        switch target {
        case .function(let write): return write(lines)
        case .stream(let stream): return stream.write(lines)
        case .file(let file, _):
            let result = file.write(lines, at: time)
            if result.isWritten && isUnwritable {
                say(.notice, "log_file_writable", "log file \(file.path) can be written again")
            }
            if result.isWritten || !isUnwritable { tell(result.report, at: time) }
            isUnwritable = !result.isWritten
            return result.isWritten
        }
    }

    func reopen() {
        guard case .file(let file, _) = target else { return }
        do {
            try file.reopen()
            say(.info, "log_file_reopened", "log file \(file.path) is open again")
        } catch {
            say(.error, "log_file_failed", "\(error)")
        }
    }

    /// Looks after what was put aside, and after a file that has grown old unseen.
    func keep(at time: Int) {
        guard case .file(let file, let keeper) = target else { return }
        say(file.putAsideIfDue(at: time))
        keeper.request(at: time)
    }

    func takeNotes() -> [LogRecord] {
        defer { notes = [] }
        return notes
    }

    func synchronize() { if case .file(let file, _) = target { file.synchronize() } }

    private func tell(_ report: LogFile.Report?, at time: Int) {
        say(report)
        if case .rotated = report { keep(at: time) }
    }

    private func say(_ report: LogFile.Report?) {
        switch report {
        case .rotated(let bytes): say(.info, "log_file_rotated", "put aside", ["bytes": .integer(bytes)])
        case .failed(let error): say(.error, "log_file_failed", "\(error)")
        case nil: break
        }
    }

    private func say(_ level: LogLevel, _ event: StaticString, _ message: String, _ fields: LogFields = [:]) {
        notes.append(
            LogRecord(
                time: clock(), level: level, category: .system, event: event, message: message, fields: fields,
                context: .none))
    }
}

extension LogRecord {
    fileprivate static func kept(_ result: LogKeeping, in path: String, at time: Int) -> LogRecord {
        LogRecord(
            time: time, level: result.failures.isEmpty ? .info : .error, category: .system,
            event: result.failures.isEmpty ? "log_files_removed" : "log_file_failed",
            message: result.failures.first.map { "\($0)" } ?? "removed files put aside from \(path)",
            fields: [
                "compressed": .integer(result.compressed), "removed": .integer(result.removed),
                "removed_bytes": .integer(result.removedBytes), "failures": .integer(result.failures.count),
            ], context: .none)
    }
}
