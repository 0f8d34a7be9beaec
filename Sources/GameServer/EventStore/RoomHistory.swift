import PluginAPI

/// Stored parts from which a room is rebuilt as it was.
public enum HistoryOutcome: Sendable, Equatable {
    /// A snapshot, nil for the very beginning, and the records after it, those without events too, oldest first; `head` is
    /// the number of the room's last event.
    case parts(snapshot: Snapshot?, records: [StoredRecord], head: Int)
    /// Older history was deleted: the room cannot be rebuilt as it was before event `first` − 1.
    case trimmed(first: Int)
    /// More records would have to be read than one answer may hold.
    case tooLong(records: Int)
    case notFound
    case unavailable
}

extension RoomTables {
    /// Records read at once.
    private static let page = 1000

    /// - Parameter limit: most records of the answer.
    func history(
        of room: RoomID, from base: Int, through last: Int, limit: Int
    ) throws(SQLiteFailure) -> HistoryOutcome {
        guard let head = try head(of: room) else { return .notFound }
        let trim = try trim(of: room)
        let there = try snapshots(of: room).filter { $0.number >= trim.number }
        var snapshot: Snapshot?
        // One that is not what was written is passed over for an older one.
        for candidate in there.reversed() where snapshot == nil && candidate.sequence <= base {
            snapshot = try self.snapshot(candidate.number, of: room)
        }
        if snapshot == nil, trim.number > 0 {
            return .trimmed(first: (there.first { $0.sequence > base }?.sequence ?? head.sequence) + 1)
        }
        var records: [StoredRecord] = []
        while true {
            let more = try self.records(
                of: room, above: records.last?.number ?? snapshot?.number ?? 0, limit: Self.page)
            let wanted = more.prefix { $0.firstSequence - 1 <= last }
            records += wanted
            guard records.count <= limit else { return .tooLong(records: limit) }
            if wanted.count < Self.page { return .parts(snapshot: snapshot, records: records, head: head.sequence) }
        }
    }
}

extension MemoryRoom {
    func history(from base: Int, through last: Int) -> HistoryOutcome {
        let there = snapshots.filter { $0.number >= trim.number }
        let snapshot = there.last { $0.sequence <= base }
        if snapshot == nil, trim.number > 0 {
            return .trimmed(first: (there.first?.sequence ?? head.sequence) + 1)
        }
        let records = records(above: snapshot?.number ?? 0).prefix { $0.firstSequence - 1 <= last }
        return .parts(snapshot: snapshot, records: Array(records), head: head.sequence)
    }
}
