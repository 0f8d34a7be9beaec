import PluginAPI

/// A game that says what the server tells it, and sets and cancels timers on the way: for what no real game does yet.
///
/// `start` arms `begun`, `untilDrop` and `untilReturn`; a drop cancels `untilDrop` and arms `dropped`, a return cancels
/// `untilReturn` and arms `returned`. With three seats filled, it waits for seats 1 and 2, and only seat 2 can do
/// anything.
enum Clockwork: Game {
    typealias Options = NoOptions

    struct State: Codable, Sendable, Equatable {
        var heard: [String] = []
        var isSpoiled = false
        var asks = false
    }

    enum Action: Codable, Sendable {
        case wind
        /// Brings the state into contradiction with itself.
        case spoil
    }

    enum Event: Codable, Sendable, Equatable {
        case heard(what: String)
        case asked
        case spoiled
    }

    static let manifest = Manifest(id: "clockwork", title: "Clockwork", version: 3, seats: 1...3)
    /// What the invariant says, and nobody at the table may read.
    static let hidden = "the hand of seat 2 is GENERAL_RED"

    static func initial(_ options: NoOptions, seats: Int) -> State { State() }

    static func start(_ step: inout Step<Self>) throws(Refusal) {
        for name in ["begun", "untilDrop", "untilReturn"] { step.setTimer(name, after: .seconds(60)) }
        step.emit(step.filledSeats.count == 3 ? .asked : .heard(what: "start"))
    }

    static func decide(_ action: Action, by seat: Seat, _ step: inout Step<Self>) throws(Refusal) {
        switch action {
        case .wind: step.emit(.heard(what: "wind \(seat.index)"))
        case .spoil: step.emit(.spoiled)
        }
    }

    static func timer(_ name: String, _ step: inout Step<Self>) { step.emit(.heard(what: "timer \(name)")) }

    static func presence(_ change: Presence, of seat: Seat, _ step: inout Step<Self>) {
        step.emit(.heard(what: "\(change.rawValue) \(seat.index)"))
        switch change {
        case .dropped:
            step.cancelTimer("untilDrop")
            step.setTimer("dropped", after: .seconds(40))
        case .returned:
            step.cancelTimer("untilReturn")
            step.setTimer("returned", after: .seconds(10))
        case .left: break
        }
    }

    static func apply(_ event: Event, to state: inout State) {
        switch event {
        case .heard(let what):
            state.heard.append(what)
            state.asks = false
        case .asked: state.asks = true
        case .spoiled: state.isSpoiled = true
        }
    }

    static func view(of state: State, for viewer: Viewer) -> State { state }
    static func view(of event: Event, for viewer: Viewer, in state: State) -> Event? { event }
    static func waitingOn(_ state: State) -> Waiting? { state.asks ? Waiting(seats: [1, 2], for: "wind") : nil }
    static func legalActions(for seat: Seat, in state: State) -> [Action] { state.asks && seat == 2 ? [.wind] : [] }
    static func invariant(_ state: State) -> String? { state.isSpoiled ? hidden : nil }
}
