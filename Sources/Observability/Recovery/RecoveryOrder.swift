/// What the engine wants done.
public struct RecoveryOrder: Sendable, Equatable {
    public enum Kind: String, Sendable {
        /// Do it and report through `RecoveryEngine.acted`.
        case act
        /// Take the lasting effect of the run back; nothing is reported.
        case release
    }

    public let run: Int
    public let kind: Kind
    public let procedure: String
    public let action: String
    /// A room, connection or plugin; `RecoveryProcedure.serverScope` for the whole server.
    public let scope: String
    /// Report what would be touched and touch nothing.
    public let isDryRun: Bool
    /// 1 for the first attempt on this scope within the window: a later one may reach for a stronger means.
    public let attempt: Int
    /// Most that may be touched, as a share of what could be.
    public let blastRadius: Double
    /// 32 hexadecimal digits, the same in every line, event and metric of the run.
    public let correlationID: String
    public let playerText: String?

    /// Most objects that may be touched: at least one.
    public func maxTouched(of eligible: Int) -> Int { Self.maxTouched(of: eligible, within: blastRadius) }

    /// The same for whoever carries the order out and has only its radius.
    public static func maxTouched(of eligible: Int, within radius: Double) -> Int {
        radius >= 1 ? eligible : min(eligible, max(1, Int(radius * Double(eligible))))
    }
}

/// What came of an order.
public struct ActionReport: Sendable, Equatable {
    public enum Outcome: Sendable, Equatable {
        case done
        /// There was nothing the action could have repaired. Never a success.
        case nothingToDo
        case failed(String)
    }

    public let outcome: Outcome
    /// Objects changed; in a dry run those that would be.
    public let touched: Int
    /// Objects it could have touched, had it been allowed to touch all.
    public let eligible: Int
    /// Objects that were wrong before, and were compared and found right after.
    public let repaired: Int
    public let details: [String: String]
    /// Readings from just before the action, where part of what it could have touched was left alone.
    public let cohorts: RecoveryCohorts?

    public init(
        _ outcome: Outcome, touched: Int = 0, eligible: Int = 0, repaired: Int = 0, details: [String: String] = [:],
        cohorts: RecoveryCohorts? = nil
    ) {
        self.outcome = outcome
        self.touched = touched
        self.eligible = eligible
        self.repaired = repaired
        self.details = details
        self.cohorts = cohorts
    }
}

/// What an operator hears who asked for a run.
public enum TriggerAnswer: Sendable, Equatable {
    case started(RecoveryOrder)
    /// The refused run; `until` is when the gate opens by itself, nil when it does not.
    case refused(RecoveryRun, until: Duration?)
    case unknownProcedure
    /// The procedure heals one room, connection or plugin and was not told which, or heals the server and was.
    case wrongScope(expected: RecoveryProcedure.ScopeKind)
}
