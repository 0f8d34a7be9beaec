import PluginAPI

/// A game for one to eight that goes wrong in the way a player asks for. Every other room goes on as if nothing were.
enum FaultyGame: Game {
    typealias Options = NoOptions

    struct State: Codable, Sendable, Equatable {
        var passes = 0
        var isContradictory = false
        /// Let go of when the room sleeps, and there again when it wakes.
        var ballast: Ballast?
    }

    enum Action: Codable, Sendable {
        /// Does nothing wrong.
        case pass
        /// Refuses with `internal`.
        case fail
        /// From now on every `n`th action in the process is a `fail`; 0 for none.
        case failEvery(n: Int)
        /// Brings the state into contradiction with itself.
        case contradict
        /// Keeps the loop busy.
        case stall(ms: Int)
        /// Emits one event more than a step may.
        case flood
        /// Holds memory, in place of what the room held before.
        case hold(mib: Int)
        /// Counts under a label that may be none of those declared.
        case mark(label: String, times: Int)
        /// Has the health probe see this.
        case probe(mood: Mischief.Mood)
        /// Has the middleware throw from now on, or not.
        case meddle(fails: Bool)
        /// Has the middleware take so long over everything it is told; 0 for none.
        case dawdle(us: Int)
    }

    enum Event: Codable, Sendable, Equatable {
        case passed(seat: Seat)
        case contradicted
        case held(mib: Int)
    }

    struct StateView: Codable, Sendable { var passes: Int }

    static let marks = PluginMetric.counter(
        0, "marks_total", "Marks made.", label: "colour", values: ["red", "green"])
    static let stallSeconds = PluginMetric.histogram(
        1, "stall_seconds", "How long the loop was kept busy.", bounds: [0.01, 0.1, 1, 10])
    static let heldBytes = PluginMetric.gauge(2, "held_bytes", "What the room that was asked last holds.")

    static let manifest = Manifest(
        id: "faulty", title: "Faulty", version: 1, seats: 1...8, onDrop: .wait,
        metrics: [marks, stallSeconds, heldBytes])

    static func initial(_ options: NoOptions, seats: Int) -> State { State() }

    static func start(_ step: inout Step<Self>) throws(Refusal) {}

    static func decide(_ action: Action, by seat: Seat, _ step: inout Step<Self>) throws(Refusal) {
        if case .failEvery = action {} else if Mischief.current.failsNext() { throw .internal("fails every so often") }
        switch action {
        case .pass: break
        case .fail: throw .internal("fails as it was told")
        case .failEvery(let n): Mischief.current.fail(every: try ranged("n", n, 0...1000))
        case .contradict: step.emit(.contradicted)
        case .stall(let ms): stall(for: .milliseconds(try ranged("ms", ms, 0...30_000)), &step)
        case .flood: for _ in 0..<Step<Self>.maxEvents { step.emit(.passed(seat: seat)) }
        case .hold(let mib):
            step.emit(.held(mib: try ranged("mib", mib, 0...1024)))
            step.set(heldBytes, to: Double(mib << 20))
        case .mark(let label, let times):
            for _ in 0..<(try ranged("times", times, 1...Observations.maxCount)) { step.count(marks, label) }
        case .probe(let mood): Mischief.current.set(mood: mood)
        case .meddle(let fails): Mischief.current.set(manner: fails ? .fail : .none)
        case .dawdle(let us):
            let span = Duration.microseconds(try ranged("us", us, 0...1_000_000))
            Mischief.current.set(manner: span == .zero ? .none : .slow(span))
        }
        step.emit(.passed(seat: seat))
    }

    static func apply(_ event: Event, to state: inout State) {
        switch event {
        case .passed: state.passes += 1
        case .contradicted: state.isContradictory = true
        case .held(let mib): state.ballast = mib == 0 ? nil : Ballast(mebibytes: mib)
        }
    }

    static func view(of state: State, for viewer: Viewer) -> StateView { StateView(passes: state.passes) }
    static func view(of event: Event, for viewer: Viewer, in state: State) -> Event? { event }
    static func invariant(_ state: State) -> String? { state.isContradictory ? "it is what it is not" : nil }

    private static func ranged(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(Refusal) -> Int {
        guard range.contains(value) else {
            throw .badRequest("\(name): \(value) is outside \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private static func stall(for span: Duration, _ step: inout Step<Self>) {
        let began = ContinuousClock.now
        while ContinuousClock.now - began < span {}
        step.record(stallSeconds, ContinuousClock.now - began)
    }
}
