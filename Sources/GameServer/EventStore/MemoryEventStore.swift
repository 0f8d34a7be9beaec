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

    private struct Room {
        var head: RoomHead
        var summary: RoomSummary
        var records: [StoredRecord]
        var snapshots: [Snapshot] = []
    }

    private struct Contents {
        var rooms: [RoomID: Room] = [:]
        var faults: [Fault] = []
        var isReachable = true
        var isClosed = false

        var answers: Bool { isReachable && !isClosed }
    }

    private let contents: Mutex<Contents>
    private let retention: SnapshotRetention

    /// - Parameter retainedEvents: how many events below the head of a room a snapshot must stay for.
    public init(retainedEvents: Int = 300) {
        contents = Mutex(Contents())
        retention = SnapshotRetention(events: retainedEvents)
    }

    private init(rooms: [RoomID: Room], retention: SnapshotRetention) {
        contents = Mutex(Contents(rooms: rooms))
        self.retention = retention
    }

    /// What the next process finds after this one died: everything committed, no fault.
    public func afterCrash() -> MemoryEventStore {
        MemoryEventStore(rooms: contents.withLock { $0.rooms }, retention: retention)
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

    public func claim(_ room: RoomID, retaining events: Int, answer: @escaping @Sendable (ClaimOutcome) -> Void) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                contents.rooms[room]?.head.term += 1
                guard let found = contents.rooms[room] else { return .notFound }
                let snapshot = found.snapshots.last { $0.sequence <= found.head.sequence - max(events, 0) }
                let records = found.records.dropFirst(snapshot?.number ?? 0)
                return .claimed(Claim(term: found.head.term, snapshot: snapshot, records: Array(records)))
            })
    }

    public func checkpoint(_ room: RoomID, term: UInt64, _ snapshot: Snapshot) {
        contents.withLock { contents in
            guard contents.answers, var found = contents.rooms[room], found.head.admits(snapshot, term: term)
            else { return }
            found.snapshots.removeAll { $0.number == snapshot.number }
            found.snapshots.append(snapshot)
            found.snapshots.sort { $0.number < $1.number }
            let surplus = retention.surplus(
                of: found.snapshots.map { ($0.number, $0.sequence) }, headSequence: found.head.sequence)
            found.snapshots.removeAll { surplus.contains($0.number) }
            contents.rooms[room] = found
        }
    }

    public func read(
        _ room: RoomID, after sequence: Int, limit: Int, answer: @escaping @Sendable (ReadOutcome) -> Void
    ) {
        answer(
            contents.withLock { contents in
                guard contents.answers else { return .unavailable }
                guard let found = contents.rooms[room] else { return .notFound }
                let missed = found.records.lazy
                    .filter { $0.eventCount > 0 && $0.firstSequence + $0.eventCount - 1 > sequence }
                    .prefix(max(limit, 1))
                return .records(Array(missed), head: found.head.sequence)
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

    private static func write(_ append: Append, in rooms: inout [RoomID: Room]) -> AppendOutcome {
        if let outcome = verdict(on: append, room: rooms[append.room]) { return outcome }
        let head = RoomHead(after: append)
        if append.number == 1 {
            rooms[append.room] = Room(head: head, summary: append.summary, records: [append.record])
        } else {
            rooms[append.room]?.head = head
            rooms[append.room]?.summary = append.summary
            rooms[append.room]?.records.append(append.record)
        }
        return .committed
    }

    private static func verdict(on append: Append, room: Room?) -> AppendOutcome? {
        var stored: StoredRecord?
        if let room, room.records.indices.contains(append.number - 1) { stored = room.records[append.number - 1] }
        return RoomHead.verdict(on: append, head: room?.head, stored: stored)
    }
}
