import PluginAPI

/// Which rooms are to be checked next: first those somebody asked about, then one after the other, round and round.
struct StoreScrubber {
    /// Records a second in the round; 0 for none.
    let recordsPerSecond: Int
    /// Rooms to be checked at once. Above it the rest waits for the round.
    private static let maxUrgent = 10_000

    /// How often a room is tried that cannot be read before it waits for the round.
    private static let maxTries = 3
    /// How long nothing is checked after a failure.
    private static let retryAfter = Duration.seconds(1)

    private var urgent: [RoomID] = []
    private var urgentCheck: RoomCheck?
    /// How often the check of the first urgent room has failed.
    private var failedTries = 0
    private var resumesAt: ContinuousClock.Instant
    private var roundCheck: RoomCheck?
    private var last: RoomID?
    private var nextRound: ContinuousClock.Instant

    init(recordsPerSecond: Int, now: ContinuousClock.Instant) {
        self.recordsPerSecond = recordsPerSecond
        nextRound = now + .seconds(1)
        resumesAt = now
    }

    /// Whether rooms are to be checked without waiting.
    var isUrgent: Bool { urgentCheck != nil || !urgent.isEmpty }

    /// How long nothing is to be done when nothing is asked; nil for as long as it takes.
    func patience(_ now: ContinuousClock.Instant) -> Duration? {
        if isUrgent { return max(resumesAt - now, .zero) }
        return recordsPerSecond > 0 ? max(max(nextRound, resumesAt) - now, .zero) : nil
    }

    /// Has these rooms checked before all others, in this order.
    mutating func check(_ rooms: [RoomID]) {
        let known = Set(urgent)
        urgent += rooms.filter { !known.contains($0) }.prefix(Self.maxUrgent - urgent.count)
    }

    /// What was due could not be done: it is tried again a little later.
    mutating func failed(at now: ContinuousClock.Instant) { resumesAt = now + Self.retryAfter }

    /// Does what is due now.
    ///
    /// - Returns: rooms whose check came to an end.
    mutating func run(
        _ database: StoreDatabase, at now: ContinuousClock.Instant
    ) throws(SQLiteFailure) -> [(room: RoomID, outcome: VerifyOutcome)] {
        guard now >= resumesAt else { return [] }
        if isUrgent { return try runUrgent(database) }
        guard recordsPerSecond > 0, now >= nextRound else { return [] }
        nextRound = now + .seconds(1)
        return try runRound(database)
    }

    private mutating func runUrgent(
        _ database: StoreDatabase
    ) throws(SQLiteFailure) -> [(room: RoomID, outcome: VerifyOutcome)] {
        var check = urgentCheck ?? RoomCheck(urgent.removeFirst())
        urgentCheck = nil
        let found: VerifyOutcome?
        do throws(SQLiteFailure) {
            found = try check.step(database).outcome
        } catch {
            failedTries += 1
            if failedTries < Self.maxTries { urgentCheck = check } else { failedTries = 0 }
            throw error
        }
        failedTries = 0
        guard let outcome = found else {
            urgentCheck = check
            return []
        }
        return [(check.room, outcome)]
    }

    private mutating func runRound(
        _ database: StoreDatabase
    ) throws(SQLiteFailure) -> [(room: RoomID, outcome: VerifyOutcome)] {
        var found: [(room: RoomID, outcome: VerifyOutcome)] = []
        var budget = recordsPerSecond
        // Each room costs something, also one without records.
        while budget > 0 {
            if roundCheck == nil { roundCheck = try nextCheck(database) }
            guard var check = roundCheck else { break }
            roundCheck = nil
            let (outcome, records): (VerifyOutcome?, Int)
            do throws(SQLiteFailure) {
                (outcome, records) = try check.step(database, limit: min(budget, 256))
            } catch {
                // One that cannot be read does not keep the round from all others.
                last = check.room
                throw error
            }
            budget -= max(records, 1)
            guard let outcome else {
                roundCheck = check
                continue
            }
            last = check.room
            found.append((check.room, outcome))
        }
        return found
    }

    /// The next room of the round; nil at its end, after which it begins again.
    private mutating func nextCheck(_ database: StoreDatabase) throws(SQLiteFailure) -> RoomCheck? {
        let next = try database.rooms.room(after: last)
        if next == nil { last = nil }
        return next.map { RoomCheck($0) }
    }
}
