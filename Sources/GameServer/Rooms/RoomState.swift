import PluginAPI

/// Everything durable about a room, as a value. It changes only by `fold`ing a record, live and in recovery alike.
struct RoomState: Sendable {
    let room: RoomID
    let game: String
    /// The wire's opaque word for this history; it stays as long as history is a continuation.
    let epoch: String
    let created: Timestamp
    let visibility: RoomSummary.Visibility
    let options: JSON
    /// Fixes the room's luck; only where the server allows seeds.
    let seed: UInt64?
    let creator: Digest?

    /// The store's fencing counter, raised by every claim.
    var term: UInt64
    /// Number of the last record.
    private(set) var number = 0
    /// Digest of the last record, which covers all before it.
    private(set) var digest = Digest.zero
    private(set) var changed: Timestamp
    private(set) var isClosed = false
    private(set) var host: Seat
    private(set) var seats: [SeatState]
    private(set) var match: any HostedMatch
    /// Whom the game waits for, and since when.
    private(set) var waiting: Waiting?
    private(set) var waitingSince: Timestamp

    var sequence: Int { match.sequence }

    var status: RoomSummary.Status {
        if isClosed { return .closed }
        switch match.phase {
        case .waiting: return .waiting
        case .playing: return .playing
        case .finished: return .finished
        }
    }

    /// Everybody who may look, in the order rendered events hold them: the seats, then the watchers.
    var viewers: [Viewer] { seats.indices.map { .seat(Seat($0)) } + [.watcher] }

    func viewerIndex(of viewer: Viewer) -> Int { viewer.seat?.index ?? seats.count }

    var filledSeats: [Seat] { seats.indices.filter { seats[$0].occupant != .empty }.map { Seat($0) } }

    /// Whether somebody may still come back: a seat belongs to a person, or the game is over and may be looked at.
    var isAnybodysRoom: Bool { status == .finished || seats.contains { $0.occupant == .human } }

    /// The seat this secret opens; compared in constant time, seat by seat.
    func seat(openedBy secret: Digest) -> Seat? {
        var found: Seat?
        for (index, seat) in seats.enumerated() {
            if let digest = seat.secret, digest.matches(secret) { found = Seat(index) }
        }
        return found
    }

    /// The room just before its first record.
    init(
        room: RoomID, game: String, epoch: String, created: Timestamp, opening: Record.Opening, creator: Digest?,
        match: any HostedMatch
    ) {
        self.room = room
        self.game = game
        self.epoch = epoch
        self.created = created
        visibility = opening.visibility
        options = opening.options
        seed = opening.seed
        self.creator = creator
        term = 1
        changed = created
        host = 0
        seats = Array(repeating: SeatState(), count: opening.seats)
        self.match = match
        waitingSince = created
    }

    /// Continues from a snapshot whose match is in place already.
    mutating func resume(_ snapshot: RoomSnapshot, digest: Digest) {
        number = snapshot.record
        self.digest = digest
        changed = snapshot.changed
        isClosed = snapshot.closed
        host = snapshot.host
        seats = snapshot.seats
        waiting = match.waitingOn
        waitingSince = snapshot.waitingSince
    }

    /// Lays a record over the room.
    ///
    /// - Parameters:
    ///   - match: the match as it is after the record's events.
    ///   - digest: the record's.
    mutating func fold(_ record: Record, match: any HostedMatch, digest: Digest) {
        let timersBefore = self.match.timers
        self.match = match
        self.digest = digest
        number = record.record
        changed = record.at
        for change in record.seats ?? [] where seats.indices.contains(change.seat.index) {
            seats[change.seat.index] = change.state
        }
        if let answer = record.answer, seats.indices.contains(answer.seat.index) {
            seats[answer.seat.index].answered(CommandAnswer(n: answer.n, seq: answer.seq))
        }
        if let host = record.host { self.host = host }
        if record.closed == true { isClosed = true }
        let waiting = match.waitingOn
        // A timer set anew asks anew, even the same seat for the same thing.
        let isAskedAnew = waiting?.timer.map { match.timers[$0] != timersBefore[$0] } ?? false
        if waiting != self.waiting || isAskedAnew { waitingSince = record.at }
        self.waiting = waiting
    }

    /// Reads a stored record and lays it over the room, checking that it is the next one and unchanged.
    ///
    /// - Returns: its events, rendered for every viewer, and when they happened.
    mutating func fold(_ stored: StoredRecord) throws(StoredFormError) -> (events: [RenderedEvent], at: Timestamp) {
        let digest = Digest(of: stored.payload, continuing: self.digest)
        guard stored.number == number + 1 else {
            throw StoredFormError(message: "record \(stored.number) follows record \(number)")
        }
        guard digest == stored.digest else {
            throw StoredFormError(message: "record \(stored.number) is not what was stored: its digest differs")
        }
        let (record, events) = try Record.decode(stored.payload)
        guard record.version <= match.manifest.version else {
            throw StoredFormError(
                message:
                    "record \(record.record) is of \(game) \(record.version), installed is \(match.manifest.version)")
        }
        var match = match
        let rendered = try match.fold(
            events, phase: record.phase, timers: record.timers ?? match.timers, viewers: viewers)
        fold(record, match: match, digest: digest)
        return (rendered, record.at)
    }

    /// Lays events over the game alone, as it was between two events of one record.
    mutating func foldEvents(_ events: [JSON]) throws(StoredFormError) -> [RenderedEvent] {
        try match.fold(events, phase: match.phase, timers: match.timers, viewers: viewers)
    }

    func summary(lifetimes: RoomLifetimes) -> RoomSummary {
        RoomSummary(
            room: room, game: game, visibility: visibility, status: status, created: created, changed: changed,
            nextDeadline: nextDeadline(lifetimes), creator: seatedCreator?.description, host: seats[host.index].name,
            humans: seats.count { $0.occupant == .human }, seats: seats.count,
            bots: seats.count { $0.occupant == .bot })
    }

    /// What a repeated `create` is known by, as long as the creator has a seat.
    var seatedCreator: Digest? { creator.flatMap { seat(openedBy: $0) == nil ? nil : $0 } }

    /// A game that waits for somebody has to be awake at once: its bots and grace times run.
    private func nextDeadline(_ lifetimes: RoomLifetimes) -> Timestamp? {
        switch status {
        case .closed: nil
        case .finished: changed + lifetimes.finished
        // Its players dropped with the server; their time to come back runs while the room is awake.
        case .waiting: changed
        case .playing:
            ([changed + lifetimes.abandoned] + (waiting == nil ? [] : [changed]) + match.timers.values.map(\.deadline))
                .min()
        }
    }
}
