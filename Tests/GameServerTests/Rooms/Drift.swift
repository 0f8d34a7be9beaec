import PluginAPI

/// A game that breaks the rule no game may break: while `error` is set, `apply` adds what no event says, so that the
/// room at work is not what its history gives.
enum Drift: Game {
    typealias Options = NoOptions

    @TaskLocal static var error = 0

    struct State: Codable, Sendable, Equatable {
        var total = 0
    }

    enum Action: Codable, Sendable { case add(amount: Int) }
    enum Event: Codable, Sendable, Equatable { case added(amount: Int) }

    static let manifest = Manifest(id: "drift", title: "Drift", version: 1, seats: 1...2)

    static func initial(_ options: NoOptions, seats: Int) -> State { State() }

    static func start(_ step: inout Step<Self>) throws(Refusal) { step.emit(.added(amount: 0)) }

    static func decide(_ action: Action, by seat: Seat, _ step: inout Step<Self>) throws(Refusal) {
        switch action {
        case .add(let amount): step.emit(.added(amount: amount))
        }
    }

    static func apply(_ event: Event, to state: inout State) {
        switch event {
        case .added(let amount): state.total += amount + error
        }
    }

    static func view(of state: State, for viewer: Viewer) -> State { state }
    static func view(of event: Event, for viewer: Viewer, in state: State) -> Event? { event }
    static func waitingOn(_ state: State) -> Waiting? { Waiting(seats: [Seat(abs(state.total) % 2)], for: "add") }
}
