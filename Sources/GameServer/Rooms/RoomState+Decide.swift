import PluginAPI

// What a room decides, one function per cause. Each returns a draft or refuses; none changes the room.

extension RoomState {
    private var unchanged: Changes { Changes(seats: seats, host: host) }

    /// The first record: the creator takes seat 0 and is host.
    func opened(_ opening: Record.Opening, name: String, secret: Digest, _ context: StepContext) -> Draft {
        var changes = unchanged
        changes.seats[0] = .human(name: name, secret: secret)
        return draft(.create(seat: 0), context, changes, opening: opening)
    }

    /// Somebody new takes a seat: the one asked for, else the lowest empty one, else the lowest bot's.
    func joined(
        name: String, secret: Digest, wish: Int?, _ context: StepContext
    ) throws(Rejection) -> (seat: Seat, draft: Draft) {
        guard status == .waiting else {
            throw .wrongPhase("the game has \(status == .playing ? "started" : "ended"): you can watch")
        }
        let free = { (index: Int) in seats[index].occupant != .human }
        let index: Int
        if let wish {
            guard seats.indices.contains(wish) else { throw .badRequest("seat is \(wish): 0 to \(seats.count - 1)") }
            guard free(wish) else { throw .seatTaken }
            index = wish
        } else {
            let empty = seats.indices.first { seats[$0].occupant == .empty }
            guard let found = empty ?? seats.indices.first(where: { seats[$0].occupant == .bot }) else {
                throw .roomFull
            }
            index = found
        }
        var changes = unchanged
        changes.seats[index] = .human(name: name, secret: secret)
        // A bot's name gives way to a person's.
        for other in seats.indices where other != index && PlayerName.areAlike(seats[other].name, name) {
            guard seats[other].occupant == .bot else { throw .nameTaken }
            changes.seats[other].name = botName(for: other, among: changes.seats)
        }
        if seats[host.index].occupant != .human { changes.host = Seat(index) }
        return (Seat(index), draft(.join(seat: Seat(index)), context, changes))
    }

    /// A seat's action.
    func acted(
        _ action: JSON, by seat: Seat, n: Int, base: Int?, _ context: StepContext
    ) throws(Rejection) -> Draft {
        let outcome = try stepped(.action(action, by: seat), context)
        var changes = unchanged
        changes.answer = Record.SeatAnswer(seat: seat, n: n, seq: 0)
        return draft(.act(seat: seat, n: n, base: base, action: action), context, changes, outcome: outcome)
    }

    /// What the host asks for.
    func ordered(_ order: HostOrder, by seat: Seat, n: Int, _ context: StepContext) throws(Rejection) -> Draft {
        guard seat == host else { throw .notHost }
        var changes = unchanged
        changes.answer = Record.SeatAnswer(seat: seat, n: n, seq: 0)
        var outcome: (any HostedOutcome)?
        switch order {
        case .start:
            guard status == .waiting else { throw .wrongPhase("the game has started") }
            let fewest = match.manifest.seats.lowerBound
            guard filledSeats.count >= fewest else {
                throw .refused("\(filledSeats.count) of at least \(fewest) seats are filled")
            }
            outcome = try stepped(.start, context)
        case .addBot(let wish): try addBot(wish, &changes)
        case .remove(let target): outcome = try remove(target, &changes, context)
        case .close: changes.closed = true
        }
        let cause = Record.Cause.host(seat: seat, n: n, order: order.name, target: order.target.map { Seat($0) })
        return draft(cause, context, changes, outcome: outcome)
    }

    /// A player goes for good: before the start the seat is free, in play a bot keeps it to the end.
    ///
    /// - Parameter connected: seats with a person at the table, for the host's right.
    func left(_ seat: Seat, n: Int, connected: Set<Seat>, _ context: StepContext) throws(Rejection) -> Draft {
        try vacated(seat, cause: .leave(seat: seat, n: n), change: .left, connected: connected, context)
    }

    /// A player who dropped before the start has been away too long.
    func expired(_ seat: Seat, connected: Set<Seat>, _ context: StepContext) throws(Rejection) -> Draft {
        try vacated(
            seat, cause: .presence(seat: seat, change: .expired), change: .left, connected: connected, context)
    }

    /// The grace time is over: a bot stands in, or the game waits, and the host's right passes on.
    func dropped(_ seat: Seat, connected: Set<Seat>, _ context: StepContext) throws(Rejection) -> Draft {
        var changes = unchanged
        switch match.manifest.onDrop {
        case .bot: changes.seats[seat.index].standIn = true
        case .wait: changes.seats[seat.index].away = true
        }
        if seat == host { changes.host = heir(of: seat, among: changes.seats, connected: connected) }
        let outcome = try stepped(.presence(.dropped, of: seat), context)
        return draft(.presence(seat: seat, change: .dropped), context, changes, outcome: outcome)
    }

    /// Whether a player's return is itself an event in the life of the room.
    func returnIsRecorded(_ seat: Seat) -> Bool {
        status != .finished && (seats[seat.index].isToldDropped || seats[host.index].kind != .human)
    }

    /// A player is back and has the seat at once; a room led by a bot gets a person as host again.
    ///
    /// - Parameter timers: deadlines as they are after a pause; nil when there was none.
    func returned(
        _ seat: Seat, timers: [String: GameTimer]?, _ context: StepContext
    ) throws(Rejection) -> Draft {
        var changes = unchanged
        let wasDropped = changes.seats[seat.index].isToldDropped
        changes.seats[seat.index].standIn = false
        changes.seats[seat.index].away = nil
        if changes.seats[host.index].kind != .human { changes.host = seat }
        let resumed = timers.map { match.with(timers: $0) } ?? match
        let outcome =
            wasDropped && status == .playing ? try stepped(.presence(.returned, of: seat), context, on: resumed) : nil
        return draft(
            .presence(seat: seat, change: .returned), context, changes, match: outcome?.match ?? resumed,
            outcome: outcome)
    }

    /// A bot's move; nil when its seat has nothing to do.
    func botMoved(_ seat: Seat, _ context: StepContext) throws(Rejection) -> Draft? {
        do throws(StepRefusal) {
            let outcome = try match.botStep(
                for: seat, at: context.at, key: context.key, filledSeats: filledSeats)
            return outcome.map { draft(.bot(seat: seat), context, unchanged, outcome: $0) }
        } catch {
            throw rejection(of: error)
        }
    }

    /// A timer of the game has run out.
    func timerFired(_ name: String, _ context: StepContext) throws(Rejection) -> Draft {
        draft(.timer(name: name), context, unchanged, outcome: try stepped(.timer(name), context))
    }

    /// One beat; nil when it changed nothing.
    func ticked(_ context: StepContext) throws(Rejection) -> Draft? {
        let outcome = try stepped(.tick, context)
        guard outcome.match.sequence != sequence || outcome.match.timers != match.timers else { return nil }
        return draft(.tick, context, unchanged, outcome: outcome)
    }

    /// The server closes the room.
    func closed(reason: String, _ context: StepContext) -> Draft {
        var changes = unchanged
        changes.closed = true
        return draft(.admin(reason: reason), context, changes)
    }

    // MARK: Shared pieces

    private func stepped(
        _ cause: HostedCause, _ context: StepContext, on other: (any HostedMatch)? = nil
    ) throws(Rejection) -> any HostedOutcome {
        do throws(StepRefusal) {
            return try (other ?? match).step(cause, at: context.at, key: context.key, filledSeats: filledSeats)
        } catch {
            throw rejection(of: error)
        }
    }

    private func rejection(of refusal: StepRefusal) -> Rejection {
        // What is wrong with the game is for operators; it may speak of hidden things.
        var rejection = Rejection.internal("the game could not take this step")
        switch refusal {
        case .refused(let refusal):
            guard refusal.code == "internal" else { return Rejection(refusal) }
            rejection.fault = RoomFault(.exception, refusal.message)
        case .contradiction(let sentence): rejection.fault = RoomFault(.invariant, sentence)
        }
        return rejection
    }

    private func addBot(_ wish: Int?, _ changes: inout Changes) throws(Rejection) {
        guard status == .waiting else { throw .wrongPhase("bots take seats before the start") }
        let index: Int
        if let wish {
            guard seats.indices.contains(wish) else { throw .badRequest("seat is \(wish): 0 to \(seats.count - 1)") }
            guard seats[wish].occupant == .empty else { throw .seatTaken }
            index = wish
        } else {
            guard let empty = seats.indices.first(where: { seats[$0].occupant == .empty }) else { throw .roomFull }
            index = empty
        }
        changes.seats[index] = .bot(name: botName(for: index, among: changes.seats))
    }

    private func remove(
        _ index: Int, _ changes: inout Changes, _ context: StepContext
    ) throws(Rejection) -> (any HostedOutcome)? {
        guard seats.indices.contains(index) else { throw .badRequest("seat is \(index): 0 to \(seats.count - 1)") }
        guard Seat(index) != host else { throw .refused("the host leaves with leave") }
        switch (status, seats[index].occupant) {
        case (_, .empty): throw .refused("seat \(index) is empty")
        case (.waiting, _):
            changes.seats[index] = SeatState()
            return nil
        case (.playing, .human):
            changes.seats[index] = .bot(name: botName(for: index, among: changes.seats))
            return try stepped(.presence(.left, of: Seat(index)), context)
        case (.playing, .bot): throw .wrongPhase("a game in progress keeps its bots")
        case (.finished, _), (.closed, _): throw .wrongPhase("the game has ended")
        }
    }

    private func vacated(
        _ seat: Seat, cause: Record.Cause, change: Presence, connected: Set<Seat>, _ context: StepContext
    ) throws(Rejection) -> Draft {
        var changes = unchanged
        var outcome: (any HostedOutcome)?
        if status == .waiting {
            changes.seats[seat.index] = SeatState()
            // Bots alone wait for nobody. After a `leave` the room closes a little later, see `isAnybodysRoom`; a player
            // who stayed away was waited for already.
            let holders: (SeatState) -> Bool =
                if case .presence = cause { { $0.occupant == .human } } else { { $0.occupant != .empty } }
            if !changes.seats.contains(where: holders) { changes.closed = true }
        } else {
            changes.seats[seat.index] = .bot(name: botName(for: seat.index, among: changes.seats))
            if status == .playing { outcome = try stepped(.presence(change, of: seat), context) }
        }
        if seat == host { changes.host = heir(of: seat, among: changes.seats, connected: connected) }
        return draft(cause, context, changes, outcome: outcome)
    }

    /// Lowest connected person, else lowest bot, else anybody left, else the seat keeps the right.
    private func heir(of seat: Seat, among seats: [SeatState], connected: Set<Seat>) -> Seat {
        let others = seats.indices.map { Seat($0) }.filter { $0 != seat }
        return others.first { seats[$0.index].kind == .human && connected.contains($0) }
            ?? others.first { seats[$0.index].kind == .bot }
            ?? others.first { seats[$0.index].occupant != .empty }
            ?? seat
    }

    private func botName(for index: Int, among seats: [SeatState]) -> String {
        let taken = seats.indices.filter { $0 != index }.map { seats[$0].name }
        return (index + 1...index + 1 + seats.count).lazy.map { "Bot \($0)" }
            .first { name in !taken.contains { PlayerName.areAlike($0, name) } } ?? "Bot"
    }
}
