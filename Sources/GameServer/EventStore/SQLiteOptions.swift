import Glibc
import PluginAPI

/// How a `SQLiteEventStore` works, with the ceiling of everything that could grow.
public struct SQLiteOptions: Sendable {
    /// What `committed` means.
    public enum Durability: String, Sendable, CaseIterable {
        /// Survives a power failure: every commit waits for the disk.
        case power
        /// Survives the end of the process, also by `kill -9`; a power failure may cost the last moments.
        case process
    }

    public var durability: Durability
    /// Most requests that wait. Above it they are answered `unavailable` at once.
    public var maxWaitingRequests = 16_384
    /// Most payload that waits. Above it requests are answered `unavailable` at once.
    public var maxWaitingBytes = 64 * 1024 * 1024
    /// Most requests in one transaction; the others go into the next.
    public var maxGroupRequests = 1_024
    /// Most payload in one transaction; the others go into the next. A larger record goes alone.
    public var maxGroupBytes = 4 * 1024 * 1024
    /// How long a lock of another process (a backup, a shell) is waited for before a group is `unavailable`.
    public var busyTimeout: Duration = .milliseconds(500)
    /// Size of the write-ahead log from which it is moved into the database as soon as nothing waits. At four times
    /// that it is moved although something waits, which then waits longer. Less on a disk that has little left.
    public var checkpointPages = 4_000
    /// Quiet time after which a smaller log is moved too.
    public var idleCheckpointDelay: Duration = .seconds(1)
    /// How many events below the head of a room a snapshot must stay for: see `SnapshotRetention`.
    public var retainedEvents = 300

    /// Most questions of operators that wait for the reader. Above it they are answered `unavailable` at once.
    public var maxWaitingReadings = 256
    /// How long a closed room is kept at least, whatever a cleanup asks for.
    public var goneFor: Duration = .seconds(86_400)
    /// Most records and system events deleted in one transaction of a cleanup.
    public var cleanupRecords = 500
    /// Share of the writer's time a cleanup may take while something waits: one part of this many.
    public var cleanupShare = 5
    /// Most system events kept; a cleanup deletes the oldest above it.
    public var maxSystemEvents = 100_000
    /// Cleanups that come by themselves; nil for none.
    public var schedule: CleanupSchedule?
    /// Records checked against their digests each second in the background; 0 for none.
    public var scrubRecordsPerSecond = 100
    /// How often the writer looks at the file, at other programs' writes and at the sizes.
    public var watchEvery: Duration = .seconds(1)
    /// How long a group may take before the store counts as out of reach.
    public var stallAfter: Duration = .seconds(1)
    /// Time as people write it, for what the store itself notes.
    public var wallClock: @Sendable () -> Timestamp = SQLiteOptions.systemClock

    public init(durability: Durability = .power) { self.durability = durability }

    private static let systemClock: @Sendable () -> Timestamp = {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Timestamp(unixMilliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
    }
}

/// When a store cleans up by itself, and what.
public struct CleanupSchedule: Sendable, Equatable {
    public var every: Duration
    /// How long closed rooms are kept, and records that living rooms do not need any more.
    public var retention: Duration
    /// Size of the database in use above which younger ones go too; nil for no such limit.
    public var maxBytes: Int?

    public init(every: Duration, retention: Duration, maxBytes: Int? = nil) {
        self.every = every
        self.retention = retention
        self.maxBytes = maxBytes
    }
}
