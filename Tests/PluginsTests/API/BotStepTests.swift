import PluginAPI
import Testing

@Suite("PLUGINS.md: a bot's step") struct BotStepTests {
    /// Whose actions do as they say.
    private enum Moody: Game {
        typealias Options = NoOptions

        struct State: Codable, Sendable, Equatable { var legal: [Action] = [] }
        enum Action: String, Codable, Sendable, Hashable { case work, refuse, fail }
        enum Event: Codable, Sendable, Equatable { case worked }

        static let manifest = Manifest(id: "moody", title: "Moody", version: 1, seats: 1...1)

        static func initial(_ options: NoOptions, seats: Int) -> State { State() }
        static func start(_ step: inout Step<Self>) throws(Refusal) {}
        static func decide(_ action: Action, by seat: Seat, _ step: inout Step<Self>) throws(Refusal) {
            switch action {
            case .work: step.emit(.worked)
            case .refuse: throw .refused("not now")
            case .fail: throw .internal("it does not add up")
            }
        }
        static func apply(_ event: Event, to state: inout State) {}
        static func view(of state: State, for viewer: Viewer) -> State { state }
        static func view(of event: Event, for viewer: Viewer, in state: State) -> Event? { event }
        static func legalActions(for seat: Seat, in state: State) -> [Action] { state.legal }
    }

    private func step(_ legal: [Moody.Action]) throws(Refusal) -> Int? {
        let match = Match<Moody>(
            seats: 1, phase: .playing, state: Moody.State(legal: legal), sequence: 0, timers: [:])
        return try match.botStep(for: 0, at: Timestamp(unixMilliseconds: 0), key: .seeded(1, step: 1))?.events.count
    }

    @Test func `a refused choice gives way to the next`() throws {
        #expect(try step([.refuse, .work, .refuse]) == 1)
        #expect(try step([.refuse, .refuse]) == nil)
        #expect(try step([]) == nil)
    }

    @Test func `a fault of the game is not hidden, unless another action was taken`() throws {
        #expect(throws: Refusal.internal("it does not add up")) { try step([.refuse, .fail]) }
        #expect(try step([.fail, .work]) == 1)
    }
}
