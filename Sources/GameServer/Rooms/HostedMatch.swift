import PluginAPI

/// What a room needs of a match without knowing its game: the same value, with actions, events and views as JSON.
protocol HostedMatch: Sendable {
    var manifest: Manifest { get }
    var phase: MatchPhase { get }
    /// Number of the last event; 0 before the start.
    var sequence: Int { get }
    var timers: [String: GameTimer] { get }
    var waitingOn: Waiting? { get }
    var botDelay: ClosedRange<Duration> { get }

    /// Decides on a copy. An action that is not one of the game's is `bad_request`.
    func step(_ cause: HostedCause, at now: Timestamp, key: GameRandom.Key, filledSeats: [Seat])
        throws(StepRefusal) -> any HostedOutcome
    /// Nil when the seat's bot has nothing to do.
    func botStep(for seat: Seat, at now: Timestamp, key: GameRandom.Key, filledSeats: [Seat])
        throws(StepRefusal) -> (any HostedOutcome)?
    /// Folds stored events, and says what each looked like to every viewer when it happened.
    mutating func fold(_ events: [JSON], phase: MatchPhase, timers: [String: GameTimer], viewers: [Viewer])
        throws(StoredFormError) -> [RenderedEvent]
    /// The same match with its timers as they run after a pause.
    func with(timers: [String: GameTimer]) -> any HostedMatch
    /// The view of `viewer` as JSON text.
    func view(for viewer: Viewer) -> [UInt8]
    /// The truth as JSON text; for the store and for administrators.
    func truth() -> [UInt8]
}

/// Why a match takes no step.
enum StepRefusal: Error, Sendable {
    case refused(Refusal)
    /// It would contradict itself afterwards. The sentence is for operators: it may speak of hidden things.
    case contradiction(String)
}

enum HostedCause: Sendable {
    case start
    case action(JSON, by: Seat)
    case timer(String)
    case presence(Presence, of: Seat)
    case tick
}

/// A decided step of a game the room does not know.
protocol HostedOutcome: Sendable {
    /// The match as it will be.
    var match: any HostedMatch { get }
    /// What the game counted; it counts once the record is stored.
    var observations: Observations { get }
    /// Each event as it is stored.
    func storedEvents() -> [[UInt8]]
    /// Each event as every viewer may see it.
    func rendered(for viewers: [Viewer]) -> [RenderedEvent]
}
