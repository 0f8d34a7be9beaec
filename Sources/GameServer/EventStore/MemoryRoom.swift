import PluginAPI

/// A room's log in memory.
struct MemoryRoom {
    var head: RoomHead
    var summary: RoomSummary
    /// The end of what was trimmed.
    private(set) var trim = RoomTrim.nothing
    private(set) var records: [StoredRecord]
    private var times: [Timestamp]
    private(set) var snapshots: [Snapshot] = []

    init(_ append: Append) {
        head = RoomHead(after: append)
        summary = append.summary
        records = [append.record]
        times = [append.summary.changed]
    }

    func record(_ number: Int) -> StoredRecord? {
        let index = number - trim.number - 1
        return records.indices.contains(index) ? records[index] : nil
    }

    mutating func accept(_ append: Append) {
        head = RoomHead(after: append)
        summary = append.summary
        records.append(append.record)
        times.append(append.summary.changed)
    }

    mutating func insert(_ snapshot: Snapshot, retention: SnapshotRetention) {
        snapshots.removeAll { $0.number == snapshot.number }
        snapshots.append(snapshot)
        snapshots.sort { $0.number < $1.number }
        let surplus = retention.surplus(
            of: snapshots.map { ($0.number, $0.sequence) }, headSequence: head.sequence)
        snapshots.removeAll { surplus.contains($0.number) }
    }

    func records(above number: Int) -> [StoredRecord] { Array(records.drop { $0.number <= number }) }

    /// Where a claim begins; nil when the room cannot be taken over that way.
    func claim(from origin: ClaimOrigin) -> Claim? {
        switch origin {
        case .retaining(let events):
            let wanted = head.sequence - max(events, 0)
            let fallback = trim.number > 0 ? snapshots.first { $0.number >= trim.number } : nil
            let snapshot = snapshots.last { $0.sequence <= wanted && $0.number >= trim.number } ?? fallback
            return Claim(term: head.term, snapshot: snapshot, records: records(above: snapshot?.number ?? 0))
        case .newestSnapshot:
            let snapshot = snapshots.last
            let claim = Claim(term: head.term, snapshot: snapshot, records: records(above: snapshot?.number ?? 0))
            return RecordChain.holds(claim, head: head) ? claim : nil
        }
    }

    /// Checks every record that is kept.
    func verify() -> VerifyOutcome {
        var chain = RecordChain(after: trim)
        for record in records where !chain.accept(record) { return .broken(number: chain.number + 1) }
        return chain.ends(at: head) ? .sound(records: records.count) : .broken(number: chain.number + 1)
    }

    func events(since instant: Timestamp) -> Int {
        zip(records, times).reduce(0) { $0 + ($1.1 >= instant ? $1.0.eventCount : 0) }
    }

    var oldest: Timestamp? { times.first }

    /// Payload of everything kept.
    var bytes: Int { records.reduce(0) { $0 + $1.payload.count } + snapshots.reduce(0) { $0 + $1.payload.count } }

    /// Number of the last record that neither a returning client nor a restart needs and that was made before `cutoff`.
    func trimmable(before cutoff: Timestamp, retention: SnapshotRetention) -> Int? {
        guard let anchor = snapshots.last(where: { $0.sequence <= head.sequence - retention.events }) else {
            return nil
        }
        let young = times.firstIndex { $0 >= cutoff } ?? times.count
        let last = min(anchor.number, trim.number + young)
        return last > trim.number ? last : nil
    }

    /// Deletes records up to `number`, and snapshots below it.
    ///
    /// - Returns: what went.
    mutating func trim(upTo number: Int) -> (records: Int, events: Int, bytes: Int) {
        let gone = records.prefix { $0.number <= number }
        guard let last = gone.last else { return (0, 0, 0) }
        let surplus = snapshots.filter { $0.number < number }
        trim = RoomTrim(number: number, sequence: last.firstSequence + last.eventCount - 1, digest: last.digest)
        records.removeFirst(gone.count)
        times.removeFirst(gone.count)
        snapshots.removeAll { $0.number < number }
        let bytes = gone.reduce(0) { $0 + $1.payload.count } + surplus.reduce(0) { $0 + $1.payload.count }
        return (gone.count, gone.reduce(0) { $0 + $1.eventCount }, bytes)
    }
}
