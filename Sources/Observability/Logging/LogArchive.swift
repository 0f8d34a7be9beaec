import Foundation

/// A log file and those that were put aside from it: `server.log.20260102T030405.678901Z`, later with `.gz`.
///
/// Files with other endings, such as an external rotator makes, are not ours and are left alone.
public struct LogArchive: Sendable {
    struct File: Sendable, Equatable {
        var path: String
        /// Unix time in microseconds at which it was put aside; nil for the file that is written.
        var putAside: Int?
        var isCompressed: Bool { path.hasSuffix(".gz") }
    }

    public let path: String

    public init(path: String) { self.path = path }

    private var directory: String {
        let folder = (path as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }

    /// What was put aside, oldest first.
    var rotated: [File] {
        let prefix = (path as NSString).lastPathComponent + "."
        // A folder that cannot be listed shows as one without files; opening the log itself tells why.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let files = names.compactMap { name -> File? in
            guard name.hasPrefix(prefix) else { return nil }
            let rest = name.dropFirst(prefix.count)
            let stamp = rest.hasSuffix(".gz") ? rest.dropLast(3) : rest
            guard stamp.utf8.count == 23, let time = Timestamp.microseconds(of: stamp.utf8) else { return nil }
            return File(path: (directory as NSString).appendingPathComponent(name), putAside: time)
        }
        return files.sorted { ($0.putAside ?? 0, $0.path) < ($1.putAside ?? 0, $1.path) }
    }

    /// All of it, oldest first; the file that is written comes last.
    ///
    /// A pipe or a device in its place holds no lines to read.
    var all: [File] {
        var status = stat()
        let isFile = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        let kept = rotated
        let compressed = Set(kept.filter(\.isCompressed).map(\.path))
        // For a moment a file stands there twice.
        return kept.filter { !compressed.contains($0.path + ".gz") } + (isFile ? [File(path: path, putAside: nil)] : [])
    }

    /// When the first line of the file that is written was made.
    var firstTime: Int? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? LogScanner.time(of: bytes[..<count]) : nil
    }

    /// Of the file that is written; one that cannot be read is taken to.
    var endsInLineFeed: Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var last: UInt8 = 0
        guard lseek(descriptor, -1, SEEK_END) >= 0, read(descriptor, &last, 1) == 1 else { return true }
        return last == UInt8(ascii: "\n")
    }

    func putAside(at time: Int) throws(LogFileError) {
        var time = time
        var target = "\(path).\(Timestamp.compact(microseconds: time))"
        while access(target, F_OK) == 0 || access(target + ".gz", F_OK) == 0 {
            time += 1
            target = "\(path).\(Timestamp.compact(microseconds: time))"
        }
        guard rename(path, target) == 0 else { throw .cannotRename(path: path, errno: errno) }
    }

    /// Has new names outlive the machine's power.
    func synchronizeDirectory() {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// What was done to the files put aside.
struct LogKeeping: Sendable, Equatable {
    var compressed = 0
    var removed = 0
    var removedBytes = 0
    var failures: [LogFileError] = []
}

extension LogArchive {
    /// Compresses what is not, then removes what is too old or too much.
    func keep(_ rotation: LogRotation, at time: Int) -> LogKeeping {
        var result = LogKeeping()
        for file in rotated where !file.isCompressed {
            do {
                if try LogCompression.compress(file.path) { result.compressed += 1 }
            } catch {
                result.failures.append(error)
            }
        }
        var files = rotated.map { (file: $0, bytes: size(of: $0.path)) }
        var total = files.reduce(0) { $0 + $1.bytes }
        while let oldest = files.first {
            let age = Double(time - (oldest.file.putAside ?? time)) / 1e6
            let isOld = rotation.retention.map { age > $0.seconds } ?? false
            let isMuch = rotation.retentionBytes.map { total > $0 } ?? false
            guard isOld || isMuch else { break }
            files.removeFirst()
            total -= oldest.bytes
            guard unlink(oldest.file.path) == 0 || errno == ENOENT else {
                result.failures.append(.cannotRemove(path: oldest.file.path, errno: errno))
                continue
            }
            result.removed += 1
            result.removedBytes += oldest.bytes
        }
        if result.compressed + result.removed > 0 { synchronizeDirectory() }
        return result
    }

    private func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
