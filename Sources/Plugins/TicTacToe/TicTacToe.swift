import PluginAPI

/// Three in a row on nine fields: the smallest whole game, and the worked example of docs/PLUGINS.md.
public enum TicTacToe: Game {
    public typealias Options = NoOptions

    /// Fields are numbered 0 to 8, row by row; each holds the seat that marked it.
    public struct State: Codable, Sendable, Equatable {
        var fields: [Seat?] = Array(repeating: nil, count: 9)
        var turn: Seat = 0
        var winner: Seat?

        var isOver: Bool { winner != nil || !fields.contains(nil) }
    }

    public enum Action: Codable, Sendable {
        case mark(field: Int)
    }

    public enum Event: Codable, Sendable, Equatable {
        case started(first: Seat)
        case marked(seat: Seat, field: Int)
        case ended(winner: Nullable<Seat>)
    }

    /// Nothing is hidden: everybody sees the whole board.
    public struct StateView: Codable, Sendable, Equatable {
        public var fields: [Nullable<Seat>]
        public var turn: Nullable<Seat>
        public var winner: Nullable<Seat>
    }

    static let games = PluginMetric.counter(
        0, "games_total", "Games played to their end, by who won; seat 0 is x.", label: "winner",
        values: ["x", "o", "draw"])

    public static let manifest = Manifest(
        id: "tic-tac-toe", title: "Tic-tac-toe", version: 1, seats: 2...2, metrics: [games])

    private static let lines = [
        [0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6],
    ]

    public static func initial(_ options: NoOptions, seats: Int) -> State { State() }

    public static func start(_ step: inout Step<Self>) throws(Refusal) {
        step.emit(.started(first: Bool.random(using: &step.random) ? 0 : 1))
    }

    public static func decide(_ action: Action, by seat: Seat, _ step: inout Step<Self>) throws(Refusal) {
        guard case .mark(let field) = action, (0..<9).contains(field) else {
            throw .badRequest("field: 0 to 8")
        }
        guard seat == step.state.turn else { throw .notYourTurn() }
        guard step.state.fields[field] == nil else { throw rule("taken", "field \(field) is taken") }
        step.emit(.marked(seat: seat, field: field))
        if step.state.isOver {
            step.emit(.ended(winner: Nullable(step.state.winner)))
            step.count(games, step.state.winner.map { $0 == 0 ? "x" : "o" } ?? "draw")
            step.finish()
        }
    }

    public static func apply(_ event: Event, to state: inout State) {
        switch event {
        case .started(let first): state.turn = first
        case .marked(let seat, let field):
            state.fields[field] = seat
            state.turn = seat == 0 ? 1 : 0
            if lines.contains(where: { $0.allSatisfy { state.fields[$0] == seat } }) { state.winner = seat }
        case .ended: break
        }
    }

    public static func view(of state: State, for viewer: Viewer) -> StateView {
        StateView(
            fields: state.fields.map { Nullable($0) }, turn: Nullable(state.isOver ? nil : state.turn),
            winner: Nullable(state.winner))
    }

    public static func view(of event: Event, for viewer: Viewer, in state: State) -> Event? { event }

    public static func waitingOn(_ state: State) -> Waiting? {
        state.isOver ? nil : Waiting(seats: [state.turn], for: "mark")
    }

    public static func legalActions(for seat: Seat, in state: State) -> [Action] {
        guard seat == state.turn, !state.isOver else { return [] }
        return state.fields.indices.filter { state.fields[$0] == nil }.map { .mark(field: $0) }
    }

    /// Wins when it can, stops a loss when it must, else takes the middle.
    public static func bot(_ view: StateView, legal: [Action], random: inout GameRandom) -> Action? {
        guard let me = view.turn.optional else { return nil }
        for seat in [me, me == 0 ? 1 : 0] {
            for line in lines where line.filter({ view.fields[$0].optional == seat }).count == 2 {
                if let free = line.first(where: { view.fields[$0].optional == nil }) { return .mark(field: free) }
            }
        }
        return view.fields[4].optional == nil ? .mark(field: 4) : nil
    }
}
