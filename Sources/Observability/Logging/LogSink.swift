import Glibc

/// Where lines go: called on the writer thread only, with one or more whole lines.
public struct LogSink: Sendable {
    /// - Returns: false when the lines could not be written; they are counted as dropped.
    let write: @Sendable ([UInt8]) -> Bool
    let format: LogFormat

    public init(format: LogFormat = .json, write: @escaping @Sendable ([UInt8]) -> Bool) {
        self.format = format
        self.write = write
    }

    /// Human lines on a terminal, JSON everywhere else.
    public static var standardError: LogSink {
        LogSink(format: isatty(STDERR_FILENO) == 1 ? .human : .json) { writeAll($0, to: STDERR_FILENO) }
    }

    /// Appends to a file; one that is not there is made so that only its owner may read it.
    ///
    /// - Throws: `LogError.cannotOpen`.
    public static func file(_ path: String) throws(LogError) -> LogSink {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, errno: errno) }
        return LogSink { writeAll($0, to: descriptor) }
    }

    /// How long a reader may take nothing before the lines that wait are dropped.
    private static let stallMilliseconds: Int32 = 1000

    /// Writes all of it, also to a descriptor that somebody else made non-blocking.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                if count < 0 && errno == EAGAIN && isWritable(descriptor) { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    private static func isWritable(_ descriptor: Int32) -> Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let count = poll(&wanted, 1, stallMilliseconds)
            if count >= 0 || errno != EINTR { return count > 0 }
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var baseAddress: UnsafeRawPointer? { UnsafeRawBufferPointer(rebasing: self).baseAddress }
}

public enum LogError: Error, CustomStringConvertible {
    case cannotOpen(path: String, errno: Int32)

    public var description: String {
        switch self {
        case .cannotOpen(let path, let errno): "log file \(path) cannot be opened: \(String(cString: strerror(errno)))"
        }
    }
}
