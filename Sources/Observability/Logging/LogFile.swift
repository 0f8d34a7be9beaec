import Glibc

/// When a log file is put aside, and how long what was put aside is kept.
public struct LogRotation: Sendable, Equatable {
    /// A file that would grow beyond it is put aside first; nil lets it grow.
    public var maxBytes: Int?
    /// Counted from the file's first line.
    public var maxAge: Duration?
    /// A file is removed this long after it was put aside.
    public var retention: Duration?
    /// Of all files put aside together; the oldest go first.
    public var retentionBytes: Int?

    public init(
        maxBytes: Int? = nil, maxAge: Duration? = nil, retention: Duration? = nil, retentionBytes: Int? = nil
    ) {
        self.maxBytes = maxBytes
        self.maxAge = maxAge
        self.retention = retention
        self.retentionBytes = retentionBytes
    }
}

/// A log file that was opened, so that it is known to be writable, and that a writer will take over.
public struct LogFilePlan: Sendable {
    public let path: String
    public let rotation: LogRotation
    let descriptor: Int32

    /// Opens a file for appending; one that is not there is made so that only its owner may read it.
    ///
    /// - Throws: `LogFileError.cannotOpen`.
    public init(opening path: String, rotation: LogRotation = LogRotation()) throws(LogFileError) {
        self.path = path
        self.rotation = rotation
        descriptor = try LogFile.open(path)
    }
}

/// A file that lines are appended to, and that is put aside when it is big or old enough. Lives on the writer thread.
final class LogFile {
    let path: String
    let archive: LogArchive
    private let rotation: LogRotation
    private var descriptor: Int32
    /// False for a pipe or a device, which can be neither cut nor put aside.
    private var isRegular = false
    private var size = 0
    private var endsInHalfALine = false
    /// Unix time in microseconds of the first line.
    private var begun: Int?
    /// Unix time in microseconds before which a rotation that failed is not tried again.
    private var nextAttempt = Int.min
    private static let pauseAfterFailure = 60_000_000

    /// What the last write did besides writing.
    enum Report {
        case rotated(bytes: Int)
        case failed(LogFileError)
    }

    init(_ plan: LogFilePlan) {
        path = plan.path
        rotation = plan.rotation
        descriptor = plan.descriptor
        archive = LogArchive(path: plan.path)
        look()
    }

    deinit { Glibc.close(descriptor) }

    static func open(_ path: String) throws(LogFileError) -> Int32 {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, errno: errno) }
        return descriptor
    }

    /// Puts the file aside when it is old enough, also when nobody writes to it.
    func putAsideIfDue(at time: Int) -> Report? { isDue(0, at: time) ? rotate(at: time) : nil }

    /// Appends whole lines, all or none of them.
    ///
    /// - Parameter time: Unix time in microseconds.
    func write(_ lines: [UInt8], at time: Int) -> (isWritten: Bool, report: Report?) {
        // Somebody else may have cut the file or written to it.
        if regularSize.map({ $0 != size }) ?? false { look() }
        let report = isDue(lines.count, at: time) ? rotate(at: time) : nil
        let before = size
        // Whoever died in the middle of a line left it without an end.
        let lines = endsInHalfALine ? [UInt8(ascii: "\n")] + lines : lines
        let left = LogStream.writeAll(lines[...], to: descriptor)
        guard left.isEmpty else {
            let error = LogFileError.cannotWrite(path: path, errno: errno)
            takeBack(lines.count - left.count, after: before)
            return (false, report ?? .failed(error))
        }
        size = before + lines.count
        endsInHalfALine = false
        if begun == nil { begun = time }
        return (true, report)
    }

    /// Cuts off the beginning of lines of which the rest could not be written: half a line would make the next one
    /// unreadable. Where the file changed meanwhile nothing is cut, since it would be cut from somebody else.
    private func takeBack(_ count: Int, after before: Int) {
        guard isRegular, count > 0 else { return }
        guard regularSize == before + count, ftruncate(descriptor, off_t(before)) == 0 else { return look() }
    }

    /// The file's size as it is now; nil for a pipe or a device.
    private var regularSize: Int? {
        var status = stat()
        return isRegular && fstat(descriptor, &status) == 0 ? Int(status.st_size) : nil
    }

    /// Has what was written outlive the machine's power.
    func synchronize() { fdatasync(descriptor) }

    /// Opens the path anew: somebody else may have put the file aside.
    func reopen() throws(LogFileError) {
        let fresh = try Self.open(path)
        fsync(descriptor)
        Glibc.close(descriptor)
        descriptor = fresh
        look()
    }

    private func look() {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return }
        isRegular = status.st_mode & S_IFMT == S_IFREG
        size = Int(status.st_size)
        endsInHalfALine = isRegular && size > 0 && !archive.endsInLineFeed
        begun = size == 0 ? nil : archive.firstTime ?? status.st_mtim.tv_sec * 1_000_000
    }

    private func isDue(_ more: Int, at time: Int) -> Bool {
        guard isRegular, size > 0, time >= nextAttempt else { return false }
        if let maxBytes = rotation.maxBytes, size + more > maxBytes { return true }
        guard let maxAge = rotation.maxAge, let begun else { return false }
        return Double(time - begun) / 1e6 >= maxAge.seconds
    }

    private func rotate(at time: Int) -> Report {
        let bytes = size
        do {
            fsync(descriptor)
            do throws(LogFileError) {
                try archive.putAside(at: time)
            } catch .cannotRename(_, ENOENT) {
                // It is aside already: by an earlier attempt that could not open the new file, or by somebody else.
            }
            try reopen()
            archive.synchronizeDirectory()
            return .rotated(bytes: bytes)
        } catch {
            nextAttempt = time + Self.pauseAfterFailure
            return .failed(error)
        }
    }
}
