import Foundation
import Observability

/// The server's log as the configuration wants it.
enum ServerLog {
    /// - Throws: `LogFileError.cannotOpen`.
    static func open(_ configuration: Configuration, _ metrics: Observability.Metrics) throws(LogFileError) -> Logger {
        let logging = configuration.logging
        var options = Logger.Options()
        options.categoryLevels = logging.categoryLevels
        options.memoryLines = logging.ringLines
        options.clientAddresses = logging.clientAddress
        options.repeatsPerSecond = logging.repeatsPerS
        let sink: LogSink
        if logging.file.isEmpty {
            sink = .standardError
        } else {
            sink = .file(try LogFilePlan(opening: logging.file, rotation: rotation(logging)))
            options.auditFile = try LogFilePlan(opening: auditFile(logging), rotation: auditRotation(logging))
        }
        let origin = LogOrigin(
            version: Version.current, node: configuration.server.node,
            processID: Int(ProcessInfo.processInfo.processIdentifier))
        return Logger(level: logging.level, sink: sink, origin: origin, options: options, metrics: metrics)
    }

    /// Whether SIGHUP means that the log was put aside. At a terminal, with no file, it means that the terminal is gone.
    static func reopensAtHangup(_ logging: Configuration.Logging) -> Bool {
        !logging.file.isEmpty || isatty(STDERR_FILENO) == 0
    }

    /// Beside the log file, and never the same file.
    private static func auditFile(_ logging: Configuration.Logging) -> String {
        let file = logging.file as NSString
        let name = file.lastPathComponent == "audit.log" ? "audit-trail.log" : "audit.log"
        return (file.deletingLastPathComponent as NSString).appendingPathComponent(name)
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
            maxBytes: positive(logging.maxFileBytes),
            retention: positive(logging.auditRetentionMs).map { .milliseconds($0) })
    }

    /// Zero in the configuration means without limit.
    private static func positive(_ value: Int) -> Int? { value > 0 ? value : nil }
}
