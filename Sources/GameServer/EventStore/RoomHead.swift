/// Where a room's log ends and who may continue it: the row every append is checked against.
struct RoomHead: Equatable {
    /// The highest claim.
    var term: UInt64
    /// Of the last record.
    var number: Int
    /// Of the last event.
    var sequence: Int
    var digest: Digest

    /// Decides on an append.
    ///
    /// - Parameter stored: the record that already has this number, if there is one.
    /// - Returns: nil when the append is to be written.
    static func verdict(on append: Append, head: RoomHead?, stored: StoredRecord?) -> AppendOutcome? {
        guard let head else {
            let creates =
                append.number == 1 && append.term == 1 && append.firstSequence == 1 && append.eventCount >= 0
            return creates ? nil : .conflict(head: 0)
        }
        // First, because `fenced` and `conflict` promise that nothing was written.
        if stored == append.record { return .committed }
        // A term above the room's own was never handed out by this store: not the owner either.
        guard append.term == head.term else { return .fenced(term: head.term) }
        guard append.number == head.number + 1, append.firstSequence == head.sequence + 1, append.eventCount >= 0
        else { return .conflict(head: head.number) }
        return nil
    }

    /// The head once `append` is stored.
    init(after append: Append) {
        term = append.term
        number = append.number
        sequence = append.lastSequence
        digest = append.digest
    }

    init(term: UInt64, number: Int, sequence: Int, digest: Digest) {
        self.term = term
        self.number = number
        self.sequence = sequence
        self.digest = digest
    }

    /// Whether a snapshot tells a past of this log and comes from its owner.
    func admits(_ snapshot: Snapshot, term: UInt64) -> Bool {
        term == self.term && snapshot.number >= 1 && snapshot.number <= number && snapshot.sequence <= sequence
    }
}

extension Append {
    /// What is stored of it.
    var record: StoredRecord {
        StoredRecord(
            number: number, firstSequence: firstSequence, eventCount: eventCount, payload: payload, digest: digest)
    }
}
