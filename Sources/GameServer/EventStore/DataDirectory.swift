import Glibc

/// The directory a server keeps everything in, held by one process at a time for as long as this object lives.
///
/// A directory it makes is 0700; one that exists keeps its mode. Files made through it are 0600.
public final class DataDirectory: Sendable {
    public let path: String
    private let lock: Int32

    /// Makes the directory if it is absent and locks it.
    ///
    /// - Throws: `StoreError.directory`, or `.locked` when another process, or another object of this one, holds it.
    public init(_ path: String) throws(StoreError) {
        self.path = path
        try Self.create(path)
        let lockPath = path + "/lock"
        lock = try Self.openFile(lockPath)
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = Self.holder(written: lock)
            Glibc.close(lock)
            throw code == EWOULDBLOCK ? .locked(path: path, holder: holder) : .directory(path: lockPath, code: code)
        }
        let holder = Array("\(getpid())\n".utf8)
        // Only the next process's error message depends on it.
        if ftruncate(lock, 0) == 0 { _ = pwrite(lock, holder, holder.count, 0) }
    }

    deinit { Glibc.close(lock) }

    /// Makes the file if it is absent, for its owner only, and makes sure that the directory remembers it.
    ///
    /// - Returns: its path.
    func createFile(named name: String) throws(StoreError) -> String {
        let filePath = path + "/" + name
        Glibc.close(try Self.openFile(filePath))
        try Self.synchronize(directory: path)
        return filePath
    }

    private static func openFile(_ path: String) throws(StoreError) -> Int32 {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .directory(path: path, code: errno) }
        guard fchmod(file, 0o600) == 0 else {
            let code = errno
            Glibc.close(file)
            throw .directory(path: path, code: code)
        }
        return file
    }

    private static func create(_ path: String) throws(StoreError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for component in path.split(separator: "/") {
            let parent = made.isEmpty ? "." : made
            made += (made.isEmpty || made == "/" ? "" : "/") + component
            if mkdir(made, 0o700) == 0 {
                try synchronize(directory: parent)
            } else if errno != EEXIST {
                throw .directory(path: made, code: errno)
            }
        }
    }

    /// A new file survives a power failure only when its directory was written too.
    static func synchronize(directory path: String) throws(StoreError) {
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .directory(path: path, code: errno) }
        defer { Glibc.close(directory) }
        guard fsync(directory) == 0 else { throw .directory(path: path, code: errno) }
    }

    private static func holder(written lock: Int32) -> Int32? {
        var text = [UInt8](repeating: 0, count: 16)
        let count = pread(lock, &text, text.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: text[..<count], as: UTF8.self).split(separator: "\n").first ?? "")
    }
}
