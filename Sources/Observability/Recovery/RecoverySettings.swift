/// The procedures with their numbers, and what holds for all of them.
public struct RecoverySettings: Sendable, Equatable {
    /// Off: nothing runs by itself; operators still can.
    public var isActive = true
    public var procedures = StandardProcedures.all
    public var limits = RecoveryLimits()

    public init() {}

    /// What can be set of a procedure. `threshold` and `target` take a signal behind a point (`threshold.cpu_ratio`);
    /// without one they mean the first.
    public static let names = [
        "enabled", "threshold", "observations", "cooldown_seconds", "max_attempts", "max_attempts_in_all",
        "window_seconds", "blast_radius", "target", "settle_seconds", "verify_seconds", "samples", "escalate_after",
        "release_seconds",
    ]

    /// - Parameter value: in the unit the name ends in; `enabled` is 0 or 1.
    public mutating func set(
        _ procedure: String, _ name: String, to value: Double
    ) throws(RecoverySettingsError) {
        guard let index = procedures.firstIndex(where: { $0.id == procedure }) else {
            throw .unknownProcedure(procedure)
        }
        guard value.isFinite else { throw .outOfRange(name, value) }
        var changed = procedures[index]
        try Self.set(name, to: value, of: &changed)
        procedures[index] = changed
    }

    /// - Throws: `targetBeyondThreshold` when a procedure would be content with what it was called for.
    public func validate() throws(RecoverySettingsError) {
        for procedure in procedures {
            for condition in procedure.trigger.conditions {
                for target in procedure.verification.targets where target.signal == condition.signal {
                    guard !target.isReached(by: condition.threshold) || target.value == condition.threshold else {
                        throw .targetBeyondThreshold(procedure.id, condition.signal)
                    }
                }
            }
        }
    }

    private static func set(
        _ name: String, to value: Double, of procedure: inout RecoveryProcedure
    ) throws(RecoverySettingsError) {
        let parts = name.split(separator: ".", maxSplits: 1)
        let signal = parts.count == 2 ? String(parts[1]) : nil
        switch parts.first.map(String.init) ?? "" {
        case "threshold":
            let place = procedure.trigger.conditions.firstIndex { signal == nil || $0.signal.rawValue == signal }
            guard let place else { throw .unknownName(name) }
            procedure.trigger.conditions[place].threshold = value
        case "target":
            let place = procedure.verification.targets.firstIndex { signal == nil || $0.signal.rawValue == signal }
            guard let place else { throw .unknownName(name) }
            procedure.verification.targets[place].value = value
        case _ where signal != nil: throw .unknownName(name)
        case "enabled": procedure.isEnabled = try whole(name, value, 0...1) == 1
        case "observations": procedure.trigger.observations = try whole(name, value, 1...1000)
        case "cooldown_seconds": procedure.attempts.cooldown = try seconds(name, value, from: 1)
        case "max_attempts":
            procedure.attempts.maxAttempts = try whole(name, value, 1...1000)
            // On the whole server there is one scope, so the two limits are one.
            if procedure.scope == .server { procedure.attempts.maxAttemptsInAll = procedure.attempts.maxAttempts }
        case "max_attempts_in_all": procedure.attempts.maxAttemptsInAll = try whole(name, value, 1...10_000)
        case "window_seconds": procedure.attempts.window = try seconds(name, value, from: 1)
        case "blast_radius":
            guard value > 0, value <= 1 else { throw .outOfRange(name, value) }
            procedure.blastRadius = value
        case "verify_seconds": procedure.verification.within = try seconds(name, value, from: 1)
        case "settle_seconds": procedure.verification.settling = try seconds(name, value, from: 0)
        case "samples": procedure.verification.samples = try whole(name, value, 1...100)
        case "escalate_after":
            guard procedure.escalation != nil else { throw .unknownName(name) }
            procedure.escalation?.after = try whole(name, value, 1...100)
        case "release_seconds":
            guard procedure.release != nil else { throw .unknownName(name) }
            procedure.release?.after = try seconds(name, value, from: 1)
        default: throw .unknownName(name)
        }
    }

    private static func whole(
        _ name: String, _ value: Double, _ range: ClosedRange<Int>
    ) throws(RecoverySettingsError) -> Int {
        guard let whole = Int(exactly: value), range.contains(whole) else { throw .outOfRange(name, value) }
        return whole
    }

    private static func seconds(
        _ name: String, _ value: Double, from least: Double
    ) throws(RecoverySettingsError) -> Duration {
        guard (least...86_400).contains(value) else { throw .outOfRange(name, value) }
        return .milliseconds(Int((value * 1000).rounded()))
    }
}

public enum RecoverySettingsError: Error, Equatable, CustomStringConvertible {
    case unknownProcedure(String)
    case unknownName(String)
    case outOfRange(String, Double)
    case targetBeyondThreshold(String, Signal)

    public var description: String {
        switch self {
        case .unknownProcedure(let id): "no recovery procedure is called \(id)"
        case .unknownName(let name): "a recovery procedure has no setting \(name)"
        case .outOfRange(let name, let value): "\(name) cannot be \(value)"
        case .targetBeyondThreshold(let id, let signal):
            "the recovery procedure \(id) aims at a \(signal.rawValue) that already calls for it"
        }
    }
}

/// What holds for all procedures together.
public struct RecoveryLimits: Sendable, Equatable {
    /// A service level that a run must not make worse.
    public struct Watch: Sendable, Equatable {
        public let signal: Signal
        /// A rise smaller than this is never harm, however quiet it was before.
        public var leastRise: Double
        /// Where nothing was measured before, only a mean above this is harm.
        public var critical: Double

        public init(_ signal: Signal, leastRise: Double, critical: Double) {
            self.signal = signal
            self.leastRise = leastRise
            self.critical = critical
        }
    }

    /// Most runs that act or are judged at the same time. The last place is kept for procedures of the whole server.
    public var atOnce = 3
    /// How far back "before" reaches.
    public var before: Duration = .seconds(60)
    /// Longer than that an action has failed.
    public var actionTimeout: Duration = .seconds(30)
    /// Least share of the wanted effect that counts as effective.
    public var leastEffect = 0.5
    /// A rise within this many standard deviations of before is noise.
    public var noiseDeviations = 2.0
    /// What is critical of them is so for health too.
    public var watches = [
        Watch(.deliveryErrorRatio, leastRise: 0.01, critical: 0.10),
        Watch(.loopLagSeconds, leastRise: 0.020, critical: 0.25),
    ]
    /// Most scopes of one procedure looked at in one observation, the worst first; the rest wait for the next.
    public var maxScopes = 256
    /// Most finished runs kept for the status, and most that wait to be taken; beyond, the oldest go.
    public var history = 1000

    public init() {}
}
