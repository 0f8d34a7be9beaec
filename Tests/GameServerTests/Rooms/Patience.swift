@testable import GameServer
import PluginAPI

/// A game that waits for its players, and writes down what it is told of them.
enum Patience: Game {
    typealias Options = NoOptions

    struct State: Codable, Sendable, Equatable { var heard: [String] = [] }
    enum Action: Codable, Sendable { case pass }
    enum Event: Codable, Sendable, Equatable { case heard(what: String) }

    static let passes = PluginMetric.counter(0, "passes_total", "Turns passed.")
    static let manifest = Manifest(
        id: "patience", title: "Patience", version: 1, seats: 1...2, onDrop: .wait, metrics: [passes])

    static func initial(_ options: NoOptions, seats: Int) -> State { State() }
    static func start(_ step: inout Step<Self>) throws(Refusal) { step.emit(.heard(what: "start")) }
    static func decide(_ action: Action, by seat: Seat, _ step: inout Step<Self>) throws(Refusal) {
        step.count(passes)
        if step.state.heard.last == "pass \(seat.index)" { throw .refused("you have just passed") }
        step.emit(.heard(what: "pass \(seat.index)"))
    }
    static func presence(_ change: Presence, of seat: Seat, _ step: inout Step<Self>) {
        step.emit(.heard(what: "\(change.rawValue) \(seat.index)"))
    }
    static func apply(_ event: Event, to state: inout State) {
        if case .heard(let what) = event { state.heard.append(what) }
    }
    static func view(of state: State, for viewer: Viewer) -> State { state }
    static func view(of event: Event, for viewer: Viewer, in state: State) -> Event? { event }
}

extension Patience {
    /// What the game of a room at work has heard.
    static func heard(_ match: any HostedMatch) -> [String] { (match as? MatchBox<Patience>)?.match.state.heard ?? [] }
}
