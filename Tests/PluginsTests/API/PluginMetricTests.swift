import PluginAPI
import Testing

@Suite("PLUGINS.md: metrics of your own") struct PluginMetricTests {
    /// A game that counts what it is told to.
    enum Counting: Game {
        typealias Options = NoOptions
        typealias Event = Action

        struct State: Codable, Sendable, Equatable { var moves = 0 }
        enum Action: Codable, Sendable, Equatable {
            case move(label: String, times: Int)
            case refuse
            case misuse
        }

        static let moves = PluginMetric.counter(0, "moves_total", "Moves.", label: "kind", values: ["long", "short"])
        static let stones = PluginMetric.gauge(1, "stones", "Stones.")
        static let moveSeconds = PluginMetric.histogram(2, "move_seconds", "Time.", bounds: [1, 2])
        static let manifest = Manifest(
            id: "counting", title: "Counting", version: 1, seats: 1...1, metrics: [moves, stones, moveSeconds])

        static func initial(_ options: NoOptions, seats: Int) -> State { State() }
        static func start(_ step: inout Step<Self>) throws(Refusal) { step.setTimer("turn", after: .seconds(10)) }
        static func decide(_ action: Action, by seat: Seat, _ step: inout Step<Self>) throws(Refusal) {
            step.emit(action)
            switch action {
            case .move(let label, let times):
                for _ in 0..<times { step.count(moves, label) }
                step.set(stones, to: 3)
                if let elapsed = step.elapsed(of: "turn") { step.record(moveSeconds, elapsed) }
            case .refuse:
                step.count(moves, "long")
                throw .refused("as asked")
            case .misuse:
                step.count(stones)
                step.set(moves, to: 1, "long")
                step.record(moveSeconds, .infinity)
                step.count(moves, "long", by: -1)
                step.count(moves, "long", by: 0)
            }
        }
        static func apply(_ event: Event, to state: inout State) { state.moves += 1 }
        static func view(of state: State, for viewer: Viewer) -> Int { state.moves }
        static func view(of event: Event, for viewer: Viewer, in state: State) -> Event? { event }
    }

    private let start = Timestamp(unixMilliseconds: 1_000)

    private func outcome(of action: Counting.Action, after span: Duration = .zero) throws -> Match<Counting>.Outcome {
        let match = try Match<Counting>().step(.start, at: start, key: .seeded(1, step: 0)).match
        return try match.step(.action(action, by: 0), at: start + span, key: .seeded(1, step: 1))
    }

    @Test func `what a step counts is part of its outcome, by places and not by names`() throws {
        let observations = try outcome(of: .move(label: "short", times: 1), after: .milliseconds(2_500)).observations
        #expect(observations.all.map(\.metric) == [0, 1, 2])
        #expect(observations.all.map(\.value) == [1, 0, 0])
        #expect(observations.all.map(\.change) == [.count(1), .set(3), .record(2.5)])
        #expect(observations.lost == 0)
    }

    @Test func `a refused step counts nothing, and neither does replay`() throws {
        #expect(throws: Refusal.refused("as asked")) { try outcome(of: .refuse) }
        var match = try Match<Counting>().step(.start, at: start, key: .seeded(1, step: 0)).match
        match.fold([.move(label: "long", times: 5)], phase: .playing, timers: [:])
        let next = try match.step(.action(.move(label: "long", times: 1), by: 0), at: start, key: .fresh())
        #expect(next.observations.all.filter { $0.metric == 0 }.map(\.change) == [.count(1)])
    }

    @Test func `a value that was not declared counts as other`() throws {
        let first = try #require(try outcome(of: .move(label: "sideways", times: 1)).observations.all.first)
        #expect(first.value == Counting.moves.values.count)
    }

    @Test func `what does not fit its metric is lost and said to be, and so is what goes beyond the ceiling`() throws {
        let misused = try outcome(of: .misuse).observations
        #expect(misused.all.isEmpty)
        #expect(misused.lost == 4)
        let many = try outcome(of: .move(label: "long", times: Observations.maxCount + 7)).observations
        #expect(many.all.count == Observations.maxCount)
        #expect(many.lost == 7 + 2)
    }

    @Test func `a timer tells how long it has run, at most its whole time`() throws {
        for (after, seconds) in [(0, 0.0), (4_000, 4), (60_000, 10)] {
            let observations = try outcome(of: .move(label: "long", times: 1), after: .milliseconds(after)).observations
            #expect(observations.all.last?.change == .record(seconds))
        }
    }

    // MARK: Declaring

    private static let help = "Help."

    @Test(arguments: [
        PluginMetric.counter(0, "moves", help), .counter(0, "total", help), .gauge(0, "moves_total", help),
        .counter(0, "Moves_total", help), .counter(0, "moves__made_total", help), .counter(0, "_moves_total", help),
        .counter(0, "1_moves_total", help), .gauge(0, "", help), .gauge(0, "stones_", help),
        .gauge(0, String(repeating: "a", count: 65), help), .gauge(0, "wait_ms", help),
        .counter(0, "waited_minutes_total", help), .gauge(0, "full_percent", help), .gauge(0, "move_count", help),
        .gauge(0, "stones", "no full stop"), .gauge(0, "stones", ""), .gauge(0, "stones", "two\nlines."),
        .histogram(0, "move_seconds", help, bounds: []), .histogram(0, "move_seconds", help, bounds: [2, 1]),
        .histogram(0, "move_seconds", help, bounds: [1, .infinity]),
        .histogram(0, "move_seconds", help, bounds: (0...40).map(Double.init)),
        .gauge(0, "stones", help, label: "colour"), .gauge(0, "stones", help, values: ["red"]),
        .gauge(0, "stones", help, label: "room", values: ["a"]), .gauge(0, "stones", help, label: "le", values: ["a"]),
        .gauge(0, "stones", help, label: "Colour", values: ["red"]),
        .gauge(0, "stones", help, label: "colour", values: ["red", "red"]),
        .gauge(0, "stones", help, label: "colour", values: ["_other"]),
        .gauge(0, "stones", help, label: "colour", values: [""]),
        .gauge(0, "stones", help, label: "colour", values: ["a\nb"]),
    ])
    func `a declaration that breaks a rule says which in one sentence`(metric: PluginMetric) throws {
        let fault = try #require(metric.fault)
        #expect(!fault.isEmpty && !fault.contains("\n\n"))
        #expect(Manifest(id: "m", title: "M", version: 1, seats: 1...1, metrics: [metric]).metricFault == fault)
    }

    @Test func `the metrics of a manifest stand at the places they say, each name once`() {
        let stones = PluginMetric.gauge(0, "stones", "Stones.")
        #expect(Counting.manifest.metricFault == nil)
        let faulty: [[PluginMetric]] = [
            [stones, stones], [.gauge(1, "stones", "Stones.")], [stones, .gauge(1, "stones", "Again.")],
            [stones, .counter(1, "stones_total", "OpenMetrics leaves the ending out, and both are one.")],
        ]
        for metrics in faulty {
            #expect(Manifest(id: "m", title: "M", version: 1, seats: 1...1, metrics: metrics).metricFault != nil)
        }
    }
}
