/// One log line before it is text.
struct LogRecord: Sendable {
    /// Counts the lines of the process from 1, dropped ones too, so a gap shows a drop. The writer gives it.
    var number = 0
    /// Unix time in microseconds.
    var time: Int
    var level: LogLevel
    var category: LogCategory
    var event: StaticString
    var message: String
    var fields: LogFields
    var took: Duration?
    var threshold: Duration?
    var part: LogPart?
    var context: LogContext
    /// Lines like it that were left out before it.
    var suppressed = 0
}
