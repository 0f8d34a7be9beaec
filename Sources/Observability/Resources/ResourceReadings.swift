import Glibc

/// What the process, its container and its host use, as read at one moment. Nil is what could not be read.
public struct ResourceReadings: Sendable {
    public struct Flow: Sendable, Equatable {
        public var `in`: Int
        public var out: Int
    }

    public struct Disk: Sendable, Equatable {
        public var totalBytes: Int
        /// What a process without privileges may still write.
        public var freeBytes: Int
        /// Share of what is used among what can be used, 0 to 1.
        public var ratio: Double
    }

    // The process
    public internal(set) var processCPUSeconds: Double?
    public internal(set) var threads: Int?
    public internal(set) var virtualBytes: Int?
    /// Nil without a limit.
    public internal(set) var virtualMaxBytes: Int?
    public internal(set) var residentBytes: Int?
    public internal(set) var heapBytes: Int?
    /// Only when asked for: counting them costs in proportion.
    public internal(set) var openFiles: Int?
    public internal(set) var maxFiles: Int?
    /// Storage, caches left out.
    public internal(set) var diskIO: Flow?

    // What it may use
    /// CPU used since the reading before, 0 to 1 of the container's quota or else of the host's cores.
    public internal(set) var cpuRatio: Double?
    /// Cores of the container's quota; nil without one.
    public internal(set) var quotaCores: Double?
    /// Cores of the host.
    public internal(set) var cores: Int?
    /// Time the container was held back for its quota.
    public internal(set) var throttledSeconds: Double?
    /// Memory in use without what can be dropped, 0 to 1 of the container's limit or else of the host's memory.
    public internal(set) var memoryRatio: Double?
    public internal(set) var memoryAvailableBytes: Int?
    /// Of the container; nil without a limit.
    public internal(set) var memoryLimitBytes: Int?
    /// Of the container: its usage without inactive file pages.
    public internal(set) var workingSetBytes: Int?
    /// Through the host's interfaces, loopback left out.
    public internal(set) var network: Flow?

    /// A volume, by any path on it.
    public func disk(of path: String) -> Disk? {
        var status = statvfs()
        guard statvfs(path, &status) == 0, status.f_blocks > 0 else { return nil }
        let unit = Int(status.f_frsize)
        let used = Int(status.f_blocks) - Int(status.f_bfree)
        let usable = used + Int(status.f_bavail)
        return Disk(
            totalBytes: Int(status.f_blocks) * unit, freeBytes: Int(status.f_bavail) * unit,
            ratio: usable > 0 ? Double(used) / Double(usable) : 1)
    }
}
