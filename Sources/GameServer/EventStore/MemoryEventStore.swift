import PluginAPI
import Synchronization

/// The log in memory: the same promises as `SQLiteEventStore` for as long as the process lives, answered before a call
/// returns.
///
/// For tests and simulations it also fails on demand.
public final class MemoryEventStore: EventStore {
    /// What becomes of an append that is made to fail.
    public enum Fault: Sendable, Hashable, CaseIterable {
        case unavailable
        /// Answered `unknown`, and stored (if it could be).
        case unknownWritten
        /// Answered `unknown`, and not stored.
        case unknownNotWritten
        /// Another owner claims the room just before.
        case fenced
    }

    struct Contents {
        var rooms: [RoomID: MemoryRoom] = [:]
        var systemEvents: [StoredSystemEvent] = []
        var faults: [Fault] = []
        var isReachable = true
        var isClosed = false

        var answers: Bool { isReachable && !isClosed }
    }

    let contents: Mutex<Contents>
    let retention: SnapshotRetention
    let goneFor: Duration

    /// - Parameters:
    ///   - retainedEvents: how many events below the head of a room a snapshot must stay for.
    ///   - goneFor: how long a closed room is kept at least.
    public init(retainedEvents: Int = 300, goneFor: Duration = .seconds(86_400)) {
        contents = Mutex(Contents())
        retention = SnapshotRetention(events: retainedEvents)
        self.goneFor = goneFor
    }

    private init(_ found: Contents, of store: MemoryEventStore) {
        contents = Mutex(found)
        retention = store.retention
        goneFor = store.goneFor
    }

    /// What the next process finds after this one died: everything committed, no fault.
    public func afterCrash() -> MemoryEventStore {
        let found = contents.withLock { Contents(rooms: $0.rooms, systemEvents: $0.systemEvents) }
        return MemoryEventStore(found, of: self)
    }

    /// Lets the next appends fail, one fault each, in order.
    public func fail(_ faults: Fault...) {
        contents.withLock { $0.faults += faults }
    }

    /// While false, everything is `unavailable` and no fault is used up.
    public func setReachable(_ isReachable: Bool) {
        contents.withLock { $0.isReachable = isReachable }
    }

    public func append(_ append: Append, answer: @escaping @Sendable (AppendOutcome) -> Void) {
        answer(contents.withLock { $0.answers ? Self.outcome(of: append, in: &$0) : .unavailable })
    }

    public func claim(_ room: RoomID, from origin: ClaimOrigin, answer: @escaping @Sendable (ClaimOutcome) -> Void) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                guard var found = contents.rooms[room] else { return .notFound }
                found.head.term += 1
                guard let claim = found.claim(from: origin) else { return .damaged }
                contents.rooms[room] = found
                return .claimed(claim)
            })
    }

    public func checkpoint(
        _ room: RoomID, term: UInt64, _ snapshot: Snapshot, answer: @escaping @Sendable (CheckpointOutcome) -> Void
    ) {
        answer(
            contents.withLock { contents in
                guard contents.answers, let found = contents.rooms[room], found.head.admits(snapshot, term: term)
                else { return .unavailable }
                contents.rooms[room]?.insert(snapshot, retention: retention)
                return .stored
            })
    }

    public func read(
        _ room: RoomID, after sequence: Int, limit: Int, answer: @escaping @Sendable (ReadOutcome) -> Void
    ) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                guard let found = contents.rooms[room] else { return .notFound }
                guard sequence >= found.trim.sequence else {
                    return .trimmed(first: found.trim.sequence + 1, head: found.head.sequence)
                }
                let missed = found.records.lazy
                    .filter { $0.eventCount > 0 && $0.firstSequence + $0.eventCount - 1 > sequence }
                    .prefix(max(limit, 1))
                return .records(Array(missed), head: found.head.sequence)
            })
    }

    public func history(
        _ room: RoomID, from base: Int, through last: Int, answer: @escaping @Sendable (HistoryOutcome) -> Void
    ) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                return contents.rooms[room]?.history(from: base, through: last) ?? .notFound
            })
    }

    public func directory(closedAfter: Timestamp, answer: @escaping @Sendable (DirectoryOutcome) -> Void) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                let summaries = contents.rooms.values.map(\.summary)
                    .filter { $0.status != .closed || $0.changed >= closedAfter }
                return .rooms(summaries.sorted { $0.room.raw < $1.room.raw })
            })
    }

    public func directory(_ page: DirectoryPage, answer: @escaping @Sendable (DirectoryOutcome) -> Void) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                let all = contents.rooms.values.map(\.summary).sorted { $0.room.raw < $1.room.raw }
                let rest = all.drop { summary in page.after.map { summary.room.raw <= $0.raw } ?? false }
                return .rooms(Array(rest.prefix(max(page.limit, 1))))
            })
    }

    public func verify(_ room: RoomID, answer: @escaping @Sendable (VerifyOutcome) -> Void) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                return contents.rooms[room]?.verify() ?? .notFound
            })
    }

    public func close() {
        contents.withLock { $0.isClosed = true }
    }

    private static func outcome(of append: Append, in contents: inout Contents) -> AppendOutcome {
        let fault = contents.faults.isEmpty ? nil : contents.faults.removeFirst()
        switch fault {
        case nil:
            return write(append, in: &contents.rooms)
        case .unavailable:
            return .unavailable
        case .unknownNotWritten:
            return .unknown
        case .unknownWritten:
            _ = write(append, in: &contents.rooms)
            return .unknown
        case .fenced:
            contents.rooms[append.room]?.head.term += 1
            return write(append, in: &contents.rooms)
        }
    }

    private static func write(_ append: Append, in rooms: inout [RoomID: MemoryRoom]) -> AppendOutcome {
        let room = rooms[append.room]
        let stored = room?.record(append.number)
        if let outcome = RoomHead.verdict(on: append, head: room?.head, stored: stored) { return outcome }
        if room == nil {
            rooms[append.room] = MemoryRoom(append)
        } else {
            rooms[append.room]?.accept(append)
        }
        return .committed
    }
}
