import PluginAPI

/// Hears what the store does, on one of the store's threads; it must not wait for the store.
public protocol StoreObserver: Sendable {
    /// One transaction was committed: how many appends and snapshots were in it, their payload, and how long it took from
    /// its beginning until it was durable.
    func committed(writes: Int, bytes: Int, took: Duration)
    /// Something was asked and not done; `code` is SQLite's extended result code.
    func failed(_ operation: StoreOperation, code: Int32)
    /// The log of the database was moved into it: `pages` were moved, `left` could not be yet.
    func checkpointed(pages: Int, left: Int, took: Duration)
    /// One thing that was asked is done, in `took`; not yet durable if it writes.
    func performed(_ operation: StoreOperation, took: Duration)
    /// The store cannot be written to; told once until `recovered`.
    func troubled(_ kind: StoreFailureKind)
    /// The store can be written to again.
    func recovered()
    /// Somebody else wrote to the database.
    func foreignWrite()
    /// Record `number` of a room is missing or not what was written; told once until `chainMended`.
    func chainBroken(_ room: RoomID, number: Int)
    /// The log of a room that was damaged is whole again, or was deleted.
    func chainMended(_ room: RoomID, number: Int)
    /// How large everything is; at most once a second.
    func measured(_ size: StoreSize)
    /// A cleanup, also a scheduled one, came to its end.
    func cleaned(_ report: CleanupReport)
    /// The inbox was full: what was asked is answered `unavailable`. Called on the thread of whoever asked.
    func refused(_ operation: StoreOperation)
}

extension StoreObserver {
    public func committed(writes: Int, bytes: Int, took: Duration) {}
    public func failed(_ operation: StoreOperation, code: Int32) {}
    public func checkpointed(pages: Int, left: Int, took: Duration) {}
    public func performed(_ operation: StoreOperation, took: Duration) {}
    public func troubled(_ kind: StoreFailureKind) {}
    public func recovered() {}
    public func foreignWrite() {}
    public func chainBroken(_ room: RoomID, number: Int) {}
    public func chainMended(_ room: RoomID, number: Int) {}
    public func measured(_ size: StoreSize) {}
    public func cleaned(_ report: CleanupReport) {}
    public func refused(_ operation: StoreOperation) {}
}

/// The closed set of what a store can be asked or does by itself.
public enum StoreOperation: String, Sendable, CaseIterable {
    case append, claim, snapshot, read, directory, verify, begin, commit, checkpoint
    case note, events, statistics, cleanup, health, reopen, scrub
}

/// Sizes of the files of a store and how well its pages were remembered.
public struct StoreSize: Sendable, Equatable {
    public var databaseBytes = 0
    public var walBytes = 0
    public var freePages = 0
    /// Pages asked for and found in memory, and read from the file, since the start.
    public var cacheHits = 0
    public var cacheMisses = 0

    public init() {}
}

/// Hears nothing.
public struct SilentStoreObserver: StoreObserver {
    public init() {}
}
