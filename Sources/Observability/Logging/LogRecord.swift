/// One log line before it is text. Made where something happened, read by the writer.
final class LogRecord: Sendable {
    /// Unix time in microseconds.
    let time: Int
    let level: LogLevel
    let category: LogCategory
    let event: StaticString
    let message: String
    let fields: LogFields
    let took: Duration?
    let threshold: Duration?
    let part: LogPart?
    let context: LogContext

    init(
        time: Int, level: LogLevel, category: LogCategory, event: StaticString, message: String, fields: LogFields,
        took: Duration? = nil, threshold: Duration? = nil, part: LogPart? = nil, context: LogContext = .none
    ) {
        self.time = time
        self.level = level
        self.category = category
        self.event = event
        self.message = message
        self.fields = fields
        self.took = took
        self.threshold = threshold
        self.part = part
        self.context = context
    }
}
