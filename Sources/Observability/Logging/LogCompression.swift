import CZlib
import Glibc

/// Files made small, in the form that every tool reads: gzip.
///
/// - Source: RFC 1952.
enum LogCompression {
    /// The ending of a file that is not finished; one that is left over is made anew.
    private static let unfinished = ".gz.partial"
    private static let pieceBytes = 64 * 1024

    /// Puts `path.gz` in the place of `path`. Whatever goes wrong, one of both is whole.
    ///
    /// - Returns: false when there was nothing to do, or when somebody else is doing it.
    static func compress(_ path: String) throws(LogFileError) -> Bool {
        let target = open(path + unfinished, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard target >= 0 else { throw .cannotCompress(path: path, errno: errno) }
        // Given back with the descriptor, after the last step: two that compress one file never write to one target.
        defer { close(target) }
        guard flock(target, LOCK_EX | LOCK_NB) == 0 else { return false }
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else {
            let number = errno
            unlink(path + unfinished)
            if number == ENOENT { return false }
            throw .cannotCompress(path: path, errno: number)
        }
        defer { close(source) }
        fchmod(target, 0o600)
        ftruncate(target, 0)
        let failure = copy(source, to: target)
        guard failure == nil, fsync(target) == 0, rename(path + unfinished, path + ".gz") == 0 else {
            let number = failure ?? errno
            unlink(path + unfinished)
            throw .cannotCompress(path: path, errno: number)
        }
        LogArchive(path: path).synchronizeDirectory()
        guard unlink(path) == 0 || errno == ENOENT else { throw .cannotRemove(path: path, errno: errno) }
        return true
    }

    /// - Returns: `errno` of what failed.
    private static func copy(_ source: Int32, to target: Int32) -> Int32? {
        guard let zip = gzdopen(dup(target), "wb6") else { return ENOMEM }
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = read(source, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let failure = count < 0 ? errno : nil
                let closed = gzclose(zip)
                return failure ?? (closed == Z_OK ? nil : errno == 0 ? EIO : errno)
            }
            guard gzwrite(zip, piece, UInt32(count)) == Int32(count) else {
                let number = errno
                gzclose(zip)
                return number == 0 ? EIO : number
            }
        }
    }
}

/// Reads the lines of a file, compressed or not.
final class LogReader {
    private let file: gzFile

    private static let pieceBytes = 128 * 1024

    /// - Parameter offset: of the first byte, before compression.
    /// - Throws: `LogFileError.cannotOpen`.
    init(path: String, offset: Int = 0) throws(LogFileError) {
        errno = 0
        // A file that was put aside may have been compressed since it was listed.
        guard let file = gzopen(path, "rb") ?? gzopen(path + ".gz", "rb") else {
            throw .cannotOpen(path: path, errno: errno == 0 ? ENOMEM : errno)
        }
        self.file = file
        gzbuffer(file, UInt32(Self.pieceBytes))
        if offset > 0 { gzseek(file, offset, SEEK_SET) }
    }

    deinit { gzclose(file) }

    /// - Parameters:
    ///   - limit: most bytes read, before compression.
    ///   - body: called with each line without its line feed; false ends the reading.
    /// - Returns: bytes read, and whether the end was reached. A damaged file ends where it is damaged.
    @discardableResult
    func forEachLine(limit: Int = .max, _ body: (ArraySlice<UInt8>) -> Bool) -> (bytes: Int, isAll: Bool) {
        var held: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        var total = 0
        while total < limit {
            let count = Int(gzread(file, &piece, UInt32(min(piece.count, limit - total))))
            guard count > 0 else {
                if !held.isEmpty { _ = body(held[...]) }
                return (total, true)
            }
            total += count
            held += piece[..<count]
            var start = 0
            while let end = held[start...].firstIndex(of: UInt8(ascii: "\n")) {
                guard body(held[start..<end]) else { return (total, false) }
                start = end + 1
            }
            held.removeSubrange(..<start)
            // No line of ours is this long; of a foreign file the rest of such a line is read as one of its own.
            if held.count > Self.pieceBytes { held = [] }
        }
        return (total, false)
    }
}
