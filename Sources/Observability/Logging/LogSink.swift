import Glibc

/// Where lines go: written on the writer thread only, one or more whole lines at a time.
public struct LogSink: Sendable {
    enum Target: Sendable {
        case function(@Sendable ([UInt8]) -> Bool)
        case stream(Int32)
        case file(LogFilePlan)
    }

    let target: Target
    let format: LogFormat

    /// - Parameter write: called on the writer thread; false when the lines could not be written, and they are counted
    ///   as dropped.
    public init(format: LogFormat = .json, write: @escaping @Sendable ([UInt8]) -> Bool) {
        self.format = format
        target = .function(write)
    }

    private init(_ target: Target, format: LogFormat) {
        self.target = target
        self.format = format
    }

    /// Human lines on a terminal, JSON everywhere else.
    public static var standardError: LogSink { stream(STDERR_FILENO) }

    /// As standard error, for any descriptor, which stays the caller's.
    public static func stream(_ descriptor: Int32) -> LogSink {
        LogSink(.stream(descriptor), format: isatty(descriptor) == 1 ? .human : .json)
    }

    /// JSON lines in a file.
    public static func file(_ plan: LogFilePlan) -> LogSink { LogSink(.file(plan), format: .json) }

    /// Appends to a file; one that is not there is made so that only its owner may read it.
    ///
    /// - Throws: `LogFileError.cannotOpen`.
    public static func file(_ path: String) throws(LogFileError) -> LogSink { file(try LogFilePlan(opening: path)) }
}
