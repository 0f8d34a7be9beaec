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
    /// that it is moved although something waits, which then waits longer.
    public var checkpointPages = 4_000
    /// Quiet time after which a smaller log is moved too.
    public var idleCheckpointDelay: Duration = .seconds(1)
    /// How many events below the head of a room a snapshot must stay for: see `SnapshotRetention`.
    public var retainedEvents = 300

    public init(durability: Durability = .power) { self.durability = durability }
}
