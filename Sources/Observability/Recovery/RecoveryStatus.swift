/// What the recovery engine is doing, has done and would refuse; a plain value for any thread to write out.
public struct RecoveryStatus: Sendable {
    public enum State: String, Sendable, CaseIterable {
        case idle, acting, verifying, refused, cooling, disabled
        /// Its condition holds, and it is about to run.
        case triggered
        /// What it did is still in force: protection mode, admission control.
        case inEffect = "in_effect"
    }

    public struct Procedure: Sendable {
        public let procedure: RecoveryProcedure
        public let state: State
        public let isEnabled: Bool
        /// Why it is off: `disabled_by_operator` or `disabled_by_harm`.
        public let disabledFor: RecoveryRefusal?
        public let disabledBy: String?
        public let disabledAt: Duration?
        /// Within its window, all scopes together.
        public let recentAttempts: Int
        /// Scopes in which the condition holds.
        public let triggered: Int
        /// Refusals since the start, each counted once for as long as its reason stayed the same.
        public let refusals: Int
        public let lastRefusal: RecoveryRefusal?
        public let lastRefusalAt: Duration?
        public let last: RecoveryRun?
    }

    public struct Running: Sendable {
        public let order: RecoveryOrder
        public let state: State
        public let started: Duration
        /// The action has outlasted its time; its scope is barred until it comes back.
        public let isOverdue: Bool
    }

    public let isActive: Bool
    public let at: Duration
    public let procedures: [Procedure]
    public let running: [Running]
    /// Attempts of the last hour that have ended and what share of them was effective; the dry runs are not among them.
    public let attempts: Int
    public let effective: Int
    public let failed: Int
    /// Attempts and dry runs, newest first, at most 1000.
    public let history: [RecoveryRun]

    /// In percent; 0 when nothing was attempted.
    public var successRate: Double { attempts == 0 ? 0 : 100 * Double(effective) / Double(attempts) }
}

extension RecoveryEngine {
    /// How far back `recent` reaches.
    static let recent = Duration.seconds(3600)

    /// Attempts of the last hour that have ended.
    public func recentAttempts(at now: Duration) -> Int { past.count { isRecent($0, at: now) } }

    private func isRecent(_ run: RecoveryRun, at now: Duration) -> Bool {
        run.isAttempt && now - run.started <= Self.recent
    }

    public func status(at now: Duration) -> RecoveryStatus {
        let recent = past.filter { isRecent($0, at: now) }
        let running = runs.values.sorted { $0.order.run < $1.order.run }.map { active in
            RecoveryStatus.Running(
                order: active.order, state: active.state, started: active.run.started, isOverdue: active.isOverdue)
        }
        return RecoveryStatus(
            isActive: isActive, at: now, procedures: ids.compactMap { procedure($0, at: now) }, running: running,
            attempts: recent.count, effective: recent.count(where: \.isSuccess),
            failed: recent.count { !$0.isSuccess }, history: past.reversed())
    }

    private func procedure(_ id: String, at now: Duration) -> RecoveryStatus.Procedure? {
        guard let state = states[id] else { return nil }
        var why: (RecoveryRefusal?, by: String?, at: Duration?) = (nil, nil, nil)
        switch state.disabled {
        case .byOperator(let actor, let at): why = (.disabledByOperator, actor, at)
        case .byHarm(let run, let at): why = (.disabledByHarm, run.map { "run \($0)" }, at)
        case nil: break
        }
        return RecoveryStatus.Procedure(
            procedure: state.procedure, state: self.state(of: state, at: now), isEnabled: state.disabled == nil,
            disabledFor: why.0, disabledBy: why.by, disabledAt: why.at,
            recentAttempts: state.gate.attempts(at: now), triggered: state.episodes.count, refusals: state.refusals,
            lastRefusal: state.lastRefusal?.reason, lastRefusalAt: state.lastRefusal?.at,
            last: past.last { $0.procedure == id && $0.isAttempt })
    }

    private func state(of state: ProcedureState, at now: Duration) -> RecoveryStatus.State {
        let own = runs.values.filter { $0.order.procedure == state.procedure.id && !$0.order.isDryRun }
        if own.contains(where: { $0.state == .acting }) { return .acting }
        if !own.isEmpty { return .verifying }
        if state.disabled != nil { return .disabled }
        if !state.lasting.isEmpty { return .inEffect }
        if !state.episodes.isEmpty {
            let places = state.episodes.keys + [ProcedureState.wholeProcedure]
            return places.contains { state.refused[$0] != nil } ? .refused : .triggered
        }
        return state.gate.isCooling(at: now) ? .cooling : .idle
    }
}

extension ActiveRun {
    var state: RecoveryStatus.State { if case .verifying = stage { .verifying } else { .acting } }
}
