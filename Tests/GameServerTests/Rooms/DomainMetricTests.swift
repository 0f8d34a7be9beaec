@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("PLUGINS.md: what a game counts, counts once it is stored") struct DomainMetricTests {
    private final class Counted: DomainMetricSink {
        var all: [Observations.Observation] = []
        var games: Set<Int> = []

        func observed(_ observations: Observations, ofGame game: Int) {
            all += observations.all
            games.insert(game)
        }

        func observed(_ observations: Observations, ofMiddleware middleware: Int) {}
    }

    private let world = World(games: Table.games + [InstalledGame(Patience.self)])
    private let counted = Counted()
    private let ana: TestClient
    private let room: RoomID

    init() throws {
        world.services.domainMetrics = counted
        ana = world.client("Ana")
        ana.hello()
        room = try ana.create("patience")
        ana.host(room, "start")
    }

    @Test func `a stored step counts, under the place of its game; a refused one does not`() {
        #expect(ana.act(room, ["kind": "pass"]).first("ok") != nil)
        #expect(counted.all.map(\.change) == [.count(1)])
        #expect(counted.games == [2])
        #expect(ana.act(room, ["kind": "pass"]).refusals == ["refused"])
        #expect(counted.all.count == 1)
    }

    @Test func `a step counts when its record is stored, not before, and a lost one never`() throws {
        world.holdAnswers()
        ana.send(ana.actRequest(room, ["kind": "pass"]))
        #expect(counted.all.isEmpty)
        world.releaseStore()
        #expect(counted.all.count == 1)
        let ben = world.client("Ben")
        ben.hello()
        let other = try ben.create("patience")
        ben.host(other, "start")
        world.memory.fail(.unavailable)
        #expect(ben.act(other, ["kind": "pass"]).refusals == ["store_unavailable"])
        #expect(counted.all.count == 1)
    }

    @Test func `replay counts nothing`() {
        ana.act(room, ["kind": "pass"])
        world.crash()
        world.services.domainMetrics = counted
        ana.hello()
        #expect(world.rooms[room].map { Patience.heard($0.state.match) } == ["start", "pass 0"])
        #expect(counted.all.count == 1)
    }

    @Test func `a game whose metrics break a rule is named`() {
        #expect(world.games.fault == nil)
        #expect(InstalledGames([InstalledGame(Unruly.self)]).fault?.contains("unruly: `passes`") == true)
    }
}

/// A game that declares what cannot be.
private enum Unruly: Game {
    typealias Options = NoOptions
    struct State: Codable, Sendable, Equatable {}
    enum Action: Codable, Sendable { case pass }
    enum Event: Codable, Sendable, Equatable { case passed }

    static let manifest = Manifest(
        id: "unruly", title: "Unruly", version: 1, seats: 1...1, metrics: [.counter(0, "passes", "Turns passed.")])
    static func initial(_ options: NoOptions, seats: Int) -> State { State() }
    static func start(_ step: inout Step<Self>) throws(Refusal) {}
    static func decide(_ action: Action, by seat: Seat, _ step: inout Step<Self>) throws(Refusal) {}
    static func apply(_ event: Event, to state: inout State) {}
    static func view(of state: State, for viewer: Viewer) -> State { state }
    static func view(of event: Event, for viewer: Viewer, in state: State) -> Event? { event }
}
