/// One transaction of a game, and its only door to time, luck, timers and output.
///
/// What a step emits becomes true when its record is stored; a step that throws has never been.
public struct Step<G: Game>: ~Copyable {
    /// Most events of one step; a game that emits more is stopped with `internal` and the step is undone.
    public static var maxEvents: Int { 1000 }

    /// The truth, with this step's events already applied.
    public private(set) var state: G.State
    /// The instant of the step; it does not move while the step runs.
    public let now: Timestamp
    /// This step's luck. Its outcomes belong into events, so that replay needs none.
    public var random: GameRandom
    /// Seats held by a person or a bot, ascending.
    public let filledSeats: [Seat]

    private(set) var events: [G.Event] = []
    /// `states[i]` is the truth just after `events[i]`.
    private(set) var states: [G.State] = []
    private(set) var timers: [String: GameTimer]
    private(set) var finished = false
    private(set) var overflowed = false
    /// What the game counted, see `Step.count`.
    var observations = Observations()

    init(state: G.State, timers: [String: GameTimer], now: Timestamp, random: GameRandom, filledSeats: [Seat]) {
        self.state = state
        self.timers = timers
        self.now = now
        self.random = random
        self.filledSeats = filledSeats
    }

    /// Says what happened and folds it into `state` at once.
    public mutating func emit(_ event: G.Event) {
        guard events.count < Self.maxEvents else {
            overflowed = true
            return
        }
        G.apply(event, to: &state)
        events.append(event)
        states.append(state)
    }

    /// Arms the timer `name`, anew if it runs already.
    public mutating func setTimer(_ name: String, after delay: Duration) {
        timers[name] = GameTimer(deadline: now + delay, durationMs: delay.milliseconds)
    }

    /// How long the timer `name` has run, pauses of the room left out and at most its whole time; nil when it does not
    /// run, also in the step it has run out in.
    public func elapsed(of name: String) -> Duration? {
        guard let timer = timers[name] else { return nil }
        let whole = Duration.milliseconds(timer.durationMs)
        return min(max(whole - (timer.deadline - now), .zero), whole)
    }

    public mutating func cancelTimer(_ name: String) {
        timers[name] = nil
    }

    /// The game is over; its timers are gone and no further action is taken.
    public mutating func finish() {
        finished = true
        timers = [:]
    }
}
