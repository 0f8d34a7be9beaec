import PluginAPI

/// The check of one room's stored log, some records at a time, while others append to it and delete from its beginning.
struct RoomCheck {
    let room: RoomID
    private var chain: RecordChain?
    private var goal: RoomHead?
    private var checked = 0

    init(_ room: RoomID) { self.room = room }

    /// Checks up to `limit` further records, on one state of the database.
    ///
    /// - Returns: nil while there is more to check; what is appended after the beginning is not part of it.
    mutating func step(
        _ database: StoreDatabase, limit: Int = 256
    ) throws(SQLiteFailure) -> (outcome: VerifyOutcome?, records: Int) {
        try database.connection.reading { () throws(SQLiteFailure) in
            guard let head = try database.rooms.head(of: room) else { return (.notFound, 0) }
            let trim = try database.rooms.trim(of: room)
            let goal = goal ?? head
            self.goal = goal
            // What was deleted meanwhile need not be checked.
            var chain = chain.flatMap { $0.number >= trim.number ? $0 : nil } ?? RecordChain(after: trim)
            let page = try database.rooms.records(
                of: room, above: chain.number, limit: min(limit, max(goal.number - chain.number, 0) + 1))
            for record in page where record.number <= goal.number {
                guard chain.accept(record) else { return (.broken(number: chain.number + 1), page.count) }
                checked += 1
            }
            self.chain = chain
            // A page that reached neither the goal nor its own limit: records are missing.
            let isOver = chain.number >= goal.number || page.count < limit
            guard isOver else { return (nil, page.count) }
            // The head may have been trimmed past, never more than that.
            guard chain.ends(at: goal) || chain.number > goal.number else {
                return (.broken(number: min(chain.number + 1, max(goal.number, 1))), page.count)
            }
            return (.sound(records: checked), page.count)
        }
    }
}
