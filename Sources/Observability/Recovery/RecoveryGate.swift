/// Why a procedure is wanted and not run.
public enum RecoveryRefusal: String, Sendable, CaseIterable {
    /// Recovery as a whole is switched off.
    case inactive
    case disabledByOperator = "disabled_by_operator"
    /// A run made things worse; an operator decides whether it may run again.
    case disabledByHarm = "disabled_by_harm"
    /// The same scope is being acted on or judged.
    case running
    /// An action on the scope has outlasted its time and has not come back.
    case overdue
    /// What it does is done and has not been taken back.
    case inEffect = "in_effect"
    case tooManyAtOnce = "too_many_at_once"
    case cooldown
    case maxAttempts = "max_attempts"
    case maxAttemptsInAll = "max_attempts_in_all"

    /// Whether it stands against one scope only; the others concern the whole procedure and are told once for it.
    var isOfScope: Bool {
        switch self {
        case .running, .overdue, .inEffect, .cooldown, .maxAttempts: true
        case .inactive, .disabledByOperator, .disabledByHarm, .tooManyAtOnce, .maxAttemptsInAll: false
        }
    }
}

/// Keeps a procedure from being tried too often; a value, time is an argument.
struct RecoveryGate: Sendable {
    private struct Attempt: Sendable {
        let scope: String
        let at: Duration
    }

    var limits: AttemptLimits
    /// Oldest first, at most `limits.maxAttemptsInAll`.
    private var attempts: [Attempt] = []

    init(_ limits: AttemptLimits) { self.limits = limits }

    /// - Returns: nil when an attempt is allowed; otherwise what stands against it and when that ends.
    func refusal(of scope: String, at now: Duration) -> (reason: RecoveryRefusal, until: Duration)? {
        let counted = attempts.filter { now - $0.at <= limits.window }
        let own = counted.filter { $0.scope == scope }
        // What a longer cooldown than the window would need is remembered as long as the window at least.
        if let last = attempts.last(where: { $0.scope == scope }), now - last.at < limits.cooldown {
            return (.cooldown, last.at + limits.cooldown)
        }
        if own.count >= limits.maxAttempts { return (.maxAttempts, end(of: own, beyond: limits.maxAttempts, at: now)) }
        if counted.count >= limits.maxAttemptsInAll {
            return (.maxAttemptsInAll, end(of: counted, beyond: limits.maxAttemptsInAll, at: now))
        }
        return nil
    }

    /// Just after the attempt that has to leave the window has left it.
    private func end(of counted: [Attempt], beyond limit: Int, at now: Duration) -> Duration {
        let leaving = counted.count - limit
        guard limit > 0, counted.indices.contains(leaving) else { return now + limits.window }
        return counted[leaving].at + limits.window + .nanoseconds(1)
    }

    mutating func record(_ scope: String, at now: Duration) {
        let kept = max(limits.window, limits.cooldown)
        attempts.removeAll { now - $0.at > kept }
        let place = attempts.lastIndex { $0.at <= now }.map { $0 + 1 } ?? 0
        attempts.insert(Attempt(scope: scope, at: now), at: place)
    }

    /// - Parameter scope: nil for all scopes together.
    func attempts(of scope: String? = nil, at now: Duration) -> Int {
        attempts.count { now - $0.at <= limits.window && (scope == nil || $0.scope == scope) }
    }

    /// Whether any scope's last attempt is still too fresh.
    func isCooling(at now: Duration) -> Bool { attempts.contains { now - $0.at < limits.cooldown } }
}
