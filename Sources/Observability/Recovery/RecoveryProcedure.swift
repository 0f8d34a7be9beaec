/// One way to heal the server: when to try, how often, how far it may reach, and what counts as having worked.
///
/// A procedure is a value that only describes. The engine decides when it runs, the server does it.
public struct RecoveryProcedure: Sendable, Equatable {
    /// What one run is about; cooldown and attempts count for each scope of its own.
    public enum ScopeKind: String, Sendable { case server, room, connection, plugin }

    public enum Severity: Int, Sendable, Comparable {
        case low, medium, high, critical

        public var name: String { "\(self)" }

        public static func < (one: Severity, other: Severity) -> Bool { one.rawValue < other.rawValue }
    }

    /// The scope of every run of a procedure of kind `server`.
    public static let serverScope = "server"

    public let id: String
    public let description: String
    /// What is done, as one word: `force_sync`.
    public let action: String
    /// The health component that is checked at short intervals while a run is judged.
    public let component: String
    public var severity: Severity
    public let scope: ScopeKind
    public var trigger: RecoveryTrigger
    public var attempts: AttemptLimits
    /// Most of what a run may touch, as a share of what it could: of connections, of rooms.
    public var blastRadius: Double
    public var verification: RecoveryVerification
    /// The server must prove each repair (`ActionReport.repaired`); the reading alone is not believed.
    public let needsProof: Bool
    /// For an effect that stays until it is taken back.
    public var release: RecoveryRelease?
    public var escalation: RecoveryEscalation?
    /// What the players who are touched are told; nil when there is nothing for them to know.
    public let playerText: String?
    /// Service levels that are measured by the fault itself: that they get worse tells nothing of the cure.
    public let unwatched: Set<Signal>
    public var isEnabled = true

    public init(
        id: String, description: String, action: String, component: String, severity: Severity,
        scope: ScopeKind = .server, trigger: RecoveryTrigger, attempts: AttemptLimits, blastRadius: Double = 1,
        verification: RecoveryVerification, needsProof: Bool = false, release: RecoveryRelease? = nil,
        escalation: RecoveryEscalation? = nil, playerText: String? = nil, unwatched: Set<Signal> = []
    ) {
        precondition(!trigger.conditions.isEmpty && !verification.targets.isEmpty)
        self.id = id
        self.description = description
        self.action = action
        self.component = component
        self.severity = severity
        self.scope = scope
        self.trigger = trigger
        self.attempts = attempts
        self.blastRadius = blastRadius
        self.verification = verification
        self.needsProof = needsProof
        self.release = release
        self.escalation = escalation
        self.playerText = playerText
        self.unwatched = unwatched
    }
}

/// A reading beyond a threshold: strictly, so that the threshold itself is still good.
public struct RecoveryCondition: Sendable, Equatable {
    public enum Comparison: String, Sendable { case above, below }

    public let signal: Signal
    public let comparison: Comparison
    public var threshold: Double

    public init(_ signal: Signal, _ comparison: Comparison, _ threshold: Double) {
        self.signal = signal
        self.comparison = comparison
        self.threshold = threshold
    }

    /// False for a reading that is absent or not a number.
    public func holds(for reading: Double?) -> Bool {
        guard let reading else { return false }
        return comparison == .above ? reading > threshold : reading < threshold
    }
}

/// When a procedure is wanted.
public struct RecoveryTrigger: Sendable, Equatable {
    public enum Match: String, Sendable { case all, any }

    /// The first one's signal is the reading a scope is listed with.
    public var conditions: [RecoveryCondition]
    public let match: Match
    /// Observations in a row in which it must hold.
    public var observations: Int

    public init(_ conditions: RecoveryCondition..., match: Match = .all, observations: Int = 1) {
        self.conditions = conditions
        self.match = match
        self.observations = observations
    }

    public func holds(for readings: SignalReadings) -> Bool {
        match == .all
            ? conditions.allSatisfy { $0.holds(for: readings[$0.signal]) }
            : conditions.contains { $0.holds(for: readings[$0.signal]) }
    }
}

/// How often a procedure may be tried. A failed attempt counts like any other.
public struct AttemptLimits: Sendable, Equatable {
    /// Least time from one attempt to the next of the same scope.
    public var cooldown: Duration
    /// Most attempts of one scope within `window`.
    public var maxAttempts: Int
    /// Most attempts of all scopes together within `window`; also bounds what is remembered.
    public var maxAttemptsInAll: Int
    /// Rolling; an attempt exactly this long ago still counts.
    public var window: Duration

    public init(_ maxAttempts: Int, inAll: Int? = nil, every cooldown: Duration, window: Duration = .seconds(3600)) {
        self.cooldown = cooldown
        self.maxAttempts = maxAttempts
        maxAttemptsInAll = inAll ?? maxAttempts
        self.window = window
    }
}

/// By which reading a run is judged.
public struct RecoveryVerification: Sendable, Equatable {
    public struct Target: Sendable, Equatable {
        public enum Direction: String, Sendable { case falls, rises }

        public let signal: Signal
        public let direction: Direction
        public var value: Double

        public init(_ signal: Signal, _ direction: Direction = .falls, to value: Double) {
            self.signal = signal
            self.direction = direction
            self.value = value
        }

        public func isReached(by reading: Double) -> Bool {
            direction == .falls ? reading <= value : reading >= value
        }
    }

    /// Judged is the first that was not reached when the run began.
    public var targets: [Target]
    /// How long it is judged at least, so that harm has time to show.
    public var settling: Duration
    /// How long after the action the reading may take to show it.
    public var within: Duration
    /// Readings that are needed to judge at all, and that must hold the target to end early.
    public var samples: Int

    public init(
        _ targets: Target..., settling: Duration = .seconds(10), within: Duration = .seconds(30), samples: Int = 3
    ) {
        self.targets = targets
        self.settling = settling
        self.within = within
        self.samples = samples
    }
}

/// When a lasting effect, such as protection mode, is taken back.
public struct RecoveryRelease: Sendable, Equatable {
    /// All must hold; a reading that is absent holds nothing.
    public var conditions: [RecoveryCondition]
    /// How long they must hold without a break.
    public var after: Duration
    /// Taken back then in any case.
    public var atMost: Duration

    public init(_ conditions: RecoveryCondition..., after: Duration, atMost: Duration = .seconds(3600)) {
        self.conditions = conditions
        self.after = after
        self.atMost = atMost
    }
}

/// What is tried when a procedure does not help and its condition still holds.
public struct RecoveryEscalation: Sendable, Equatable {
    public let procedure: String
    /// Runs of one scope without effect, in a row.
    public var after: Int

    public init(to procedure: String, after: Int) {
        self.procedure = procedure
        self.after = after
    }
}
