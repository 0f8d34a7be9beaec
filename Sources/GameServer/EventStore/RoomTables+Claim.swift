import PluginAPI

extension RoomTables {
    /// What a new owner begins with.
    ///
    /// - Parameter head: with the new owner's term.
    /// - Returns: nil when no snapshot has whole records above it.
    func claim(_ room: RoomID, from origin: ClaimOrigin, head: RoomHead) throws(SQLiteFailure) -> Claim? {
        let trim = try trim(of: room)
        let there = try snapshots(of: room).filter { $0.number >= trim.number }
        switch origin {
        case .retaining(let events):
            let wanted = head.sequence - max(events, 0)
            // A trimmed room cannot begin with its first record: rather too young a snapshot than none.
            let younger = trim.number > 0 ? there.filter { $0.sequence > wanted } : []
            return try claims(room, there.filter { $0.sequence <= wanted }.reversed() + younger, trim, head).first()
        case .newestSnapshot:
            return try claims(room, there.reversed(), trim, head).first { RecordChain.holds($0, head: head) }
        }
    }

    private func claims(
        _ room: RoomID, _ snapshots: [(number: Int, sequence: Int)], _ trim: RoomTrim, _ head: RoomHead
    ) -> ClaimCandidates {
        ClaimCandidates(tables: self, room: room, numbers: snapshots.map(\.number), trim: trim, head: head)
    }
}

/// The snapshots a room may begin with, in the order in which they are tried, and its first record.
private struct ClaimCandidates {
    let tables: RoomTables
    let room: RoomID
    let numbers: [Int]
    let trim: RoomTrim
    let head: RoomHead

    func first(where fits: (Claim) -> Bool = { _ in true }) throws(SQLiteFailure) -> Claim? {
        for number in numbers {
            guard let snapshot = try tables.snapshot(number, of: room) else { continue }
            let claim = Claim(
                term: head.term, snapshot: snapshot, records: try tables.records(of: room, above: number))
            if fits(claim) { return claim }
        }
        guard trim.number == 0 else { return nil }
        let claim = Claim(term: head.term, snapshot: nil, records: try tables.records(of: room, above: 0))
        return fits(claim) ? claim : nil
    }
}
