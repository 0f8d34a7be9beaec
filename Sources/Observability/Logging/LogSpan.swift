import Glibc

/// The part of a file that can hold lines of a time.
enum LogSpan {
    /// Where to stop halving: this much is read rather than looked into further.
    private static let pieceBytes = 2 * LogEncoder.maxLineBytes

    /// The bytes of a file before the first line that is later than `latest` by more than `slack` microseconds.
    static func of(_ path: String, until latest: Int, _ slack: Int) -> (start: Int, end: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return (0, .max) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return (0, .max) }
        var end = Int(status.st_size)
        guard latest < .max - slack else { return (0, end) }
        var low = 0
        while end - low > pieceBytes {
            let middle = low + (end - low) / 2
            guard let line = line(after: middle, in: descriptor) else { break }
            if line.time > latest + slack { end = line.offset } else { low = middle }
        }
        return (0, end)
    }

    /// As the last four bytes of a gzip file tell it.
    static func uncompressedBytes(_ path: String) -> Int? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4)
        guard lseek(descriptor, -4, SEEK_END) >= 0, read(descriptor, &bytes, 4) == 4 else { return nil }
        return bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// The first whole line behind an offset, when it is near and says its time.
    private static func line(after offset: Int, in descriptor: Int32) -> (offset: Int, time: Int)? {
        var bytes = [UInt8](repeating: 0, count: LogEncoder.maxLineBytes + 64)
        let count = pread(descriptor, &bytes, bytes.count, off_t(offset))
        guard count > 0, let feed = bytes[..<count].firstIndex(of: UInt8(ascii: "\n")),
            let time = LogScanner.time(of: bytes[(feed + 1)..<count])
        else { return nil }
        return (offset + feed + 1, time)
    }
}
