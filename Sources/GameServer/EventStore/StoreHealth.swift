/// How the store is doing, as one value.
public struct StoreHealth: Sendable, Equatable {
    public struct Failure: Sendable, Equatable {
        public var operation: StoreOperation
        public var kind: StoreFailureKind
        /// SQLite's extended result code.
        public var code: Int32
        /// How long ago.
        public var age: Duration

        public init(operation: StoreOperation, kind: StoreFailureKind, code: Int32, age: Duration) {
            self.operation = operation
            self.kind = kind
            self.code = code
            self.age = age
        }
    }

    /// What lies under the path of the database.
    public enum File: String, Sendable, CaseIterable {
        /// The file that is open.
        case same
        case missing
        /// Another file than the one that is open.
        case replaced
    }

    /// A transaction for writing could just be begun, or one was committed within the last second.
    public var isReachable = false
    /// What stands in the way now; nil when nothing does.
    public var trouble: StoreFailureKind?
    public var file = File.same
    /// How long the last commit took, from its beginning until it was durable.
    public var lastCommit: Duration?
    public var lastCommitAge: Duration?
    /// Of the last 256 commits.
    public var commitP95: Duration?
    /// How long the group at work has been at it; nil when none is.
    public var busyFor: Duration?
    public var walPages = 0
    public var waitingRequests = 0
    /// How long the oldest request has waited for its turn.
    public var oldestWaiting: Duration?
    public var lastFailure: Failure?
    /// Times somebody else was seen to have written, since the start.
    public var foreignWrites = 0
    /// Rooms with a damaged record, as far as known.
    public var brokenRooms = 0
    /// What the file system has left; nil when it does not say.
    public var freeDiskBytes: Int?

    public init() {}
}

/// What kept the store from doing what it was asked, as a closed set.
public enum StoreFailureKind: String, Sendable, CaseIterable {
    /// Another process holds a lock.
    case busy
    /// The disk, or the database's own limit, is full.
    case full
    case io
    case corrupt
    case readonly
    case other
}

/// What became of an attempt to mend the store's connection.
public enum ReopenOutcome: Sendable, Equatable {
    /// Opened anew on the file under the path, everything known to be committed is there.
    case reopened
    /// The file under the path was gone or another: the whole database was written back to it. A stranger's file was
    /// moved to `movedAside`, a name beside it.
    case restored(movedAside: String?)
    /// The disk was full: so much was given back to it.
    case freed(bytes: Int)
    case failed(StoreFailureKind)
    case unavailable
}
