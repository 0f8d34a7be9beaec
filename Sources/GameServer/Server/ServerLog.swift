import Foundation
import Observability

/// The server's log as the configuration wants it.
enum ServerLog {
    /// - Parameter directory: holds the audit trail, whose one writer is whoever holds the directory.
    /// - Throws: `LogFileError.cannotOpen`.
    static func open(
        _ configuration: Configuration, in directory: DataDirectory, _ metrics: Observability.Metrics
    ) throws(LogFileError) -> Logger {
        let logging = configuration.logging
        var options = Logger.Options()
        options.categoryLevels = logging.categoryLevels
        options.memoryLines = logging.ringLines
        options.clientAddresses = logging.clientAddress
        options.repeatsPerSecond = logging.repeatsPerS
        options.gatherMilliseconds = logging.gatherMs
        let sink: LogSink
        if logging.file.isEmpty {
            sink = .standardError
        } else {
            sink = .file(try LogFilePlan(opening: logging.file, rotation: rotation(logging)))
        }
        options.auditFile = try LogFilePlan(
            opening: auditFile(in: directory.path, besides: logging.file), rotation: auditRotation(logging))
        let origin = LogOrigin(
            version: Version.current, node: configuration.server.node,
            processID: Int(ProcessInfo.processInfo.processIdentifier))
        return Logger(level: logging.level, sink: sink, origin: origin, options: options, metrics: metrics)
    }

    /// Whether SIGHUP means that the log was put aside. At a terminal, with no file, it means that the terminal is gone.
    static func reopensAtHangup(_ logging: Configuration.Logging) -> Bool {
        !logging.file.isEmpty || isatty(STDERR_FILENO) == 0
    }

    /// Never the log file itself.
    private static func auditFile(in directory: String, besides log: String) -> String {
        func place(_ path: String) -> URL { URL(fileURLWithPath: path).resolvingSymlinksInPath() }
        let path = directory + "/audit.log"
        return !log.isEmpty && place(path) == place(log) ? directory + "/audit-trail.log" : path
    }

    private static func rotation(_ logging: Configuration.Logging) -> LogRotation {
        LogRotation(
            maxBytes: positive(logging.maxFileBytes), maxAge: positive(logging.maxFileAgeMs).map { .milliseconds($0) },
            retention: positive(logging.retentionMs).map { .milliseconds($0) },
            retentionBytes: positive(logging.retentionBytes))
    }

    /// Kept by age alone: what operators did is not pushed out by how much they did.
    private static func auditRotation(_ logging: Configuration.Logging) -> LogRotation {
        LogRotation(
            maxBytes: positive(logging.maxFileBytes), maxAge: positive(logging.maxFileAgeMs).map { .milliseconds($0) },
            retention: positive(logging.auditRetentionMs).map { .milliseconds($0) })
    }

    /// Zero in the configuration means without limit.
    private static func positive(_ value: Int) -> Int? { value > 0 ? value : nil }
}
