/// Hears what the store does, on the store's thread; it must not wait for the store.
public protocol StoreObserver: Sendable {
    /// One transaction was committed: how many appends and snapshots were in it, their payload, and how long it took from
    /// its beginning until it was durable.
    func committed(writes: Int, bytes: Int, took: Duration)
    /// Something was asked and not done; `code` is SQLite's extended result code.
    func failed(_ operation: StoreOperation, code: Int32)
    /// The log of the database was moved into it: `pages` were moved, `left` could not be yet.
    func checkpointed(pages: Int, left: Int, took: Duration)
    /// The inbox was full: what was asked is answered `unavailable`. Called on the thread of whoever asked.
    func refused(_ operation: StoreOperation)
}

extension StoreObserver {
    public func committed(writes: Int, bytes: Int, took: Duration) {}
    public func failed(_ operation: StoreOperation, code: Int32) {}
    public func checkpointed(pages: Int, left: Int, took: Duration) {}
    public func refused(_ operation: StoreOperation) {}
}

/// The closed set of what a store can be asked or does by itself.
public enum StoreOperation: String, Sendable, CaseIterable {
    case append, claim, snapshot, read, directory, verify, begin, commit, checkpoint
}

/// Hears nothing.
public struct SilentStoreObserver: StoreObserver {
    public init() {}
}
