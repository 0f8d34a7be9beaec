import Glibc

/// How many file descriptors this process may hold. Every connection takes one.
public enum DescriptorLimit {
    /// Kept for what is no connection: files, the store, listeners, epoll.
    static let reserved = 64

    private static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// The limit now.
    public static var current: Int { bounded(read()?.rlim_cur) }

    /// Raises the limit as far as the system lets this process.
    public static func raise() {
        guard var limit = read(), limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        // Refused it stays as it was, which `connections(wanted:)` reads.
        _ = setrlimit(descriptors, &limit)
    }

    /// - Returns: as many connections as wanted, or as the descriptors are enough for.
    public static func connections(wanted: Int, of available: Int = current) -> Int {
        max(1, min(wanted, available - reserved))
    }

    private static func read() -> rlimit? {
        var limit = rlimit()
        return getrlimit(descriptors, &limit) == 0 ? limit : nil
    }

    /// Without an answer the least that POSIX lets a system have; unlimited is a number too large to matter.
    private static func bounded(_ value: rlim_t?) -> Int { value.map { Int(clamping: $0) } ?? 20 }
}
