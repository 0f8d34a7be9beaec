/// The rules of a game: decide, apply, view. Everything is a pure function of its arguments.
///
/// The server owns time, luck, storage, seats and secrecy. Actions ask, `decide` answers with events, `apply` folds
/// an event into the state, `view` says what one viewer may know. Recovery and replay are `apply` again.
///
/// On the wire and in the store an action or event enum is one flat object, `{"kind": "played", "seat": 2, …}`, in
/// snake_case; the synthesized `Codable` of the enum is all a plugin needs, as long as every associated value has a
/// label.
public protocol Game: Sendable {
    associatedtype Options: Codable & Sendable
    /// The truth, secrets included. Never leaves the server except through `view`.
    associatedtype State: Codable & Sendable & Equatable
    /// What a seat asks for.
    associatedtype Action: Codable & Sendable
    /// What happened: the only way `State` changes.
    associatedtype Event: Codable & Sendable & Equatable
    /// What one viewer may know of the state.
    associatedtype StateView: Encodable & Sendable
    /// What one viewer may know of an event.
    associatedtype EventView: Encodable & Sendable

    static var manifest: Manifest { get }
    /// The options of a room whose creator gave none; those given are laid over these.
    static var defaultOptions: Options { get }

    /// Refuses options out of range, when a room is created.
    static func check(_ options: Options) throws(Refusal)
    /// The state before the start.
    static func initial(_ options: Options, seats: Int) -> State
    /// The host starts the game: deal, arm timers.
    static func start(_ step: inout Step<Self>) throws(Refusal)
    /// A seat asks: emit what happens, or refuse. A refusal after an `emit` undoes it.
    static func decide(_ action: Action, by seat: Seat, _ step: inout Step<Self>) throws(Refusal)
    /// Folds one event into the state. Pure and total: whatever `decide` emitted, it takes.
    static func apply(_ event: Event, to state: inout State)
    /// What `viewer` may know of `state`. There is no default, so a game cannot leak by omission.
    static func view(of state: State, for viewer: Viewer) -> StateView
    /// What `viewer` may know of `event`, with `state` as it was just after it; nil hides it (the number stays).
    static func view(of event: Event, for viewer: Viewer, in state: State) -> EventView?

    // What follows has defaults.

    /// A timer set by `Step.setTimer` has run out.
    static func timer(_ name: String, _ step: inout Step<Self>)
    /// A player dropped, returned or left.
    static func presence(_ change: Presence, of seat: Seat, _ step: inout Step<Self>)
    /// One beat of `manifest.tickInterval`; late ticks coalesce, a tick without events leaves no record.
    static func tick(_ step: inout Step<Self>)
    /// Who blocks the game, and for what; nil when nobody does.
    static func waitingOn(_ state: State) -> Waiting?
    /// Actions `decide` would take from `seat` now. Bots choose from it, tests and fuzzers play by it.
    static func legalActions(for seat: Seat, in state: State) -> [Action]
    /// A bot's choice. It sees what a player in that seat sees. Nil, or an illegal choice: a legal one at random.
    static func bot(_ view: StateView, legal: [Action], random: inout GameRandom) -> Action?
    /// How long a bot seems to think.
    static func botDelay(_ state: State) -> ClosedRange<Duration>
    /// One sentence when the state contradicts itself, nil when it is sound.
    static func invariant(_ state: State) -> String?
}

/// The options of a game that has none.
public struct NoOptions: Codable, Sendable, Equatable {
    public init() {}
}

extension Game where Options == NoOptions {
    public static var defaultOptions: NoOptions { NoOptions() }
}

extension Game {
    public static func check(_ options: Options) throws(Refusal) {}
    public static func timer(_ name: String, _ step: inout Step<Self>) {}
    public static func presence(_ change: Presence, of seat: Seat, _ step: inout Step<Self>) {}
    public static func tick(_ step: inout Step<Self>) {}
    public static func waitingOn(_ state: State) -> Waiting? { nil }
    public static func legalActions(for seat: Seat, in state: State) -> [Action] { [] }
    public static func bot(_ view: StateView, legal: [Action], random: inout GameRandom) -> Action? { nil }
    public static func botDelay(_ state: State) -> ClosedRange<Duration> { .milliseconds(500) ... .milliseconds(1500) }
    public static func invariant(_ state: State) -> String? { nil }
}
