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
    static func compress(_ path: String) throws(LogFileError) {
        let target = open(path + unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard target >= 0 else { throw .cannotCompress(path: path, errno: errno) }
        let failure = copy(path, to: target)
        // The compressor has closed its own descriptor; this one is for the disk.
        let isSafe = fsync(target) == 0
        close(target)
        guard failure == nil, isSafe, rename(path + unfinished, path + ".gz") == 0 else {
            let number = failure ?? errno
            unlink(path + unfinished)
            throw .cannotCompress(path: path, errno: number)
        }
        LogArchive(path: path).synchronizeDirectory()
        guard unlink(path) == 0 else { throw .cannotRemove(path: path, errno: errno) }
    }

    /// - Returns: `errno` of what failed.
    private static func copy(_ path: String, to target: Int32) -> Int32? {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { return errno }
        defer { close(source) }
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

    /// - Parameter offset: of the first byte; only for a file that is not compressed.
    /// - Throws: `LogFileError.cannotOpen`.
    init(path: String, offset: Int = 0) throws(LogFileError) {
        errno = 0
        guard let file = gzopen(path, "rb") else {
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
