extension Digest {
    /// The digest of a record: over its stored bytes and everything before it.
    ///
    /// - Parameter previous: of the record before; `.zero` for the first.
    public init(of payload: [UInt8], continuing previous: Digest) {
        self.init(of: payload, previous.bytes)
    }
}

/// A room's log checked record by record: numbers and sequence numbers without a gap, every digest continuing the last.
///
/// It finds changed, missing and swapped records. It cannot find a tail that somebody rewrote with fresh digests.
public struct RecordChain: Sendable {
    /// Number of the last record that fitted.
    public private(set) var number: Int
    /// Number of the last event in it.
    public private(set) var sequence: Int
    public private(set) var digest: Digest

    /// Starts at a snapshot, or before the first record.
    public init(after snapshot: Snapshot? = nil) {
        number = snapshot?.number ?? 0
        sequence = snapshot?.sequence ?? 0
        digest = snapshot?.digest ?? .zero
    }

    /// Starts where the log was trimmed.
    init(after trim: RoomTrim) {
        number = trim.number
        sequence = trim.sequence
        digest = trim.digest
    }

    /// Whether nothing of the log is missing.
    func ends(at head: RoomHead) -> Bool {
        number == head.number && sequence == head.sequence && digest == head.digest
    }

    /// Whether the records of a claim are whole, from where it begins to the head.
    static func holds(_ claim: Claim, head: RoomHead) -> Bool {
        var chain = RecordChain(after: claim.snapshot)
        for record in claim.records where !chain.accept(record) { return false }
        return chain.ends(at: head)
    }

    /// Takes the next record.
    ///
    /// - Returns: whether it continues the chain; one that does not leaves the chain as it was.
    public mutating func accept(_ record: StoredRecord) -> Bool {
        guard record.number == number + 1, record.firstSequence == sequence + 1, record.eventCount >= 0,
            record.digest == Digest(of: record.payload, continuing: digest)
        else { return false }
        number = record.number
        sequence += record.eventCount
        digest = record.digest
        return true
    }
}

/// What a check of a room's stored log found.
public enum VerifyOutcome: Sendable, Equatable {
    /// As many records as stated, all as they were written.
    case sound(records: Int)
    /// The first record that is missing or not what was written.
    case broken(number: Int)
    case notFound
    case unavailable
}
