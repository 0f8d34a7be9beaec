/// One run from its cause to what it was worth; what the event, the log lines and the metrics of it are made from.
public struct RecoveryRun: Sendable, Equatable {
    public enum Verdict: String, Sendable, CaseIterable {
        /// The reading improved by at least half of what was wanted, and nothing got worse.
        case effective
        case ineffective
        /// Players are served worse than before. The procedure is off until an operator switches it on.
        case harmful
        /// The action did not come to its end.
        case failed
        case refused
        case dryRun = "dry_run"
    }

    public enum Cause: Sendable, Equatable {
        case condition
        case manual(by: String)
        case escalation(from: Int)

        /// Who is to be named: a person, or what of the server asked for it.
        public var actor: String {
            switch self {
            case .condition: "trigger"
            case .manual(let actor): actor
            case .escalation(let run): "run \(run)"
            }
        }
    }

    public let run: Int
    public let procedure: String
    public let action: String
    public let component: String
    public let severity: RecoveryProcedure.Severity
    public let scope: String
    public let correlationID: String
    public let cause: Cause
    /// The trigger's readings when the run began.
    public let readings: SignalReadings
    public let context: [String: String]
    public let started: Duration
    public internal(set) var ended: Duration
    /// Nothing was to be touched.
    public let isDryRun: Bool
    public internal(set) var verdict: Verdict
    /// Why it is not `effective`, as one word or the action's own words.
    public internal(set) var reason: String?
    public internal(set) var effect: RecoveryEffect?
    public internal(set) var report: ActionReport?
    /// The procedure that is tried next because this one did not help.
    public internal(set) var escalatedTo: String?
    public let playerText: String?

    /// The reading improved or the object was repaired; nothing else is success.
    public var isSuccess: Bool { verdict == .effective }

    /// Whether it counts against the attempts.
    public var isAttempt: Bool { verdict != .refused && !isDryRun }
}

/// The measured effect of a run.
public struct RecoveryEffect: Sendable, Equatable {
    /// What was judged by.
    public let signal: Signal
    public let before: Double
    /// Nil when too little was measured afterwards.
    public let after: Double?
    public let target: Double
    /// The same reading of a part that was left alone, if there was one.
    public let control: Control?
    /// 1 when the target was met, 0 when nothing changed, negative when it got worse; the control's own change is
    /// taken off.
    public let share: Double?

    public struct Control: Sendable, Equatable {
        public let before: Double
        public let after: Double
    }
}
