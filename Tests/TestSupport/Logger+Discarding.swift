import Observability

extension Logger {
    /// A logger whose lines go nowhere.
    public static func discarding() -> Logger {
        var options = Options()
        options.memoryLines = 0
        let nobody = LogOrigin(version: "", node: "", processID: 0)
        return Logger(level: .critical, sink: LogSink { _ in true }, origin: nobody, options: options)
    }
}
