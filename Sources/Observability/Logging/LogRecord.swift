/// One log line before it is text.
struct LogRecord: Sendable {
    /// Counts every line of the process from 1, dropped ones too, so a gap shows a drop.
    var number = 0
    /// Unix time in microseconds.
    var time: Int
    var level: LogLevel
    var category: LogCategory
    var event: StaticString
    var message: String
    var fields: LogFields
    var context: LogContext
}
