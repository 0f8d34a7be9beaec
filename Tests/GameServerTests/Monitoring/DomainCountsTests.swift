@testable import GameServer
import LiapTui
import PluginAPI
import Testing
import TicTacToe

@testable import Observability

@Suite("PLUGINS.md: metrics of your own, on the wire of metrics") struct DomainCountsTests {
    enum Counting: Game {
        typealias Options = NoOptions
        typealias Event = Action

        struct State: Codable, Sendable, Equatable { var moves = 0 }
        enum Action: Codable, Sendable, Equatable { case move(kind: String), misuse }

        static let moves = PluginMetric.counter(0, "moves_total", "Moves.", label: "move", values: ["long", "short"])
        static let stones = PluginMetric.gauge(1, "stones", "Stones.")
        static let moveSeconds = PluginMetric.histogram(2, "move_seconds", "Time.", bounds: [1, 2])
        static let manifest = Manifest(
            id: "counting-game", title: "Counting", version: 1, seats: 1...1, metrics: [moves, stones, moveSeconds])

        static func initial(_ options: NoOptions, seats: Int) -> State { State() }
        static func start(_ step: inout Step<Self>) throws(Refusal) {}
        static func decide(_ action: Action, by seat: Seat, _ step: inout Step<Self>) throws(Refusal) {
            switch action {
            case .move(let kind):
                step.count(moves, kind)
                step.set(stones, to: 3)
                step.record(moveSeconds, 1.5)
            case .misuse: step.count(stones)
            }
        }
        static func apply(_ event: Event, to state: inout State) {}
        static func view(of state: State, for viewer: Viewer) -> State { state }
        static func view(of event: Event, for viewer: Viewer, in state: State) -> Event? { event }
    }

    @Test func `what a plugin may not use as a label is the same on both sides`() {
        #expect(PluginMetric.forbiddenLabels == DomainMetricDescription.forbidden)
    }

    private static let returns = PluginMetric.counter(0, "returns_total", "Returns.")
    private static let plugin = MiddlewarePlugin("returns", metrics: [returns]) { _ in preconditionFailure("not made") }

    private let domain: DomainMetrics
    private let counts: DomainCounts

    init() throws {
        let games = [InstalledGame(Counting.self)]
        domain = try DomainMetrics(DomainCounts.descriptions(games: games, middleware: [Self.plugin]))
        counts = try #require(
            DomainCounts(domain, writer: nil, games: InstalledGames(games), middleware: [Self.plugin]))
    }

    private func observations(of action: Counting.Action) throws -> Observations {
        let now = Timestamp(unixMilliseconds: 1_000)
        let match = try Match<Counting>().step(.start, at: now, key: .seeded(1, step: 0)).match
        return try match.step(.action(action, by: 0), at: now, key: .seeded(1, step: 1)).observations
    }

    @Test func `what a game counts stands under its metric and its label's value`() throws {
        for kind in ["long", "short", "short", "sideways"] {
            counts.observed(try observations(of: .move(kind: kind)), ofGame: 0)
        }
        #expect(domain.value(0, "long") == 1)
        #expect(domain.value(0, "short") == 2)
        #expect(domain.value(0, "_other") == 1)
        #expect(domain.value(1) == 3)
        #expect(domain.value(2) == 4)
    }

    @Test func `middleware counts behind the games`() {
        let services = MiddlewareServices(
            position: 0, clock: { Elapsed(nanoseconds: 0) },
            observe: { [counts] in counts.observed($0, ofMiddleware: 0) }, write: { _, _, _ in })
        services.count(Self.returns, by: 5)
        #expect(domain.value(3) == 5)
        #expect(domain.value(1) == 0)
    }

    @Test func `what does not fit is told by its plugin's name`() throws {
        var lost: [String] = []
        counts.onLost = { lost.append("\($0) \($1)") }
        counts.observed(try observations(of: .misuse), ofGame: 0)
        #expect(lost == ["counting-game 1"])
        #expect(domain.value(1) == 0)
    }

    @Test func `the metrics of every game served are taken`() throws {
        let games = [InstalledGame(LiapTui.self), InstalledGame(TicTacToe.self)]
        let descriptions = DomainCounts.descriptions(games: games, middleware: [])
        #expect(descriptions.count == games.reduce(0) { $0 + $1.manifest.metrics.count })
        #expect(try DomainMetrics(descriptions).count == descriptions.count)
    }

    @Test func `without the plugins' declarations nothing is counted`() {
        #expect(DomainCounts(.none, writer: nil, games: InstalledGames([]), middleware: []) != nil)
        #expect(DomainCounts(.none, writer: nil, games: InstalledGames([]), middleware: [Self.plugin]) == nil)
    }

    @Test(arguments: ["room", "seat", "type", "name", "le", "job", "plugin", "player_id"])
    func `a label that is refused at registration is a fault of the declaration already`(label: String) {
        let metric = PluginMetric.counter(0, "moves_total", "Moves.", label: label, values: ["a"])
        #expect(metric.fault != nil)
        let description = DomainMetricDescription(
            plugin: "game", name: metric.name, kind: .counter, help: metric.help, label: label, values: metric.values)
        #expect(throws: DomainMetricError.self) { try DomainMetrics([description]) }
    }
}
