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
    /// How long rooms that cannot be read wait at least where there is no round.
    private static let unreadableWait = Duration.seconds(60)

    private var urgent: [RoomID] = []
    private var urgentCheck: RoomCheck?
    /// How often the check of the first urgent room has failed.
    private var failedTries = 0
    /// Rooms that could not be read, where there is no round that would come by them again.
    private var unreadable: [RoomID] = []
    private var unreadableFrom: ContinuousClock.Instant
    /// What ended the last turn of the round after it had found something.
    private var untold: SQLiteFailure?
    private var resumesAt: ContinuousClock.Instant
    private var roundCheck: RoomCheck?
    private var last: RoomID?
    private var nextRound: ContinuousClock.Instant

    init(recordsPerSecond: Int, now: ContinuousClock.Instant) {
        self.recordsPerSecond = recordsPerSecond
        nextRound = now + .seconds(1)
        resumesAt = now
        unreadableFrom = now
    }

    /// Whether rooms are to be checked without waiting.
    var isUrgent: Bool { urgentCheck != nil || !urgent.isEmpty }

    /// How long nothing is to be done when nothing is asked; nil for as long as it takes.
    func patience(_ now: ContinuousClock.Instant) -> Duration? {
        if isUrgent || untold != nil { return max(resumesAt - now, .zero) }
        if recordsPerSecond > 0 { return max(max(nextRound, resumesAt) - now, .zero) }
        return unreadable.isEmpty ? nil : max(max(unreadableFrom, resumesAt) - now, .zero)
    }

    /// Has these rooms checked before all others, in this order.
    mutating func check(_ rooms: [RoomID]) {
        let known = Set(urgent)
        urgent += rooms.filter { !known.contains($0) }.prefix(max(Self.maxUrgent - urgent.count, 0))
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
        if let failure = untold {
            untold = nil
            throw failure
        }
        if !isUrgent, now >= unreadableFrom {
            urgent = unreadable
            unreadable = []
        }
        if isUrgent { return try runUrgent(database, at: now) }
        guard recordsPerSecond > 0, now >= nextRound else { return [] }
        nextRound = now + .seconds(1)
        return try runRound(database)
    }

    private mutating func runUrgent(
        _ database: StoreDatabase, at now: ContinuousClock.Instant
    ) throws(SQLiteFailure) -> [(room: RoomID, outcome: VerifyOutcome)] {
        var check = urgentCheck ?? RoomCheck(urgent.removeFirst())
        urgentCheck = nil
        let found: VerifyOutcome?
        do throws(SQLiteFailure) {
            found = try check.step(database).outcome
        } catch {
            failedTries += 1
            if failedTries < Self.maxTries {
                urgentCheck = check
            } else {
                failedTries = 0
                putOff(check.room, at: now)
            }
            throw error
        }
        failedTries = 0
        guard let outcome = found else {
            urgentCheck = check
            return []
        }
        return [(check.room, outcome)]
    }

    /// Has a room that cannot be read wait for the round, or for so long where there is none.
    private mutating func putOff(_ room: RoomID, at now: ContinuousClock.Instant) {
        guard recordsPerSecond == 0, unreadable.count < Self.maxUrgent, !unreadable.contains(room) else { return }
        unreadable.append(room)
        unreadableFrom = now + Self.unreadableWait
    }

    private mutating func runRound(
        _ database: StoreDatabase
    ) throws(SQLiteFailure) -> [(room: RoomID, outcome: VerifyOutcome)] {
        var found: [(room: RoomID, outcome: VerifyOutcome)] = []
        do throws(SQLiteFailure) {
            try runRound(database, into: &found)
        } catch {
            // What was found is told now, the failure at the next turn.
            guard !found.isEmpty else { throw error }
            untold = error
        }
        return found
    }

    private mutating func runRound(
        _ database: StoreDatabase, into found: inout [(room: RoomID, outcome: VerifyOutcome)]
    ) throws(SQLiteFailure) {
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
    }

    /// The next room of the round; nil at its end, after which it begins again.
    private mutating func nextCheck(_ database: StoreDatabase) throws(SQLiteFailure) -> RoomCheck? {
        let next = try database.rooms.room(after: last)
        if next == nil { last = nil }
        return next.map { RoomCheck($0) }
    }
}
