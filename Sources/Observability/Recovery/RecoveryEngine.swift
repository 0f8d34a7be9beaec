/// Decides when the server heals itself, and finds out whether it did: trigger, gate, action, measured effect.
///
/// A value without clock, thread or I/O. The caller observes readings every so often (each second while `isVerifying`),
/// does what the orders say and reports with `acted`, then takes the finished runs.
public struct RecoveryEngine: Sendable {
    /// Whether anything runs by itself.
    public var isActive: Bool
    public let limits: RecoveryLimits

    var states: [String: ProcedureState]
    /// Ids in the order in which the procedures were given.
    let ids: [String]
    /// By number of the run.
    var runs: [Int: ActiveRun] = [:]
    /// Overdue orders with a lasting effect whose procedures were switched on again: each may take effect yet.
    var forgiven: [Int: RecoveryOrder] = [:]
    var readings: SignalReadings = [:]
    var scopeReadings: ScopeReadings = [:]
    var history: [Signal: ReadingHistory] = [:]
    /// Made between observations, given out with the next.
    var waiting: [RecoveryOrder] = []
    private(set) var finished: [RecoveryRun] = []
    /// Every run but the refused ones, oldest first.
    private(set) var past: [RecoveryRun] = []
    private var nextRun = 1
    private var luck: any RandomNumberGenerator & Sendable

    /// - Parameter luck: where correlation ids come from.
    public init(
        _ procedures: [RecoveryProcedure] = StandardProcedures.all, limits: RecoveryLimits = RecoveryLimits(),
        isActive: Bool = true,
        luck: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        precondition(Set(procedures.map(\.id)).count == procedures.count, "two procedures have one id")
        self.limits = limits
        self.isActive = isActive
        self.luck = luck
        ids = procedures.map(\.id)
        states = Dictionary(uniqueKeysWithValues: procedures.map { ($0.id, ProcedureState($0)) })
    }

    public init(
        _ settings: RecoverySettings,
        luck: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.init(settings.procedures, limits: settings.limits, isActive: settings.isActive, luck: luck)
    }

    public var procedures: [RecoveryProcedure] { ids.compactMap { states[$0]?.procedure } }

    /// Components with a run that acts or is judged; they want to be measured every second.
    public var isVerifying: Set<String> { Set(runs.values.filter { !$0.isOverdue }.map(\.component)) }

    /// When `tick` is wanted at the latest; nil while nothing is under way.
    public var nextDeadline: Duration? { runs.values.compactMap(\.deadline).min() }

    /// Orders whose effects last and have not been taken back, oldest first.
    public var inForce: [RecoveryOrder] {
        states.values.flatMap { $0.lasting.values.map(\.order) }.sorted { $0.run < $1.run }
    }

    /// Runs of a procedure that act or are judged, and those whose effects last.
    public func goingOn(_ procedure: String) -> Int {
        let running = runs.values.filter { $0.order.procedure == procedure && !$0.order.isDryRun }.map(\.order.run)
        return Set(running).union(states[procedure]?.lasting.values.map(\.order.run) ?? []).count
    }

    /// Whether a procedure has put something in force, or is about to.
    public func isInForce(_ procedure: String) -> Bool {
        let isActing = runs.values.contains {
            $0.order.procedure == procedure && !$0.order.isDryRun && $0.state == .acting && !$0.isOverdue
        }
        return isActing || states[procedure]?.lasting.isEmpty == false
    }

    /// Runs that came to their end since the last call, oldest first; each is one event, one log chain, one count.
    public mutating func takeFinished() -> [RecoveryRun] {
        defer { finished = [] }
        return finished
    }

    /// Switches a procedure on or off. On also forgives harm, and an action that never came back.
    ///
    /// - Returns: false when there is no such procedure.
    public mutating func enable(_ name: String, _ isEnabled: Bool, by actor: String, at now: Duration) -> Bool {
        guard states[name] != nil else { return false }
        states[name]?.disabled = isEnabled ? nil : .byOperator(actor, at: now)
        states[name]?.refused = [:]
        states[name]?.isSettled = true
        guard isEnabled else {
            release(name)
            return true
        }
        for (run, active) in runs where active.order.procedure == name && active.isOverdue {
            runs[run] = nil
            guard states[name]?.procedure.release != nil else { continue }
            waiting.append(active.order.released)
            forgiven[run] = active.order
        }
        while forgiven.count > limits.history, let oldest = forgiven.keys.min() { forgiven[oldest] = nil }
        return true
    }

    /// Takes up an attempt from before a restart, so that neither the limits nor a switch-off can be restarted away.
    ///
    /// Oldest first, and in between what operators switched. What lies in the future, because the wall clock was set
    /// back, counts as of now: else it would hold a procedure back for as long as the clock jumped.
    ///
    /// - Parameters:
    ///   - ago: how long ago the attempt started.
    ///   - lasted: from its start to its verdict.
    public mutating func restore(
        _ procedure: String, scope: String, verdict: RecoveryRun.Verdict, ago: Duration, lasted: Duration = .zero,
        at now: Duration
    ) {
        guard verdict != .refused, verdict != .dryRun else { return }
        states[procedure]?.gate.record(scope, at: now - max(.zero, ago))
        guard verdict == .harmful, maySwitch(procedure) else { return }
        states[procedure]?.disabled = .byHarm(run: nil, at: now - max(.zero, ago - lasted))
    }

    /// Takes up that an operator switched a procedure on or off before a restart. What the configuration switches off
    /// stays off, and what was switched since the restart stays as it is.
    public mutating func restore(
        _ procedure: String, isEnabled: Bool, by actor: String, ago: Duration, at now: Duration
    ) {
        guard maySwitch(procedure) else { return }
        states[procedure]?.disabled = isEnabled ? nil : .byOperator(actor, at: now - max(.zero, ago))
    }

    /// Goes on with the numbers of runs from before a restart, refused ones and dry runs too.
    public mutating func continueNumbers(after run: Int) { nextRun = max(nextRun, run + 1) }

    /// Whether what is remembered from before a restart may switch a procedure on or off.
    private func maySwitch(_ procedure: String) -> Bool {
        states[procedure].map { $0.procedure.isEnabled && !$0.isSettled } ?? false
    }

    mutating func takeRunNumber() -> Int {
        defer { nextRun += 1 }
        return nextRun
    }

    mutating func newCorrelationID() -> String {
        let digits = [luck.next(), luck.next()].map { half in
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return digits.joined()
    }

    /// Keeps a run that has come to its end until it is taken, and for the status.
    mutating func keep(_ run: RecoveryRun) {
        finished.append(run)
        if finished.count > limits.history { finished.removeFirst() }
        guard run.verdict != .refused else { return }
        past.append(run)
        if past.count > limits.history { past.removeFirst() }
    }
}

/// What the engine remembers of one procedure.
struct ProcedureState: Sendable {
    enum Disabled: Sendable, Equatable {
        case byOperator(String, at: Duration)
        case byHarm(run: Int?, at: Duration)
    }

    /// A scope in which the condition holds, or held lately.
    struct Episode: Sendable {
        /// Since when it has held.
        var since: Duration
        var observations = 0
        /// Readings of this scope.
        var readings: ReadingHistory
    }

    let procedure: RecoveryProcedure
    var gate: RecoveryGate
    var episodes: [String: Episode] = [:]
    /// In `refused`, for what concerns no scope more than another.
    static let wholeProcedure = ""

    /// The last refusal told of each scope, so that only a new reason is told again.
    var refused: [String: (reason: RecoveryRefusal, at: Duration)] = [:]
    var refusals = 0
    var lastRefusal: (reason: RecoveryRefusal, at: Duration)?
    var disabled: Disabled?
    /// An operator, or harm, has switched it since the start: what was before says nothing any more.
    var isSettled = false
    /// Effects that have not been taken back, by scope.
    var lasting: [String: Lasting] = [:]
    /// Runs without effect in a row, by scope.
    var withoutEffect: [String: Int] = [:]

    init(_ procedure: RecoveryProcedure) {
        self.procedure = procedure
        gate = RecoveryGate(procedure.attempts)
        if !procedure.isEnabled { disabled = .byOperator("configuration", at: .zero) }
    }

    struct Lasting: Sendable {
        let order: RecoveryOrder
        let since: Duration
        /// Since when the conditions for taking it back have held.
        var calm: Duration?
    }
}

/// A run that acts or is judged.
struct ActiveRun: Sendable {
    enum Stage: Sendable {
        case acting(until: Duration)
        /// Failed for being late; the scope stays barred until the action comes back.
        case overdue
        case verifying(Judgement, ActionReport)
    }

    let order: RecoveryOrder
    let component: String
    var run: RecoveryRun
    var stage: Stage
    let before: Judgement.Before
    var control = RunningMean()
    var touched = RunningMean()

    var isOverdue: Bool { if case .overdue = stage { true } else { false } }

    var deadline: Duration? {
        switch stage {
        case .acting(let until): until
        case .overdue: nil
        case .verifying(let judgement, _): judgement.deadline
        }
    }
}
