/// One game in progress, as a value. Rooms, replay, simulation and a plugin's own tests all play this one.
public struct Match<G: Game>: Sendable {
    public enum Phase: String, Codable, Sendable {
        case waiting, playing, finished
    }

    /// What makes a match move.
    public enum Cause: Sendable {
        case start
        case action(G.Action, by: Seat)
        case timer(String)
        case presence(Presence, of: Seat)
        case tick
    }

    /// A step that was decided and not yet accepted.
    public struct Outcome: Sendable {
        public let events: [G.Event]
        /// `states[i]` is the truth just after `events[i]`.
        public let states: [G.State]
        /// The match as it will be.
        public let match: Match
        /// What the game counted; it counts once the step is stored.
        public let observations: Observations

        /// What `viewer` may know of each event; nil where it is hidden.
        public func views(for viewer: Viewer) -> [G.EventView?] {
            zip(events, states).map { G.view(of: $0, for: viewer, in: $1) }
        }
    }

    public let seats: Int
    public private(set) var phase: Phase
    public private(set) var state: G.State
    /// Number of the last event; 0 before the start.
    public private(set) var sequence: Int
    public private(set) var timers: [String: GameTimer]

    /// A match that waits for its start.
    ///
    /// - Throws: what `G.check` refuses.
    public init(options: G.Options = G.defaultOptions, seats: Int = G.manifest.seats.upperBound) throws(Refusal) {
        try G.check(options)
        self.init(
            seats: seats, phase: .waiting, state: G.initial(options, seats: seats), sequence: 0, timers: [:])
    }

    /// A match as a snapshot holds it.
    public init(seats: Int, phase: Phase, state: G.State, sequence: Int, timers: [String: GameTimer]) {
        self.seats = seats
        self.phase = phase
        self.state = state
        self.sequence = sequence
        self.timers = timers
    }

    /// Decides what `cause` leads to, on a copy.
    ///
    /// - Parameters:
    ///   - now: the instant of the step.
    ///   - key: the step's luck; never used for a second step.
    ///   - filledSeats: seats held by somebody; all of them by default.
    /// - Throws: the refusal, and then nothing has happened.
    public func step(
        _ cause: Cause, at now: Timestamp, key: GameRandom.Key, filledSeats: [Seat]? = nil
    ) throws(Refusal) -> Outcome {
        var step = Step<G>(
            state: state, timers: timers, now: now, random: GameRandom(key: key),
            filledSeats: filledSeats ?? (0..<seats).map { Seat($0) })
        var next = phase
        switch cause {
        case .start:
            guard phase == .waiting else { throw .wrongPhase("the game has started") }
            try G.start(&step)
            next = .playing
        case .action(let action, let seat):
            try requirePlaying()
            guard (0..<seats).contains(seat.index) else { throw .badRequest("there is no seat \(seat.index)") }
            try G.decide(action, by: seat, &step)
        case .timer(let name):
            try requirePlaying()
            step.cancelTimer(name)
            G.timer(name, &step)
        case .presence(let change, let seat):
            try requirePlaying()
            G.presence(change, of: seat, &step)
        case .tick:
            try requirePlaying()
            G.tick(&step)
        }
        if step.overflowed {
            throw .internal("a step of \(G.manifest.id) emitted more than \(Step<G>.maxEvents) events")
        }
        if step.finished { next = .finished }
        let match = Match(
            seats: seats, phase: next, state: step.state, sequence: sequence + step.events.count, timers: step.timers)
        return Outcome(
            events: step.events, states: step.states, match: match, observations: step.observations)
    }

    /// Lets the bot of `seat` act: its own choice when that is legal, else a legal action at random.
    ///
    /// - Returns: nil when the seat has nothing to do.
    /// - Throws: `internal`, a fault of the game, when no action was taken and one failed with it.
    public func botStep(
        for seat: Seat, at now: Timestamp, key: GameRandom.Key, filledSeats: [Seat]? = nil
    ) throws(Refusal) -> Outcome? {
        var random = GameRandom(key: key)
        let legal = G.legalActions(for: seat, in: state)
        let stepKey = GameRandom.Key.seeded(random.next(), step: random.next())
        var fault: Refusal?
        func outcome(of action: G.Action) -> Outcome? {
            do throws(Refusal) {
                return try step(.action(action, by: seat), at: now, key: stepKey, filledSeats: filledSeats)
            } catch {
                // A refused choice is no failure: the next legal one follows.
                if error.code == "internal" { fault = fault ?? error }
                return nil
            }
        }
        let choice = G.bot(G.view(of: state, for: .seat(seat)), legal: legal, random: &random)
        if let outcome = choice.flatMap(outcome) { return outcome }
        for action in legal.shuffled(using: &random) {
            if let outcome = outcome(of: action) { return outcome }
        }
        if let fault { throw fault }
        return nil
    }

    /// Folds stored events into the match, as replay and recovery do.
    ///
    /// - Returns: the truth just after each of them.
    @discardableResult
    public mutating func fold(_ events: [G.Event], phase: Phase, timers: [String: GameTimer]) -> [G.State] {
        var states: [G.State] = []
        states.reserveCapacity(events.count)
        for event in events {
            G.apply(event, to: &state)
            states.append(state)
        }
        sequence += events.count
        self.phase = phase
        self.timers = timers
        return states
    }

    private func requirePlaying() throws(Refusal) {
        switch phase {
        case .waiting: throw .wrongPhase("the game has not started")
        case .finished: throw .wrongPhase("the game is over")
        case .playing: return
        }
    }
}
