import PluginAPI

/// Where rooms are remembered: an append-only log of records per room, guarded by a term.
///
/// Every method returns at once and answers exactly once, on a thread of the store's own (or, in memory, before it
/// returns). Whoever asks from an event loop answers into its mailbox.
///
/// - Source: docs/ARCHITECTURE.md, "The log".
public protocol EventStore: Sendable {
    /// Appends one record. Record 1 under term 1 creates the room.
    ///
    /// An append that is already there, byte for byte, is `committed`, so an `unknown` is settled by sending the
    /// identical append again. One room's refusal never fails another's append.
    func append(_ append: Append, answer: @escaping @Sendable (AppendOutcome) -> Void)

    /// Takes the room over: raises its term, which fences every earlier owner, and reads what is needed to go on.
    ///
    /// Sees every append asked for before it.
    func claim(_ room: RoomID, from origin: ClaimOrigin, answer: @escaping @Sendable (ClaimOutcome) -> Void)

    /// Stores a snapshot. Failing to is harmless where the log is whole: it alone is enough, only slower.
    func checkpoint(
        _ room: RoomID, term: UInt64, _ snapshot: Snapshot, answer: @escaping @Sendable (CheckpointOutcome) -> Void)

    /// Reads records that hold events with a sequence number above `sequence`, oldest first.
    ///
    /// Sees every append that was answered before it was asked; never delays one.
    ///
    /// - Parameter limit: most records returned, at least 1.
    func read(
        _ room: RoomID, after sequence: Int, limit: Int, answer: @escaping @Sendable (ReadOutcome) -> Void)

    /// Reads what a room is rebuilt from as it was: the newest snapshot not above event `base`, and the records after it up
    /// to the one that holds event `last`. Takes nothing over.
    func history(
        _ room: RoomID, from base: Int, through last: Int, answer: @escaping @Sendable (HistoryOutcome) -> Void)

    /// Every room that is not closed, and those closed since `closedAfter`.
    func directory(closedAfter: Timestamp, answer: @escaping @Sendable (DirectoryOutcome) -> Void)

    /// One page of every room there is, closed or not, by ascending number.
    func directory(_ page: DirectoryPage, answer: @escaping @Sendable (DirectoryOutcome) -> Void)

    /// Checks the whole stored log of a room against its digests.
    func verify(_ room: RoomID, answer: @escaping @Sendable (VerifyOutcome) -> Void)

    /// Keeps something the server did or noticed.
    func note(_ event: SystemEvent, answer: @escaping @Sendable (NoteOutcome) -> Void)

    /// Reads system events numbered above `number`, oldest first.
    ///
    /// - Parameters:
    ///   - limit: most events returned, at least 1.
    ///   - kind: only of this kind; nil for all.
    func systemEvents(
        after number: Int, limit: Int, kind: SystemEvent.Kind?,
        answer: @escaping @Sendable (SystemEventsOutcome) -> Void)

    /// Checks all system events against their digests.
    func verifySystemEvents(answer: @escaping @Sendable (VerifyOutcome) -> Void)

    /// Deletes what is old, or says what would be, a little at a time between appends.
    func cleanup(_ request: CleanupRequest, answer: @escaping @Sendable (CleanupOutcome) -> Void)

    /// Counts what there is. Asked again within a second, it may say the same.
    ///
    /// - Parameter now: the moment of the count.
    func statistics(now: Timestamp, answer: @escaping @Sendable (StatisticsOutcome) -> Void)

    /// How the store is doing; tries whether it could write.
    func health(answer: @escaping @Sendable (StoreHealth) -> Void)

    /// Mends the connection to where the log is kept. Nothing that was committed is lost by it.
    func reopen(answer: @escaping @Sendable (ReopenOutcome) -> Void)

    /// Finishes what was asked, then refuses everything as `unavailable`. Returns when nothing is in progress.
    func close()
}

extension EventStore {
    /// Takes the room over with a snapshot from which the last `events` events can be told again.
    public func claim(
        _ room: RoomID, retaining events: Int, answer: @escaping @Sendable (ClaimOutcome) -> Void
    ) {
        claim(room, from: .retaining(events: events), answer: answer)
    }
}

/// Where a claimed room begins.
public enum ClaimOrigin: Sendable, Equatable {
    /// At the newest snapshot that lies at least this many events below the head, so that the records after it still
    /// hold those events; without one, at the oldest there is.
    case retaining(events: Int)
    /// At the newest snapshot above which every record is whole. For a room whose older records are damaged: they stay
    /// as evidence, the room goes on without them.
    case newestSnapshot
}

/// A part of the directory.
public struct DirectoryPage: Sendable, Equatable {
    /// The last room of the page before; nil for the first page.
    public var after: RoomID?
    /// Most rooms returned, at least 1.
    public var limit: Int

    public init(after: RoomID? = nil, limit: Int) {
        self.after = after
        self.limit = limit
    }
}

/// One record to append, with what the directory should know of the room afterwards.
public struct Append: Sendable {
    public var room: RoomID
    /// The claim under which the writer owns the room; 1 for a new room.
    public var term: UInt64
    /// This record's number: one above the head the writer knows.
    public var number: Int
    /// Number of the first event in it; when it has none, the number the next event will get.
    public var firstSequence: Int
    public var eventCount: Int
    /// The record as stored bytes (`Record.encoded`).
    public var payload: [UInt8]
    /// SHA-256 over `payload` and the previous record's digest.
    public var digest: Digest
    public var summary: RoomSummary

    public init(
        room: RoomID, term: UInt64, number: Int, firstSequence: Int, eventCount: Int, payload: [UInt8], digest: Digest,
        summary: RoomSummary
    ) {
        self.room = room
        self.term = term
        self.number = number
        self.firstSequence = firstSequence
        self.eventCount = eventCount
        self.payload = payload
        self.digest = digest
        self.summary = summary
    }

    /// Number of the last event once this record is stored.
    public var lastSequence: Int { firstSequence + eventCount - 1 }
}

public enum AppendOutcome: Sendable, Equatable {
    /// Durable at the configured level; may be told.
    case committed
    /// The term is right, the number is not: nothing was written.
    case conflict(head: Int)
    /// A newer claim owns the room: nothing was written and nothing ever will be under this term.
    case fenced(term: UInt64)
    /// Certainly not written; worth trying again later.
    case unavailable
    /// Written or not: the identical append has to be sent again until it is settled.
    case unknown
}

public struct StoredRecord: Sendable, Equatable {
    public var number: Int
    public var firstSequence: Int
    public var eventCount: Int
    public var payload: [UInt8]
    public var digest: Digest

    public init(number: Int, firstSequence: Int, eventCount: Int, payload: [UInt8], digest: Digest) {
        self.number = number
        self.firstSequence = firstSequence
        self.eventCount = eventCount
        self.payload = payload
        self.digest = digest
    }
}

/// The whole truth of a room as it was after record `number`.
public struct Snapshot: Sendable, Equatable {
    public var number: Int
    public var sequence: Int
    public var digest: Digest
    public var payload: [UInt8]

    public init(number: Int, sequence: Int, digest: Digest, payload: [UInt8]) {
        self.number = number
        self.sequence = sequence
        self.digest = digest
        self.payload = payload
    }
}

/// What a new owner gets: its term, a snapshot (nil: start from nothing) and every record after it.
public struct Claim: Sendable, Equatable {
    public var term: UInt64
    public var snapshot: Snapshot?
    public var records: [StoredRecord]

    public init(term: UInt64, snapshot: Snapshot?, records: [StoredRecord]) {
        self.term = term
        self.snapshot = snapshot
        self.records = records
    }
}

public enum ClaimOutcome: Sendable, Equatable {
    case claimed(Claim)
    case notFound
    /// No snapshot has whole records above it: nothing was claimed. Only for `ClaimOrigin.newestSnapshot`.
    case damaged
    case unavailable
}

public enum CheckpointOutcome: Sendable, Equatable {
    case stored
    /// Not known to be stored: the store cannot, or the room is another owner's.
    case unavailable
}

public enum ReadOutcome: Sendable, Equatable {
    /// `head` is the number of the room's last event.
    case records([StoredRecord], head: Int)
    /// History below event `first` was trimmed, so not all that was asked for is there: ask again after `first` − 1.
    case trimmed(first: Int, head: Int)
    case notFound
    case unavailable
}

public enum DirectoryOutcome: Sendable, Equatable {
    case rooms([RoomSummary])
    case unavailable
}
