import PluginAPI

/// A decided step of a room: seen by nobody until its record is stored, forgotten if it cannot be.
struct Draft: Sendable {
    /// The room as it will be.
    let state: RoomState
    /// The room's status until then.
    let before: RoomSummary.Status
    let record: Record
    let payload: [UInt8]
    let outcome: (any HostedOutcome)?

    var eventCount: Int { state.sequence + 1 - record.firstSeq }

    func append(lifetimes: RoomLifetimes) -> Append {
        Append(
            room: state.room, term: record.term, number: record.record, firstSequence: record.firstSeq,
            eventCount: eventCount, payload: payload, digest: state.digest,
            summary: state.summary(lifetimes: lifetimes))
    }
}

/// What a step may know besides the room: the instant, and its luck.
struct StepContext: Sendable {
    let at: Timestamp
    let key: GameRandom.Key
}

/// What a decision changes besides the match, collected while deciding.
struct Changes {
    var seats: [SeatState]
    var host: Seat
    var closed = false
    var answer: Record.SeatAnswer?
}

extension RoomState {
    /// Makes a draft of `changes` and, if there is one, of a step of the match.
    ///
    /// - Parameter other: the match as it will be, where that is not simply the outcome's.
    func draft(
        _ cause: Record.Cause, _ context: StepContext, _ changes: Changes, match other: (any HostedMatch)? = nil,
        outcome: (any HostedOutcome)? = nil, opening: Record.Opening? = nil
    ) -> Draft {
        let after = other ?? outcome?.match ?? match
        var changes = changes
        changes.answer?.seq = after.sequence
        let record = Record(
            record: number + 1, term: term, epoch: epoch, at: context.at, cause: cause, game: game,
            version: match.manifest.version, key: outcome.map { _ in context.key.bytes.hexadecimal },
            opening: opening, answer: changes.answer, seats: changedSeats(changes.seats),
            host: changes.host == host && opening == nil ? nil : changes.host, phase: after.phase,
            closed: changes.closed ? true : nil, timers: after.timers == match.timers ? nil : after.timers,
            firstSeq: sequence + 1)
        let payload = record.encoded(events: outcome?.storedEvents() ?? [])
        var next = self
        next.fold(record, match: after, digest: Digest(of: payload, continuing: digest))
        return Draft(state: next, before: status, record: record, payload: payload, outcome: outcome)
    }

    /// Nothing but the answer changes in most records, and that has a field of its own.
    private func changedSeats(_ new: [SeatState]) -> [Record.SeatChange]? {
        let changed = seats.indices.filter { seats[$0] != new[$0] }
        return changed.isEmpty ? nil : changed.map { Record.SeatChange(seat: Seat($0), state: new[$0]) }
    }
}
