extension RecoveryEngine {
    /// Runs a procedure because somebody wants it; the gate holds for people too.
    ///
    /// - Parameters:
    ///   - dryRun: asks what would be touched. It passes every gate and uses no attempt.
    ///   - context: kept with the run; at most 16 entries of 200 characters.
    public mutating func trigger(
        _ name: String, scope: String = RecoveryProcedure.serverScope, by actor: String, dryRun: Bool = false,
        context: [String: String] = [:], at now: Duration
    ) -> TriggerAnswer {
        guard let procedure = states[name]?.procedure else { return .unknownProcedure }
        guard (procedure.scope == .server) == (scope == RecoveryProcedure.serverScope) else {
            return .wrongScope(expected: procedure.scope)
        }
        let cause = RecoveryRun.Cause.manual(by: actor)
        if dryRun {
            let isFull = runs.values.count { $0.order.isDryRun && !$0.isOverdue } >= limits.atOnce
            guard !isFull else {
                return .refused(
                    refuse(procedure, scope, cause, context, .tooManyAtOnce, isDryRun: true, at: now), until: nil)
            }
            return .started(start(procedure, scope, cause, context, isDryRun: true, at: now))
        }
        if let refusal = refusal(of: procedure, scope, at: now) {
            return .refused(refuse(procedure, scope, cause, context, refusal.reason, at: now), until: refusal.until)
        }
        return .started(start(procedure, scope, cause, context, at: now))
    }

    /// What came of an order; of one that is not under way nothing is believed.
    ///
    /// - Returns: false when no such run was waiting for a report.
    @discardableResult
    public mutating func acted(_ run: Int, _ report: ActionReport, at now: Duration) -> Bool {
        guard var active = runs[run], let procedure = states[active.order.procedure]?.procedure else {
            takeBackForgiven(run)
            return false
        }
        switch active.stage {
        case .verifying: return false
        case .overdue:
            runs[run] = nil
            // It was given up as failed, so whatever it has put in force since is taken back.
            if procedure.release != nil { waiting.append(active.order.released) }
            return false
        case .acting: break
        }
        if let verdict = immediateVerdict(of: active.order, report) {
            runs[run] = nil
            // A part of the server may have done it. First, so that it does not undo what is escalated to.
            if procedure.release != nil && !active.order.isDryRun { waiting.append(active.order.released) }
            finish(active, verdict.0, verdict.1, report: report, at: now)
            return true
        }
        if procedure.release != nil {
            states[procedure.id]?.lasting[active.order.scope] = .init(order: active.order, since: now)
            // Switched off while it acted.
            if states[procedure.id]?.disabled != nil { release(procedure.id, scope: active.order.scope) }
        }
        if let readings = report.cohorts?.readings {
            active.control.add(readings.control)
            active.touched.add(readings.touched)
        }
        var before = active.before
        if let touched = active.touched.value { before.narrow(to: touched) }
        let judgement = Judgement(
            procedure.verification, before: before, control: active.control, leastEffect: limits.leastEffect, at: now)
        active.stage = .verifying(judgement, report)
        runs[run] = active
        return true
    }

    /// An action that came back after it was forgiven has put its effect in force only now. Where a later run of the
    /// procedure is under way or in force, the effect is that one's to take back.
    private mutating func takeBackForgiven(_ run: Int) {
        guard let order = forgiven.removeValue(forKey: run), !isRunning(order.procedure, order.scope),
            states[order.procedure]?.lasting[order.scope] == nil
        else { return }
        waiting.append(order.released)
    }

    private func immediateVerdict(
        of order: RecoveryOrder, _ report: ActionReport
    ) -> (RecoveryRun.Verdict, String?)? {
        if case .failed(let words) = report.outcome { return (.failed, String(words.prefix(500))) }
        if order.isDryRun { return (.dryRun, nil) }
        // A lasting mode is an effect though it touches no object.
        let isMode = states[order.procedure]?.procedure.release != nil
        if report.outcome == .nothingToDo || (report.touched == 0 && !isMode) {
            return (.ineffective, "nothing_to_repair")
        }
        if report.touched > order.maxTouched(of: report.eligible) { return (.failed, "blast_radius_exceeded") }
        return nil
    }

    // MARK: Beginning

    /// - Returns: nil when it is refused.
    mutating func attempt(
        _ id: String, scope: String, cause: RecoveryRun.Cause, at now: Duration
    ) -> RecoveryOrder? {
        guard let procedure = states[id]?.procedure else { return nil }
        guard let refusal = isActive ? refusal(of: procedure, scope, at: now)?.reason : .inactive else {
            return start(procedure, scope, cause, [:], at: now)
        }
        let place = refusal.isOfScope ? scope : ProcedureState.wholeProcedure
        let told = states[id]?.refused[place]?.reason
        if told != refusal { _ = refuse(procedure, scope, cause, [:], refusal, at: now) }
        states[id]?.refused[place] = (refusal, now)
        return nil
    }

    private func refusal(
        of procedure: RecoveryProcedure, _ scope: String, at now: Duration
    ) -> (reason: RecoveryRefusal, until: Duration?)? {
        guard let state = states[procedure.id] else { return nil }
        switch state.disabled {
        case .byOperator: return (.disabledByOperator, nil)
        case .byHarm: return (.disabledByHarm, nil)
        case nil: break
        }
        if let run = runs.values.first(where: {
            $0.order.procedure == procedure.id && $0.order.scope == scope && !$0.order.isDryRun
        }) {
            return (run.isOverdue ? .overdue : .running, nil)
        }
        if state.lasting[scope] != nil { return (.inEffect, nil) }
        let places = procedure.scope == .server ? limits.atOnce : max(1, limits.atOnce - 1)
        if runs.values.count(where: { !$0.order.isDryRun && !$0.isOverdue }) >= places { return (.tooManyAtOnce, nil) }
        return state.gate.refusal(of: scope, at: now).map { ($0.reason, $0.until) }
    }

    private mutating func start(
        _ procedure: RecoveryProcedure, _ scope: String, _ cause: RecoveryRun.Cause, _ context: [String: String],
        isDryRun: Bool = false, at now: Duration
    ) -> RecoveryOrder {
        let before = before(procedure, scope)
        if !isDryRun {
            states[procedure.id]?.gate.record(scope, at: now)
            states[procedure.id]?.refused[scope] = nil
        }
        let attempts = states[procedure.id]?.gate.attempts(of: scope, at: now) ?? 0
        let run = newRun(procedure, scope, cause, context, isDryRun: isDryRun, at: now)
        let order = RecoveryOrder(
            run: run.run, kind: .act, procedure: procedure.id, action: procedure.action, scope: scope,
            isDryRun: isDryRun, attempt: attempts + (isDryRun ? 1 : 0), blastRadius: procedure.blastRadius,
            correlationID: run.correlationID, playerText: procedure.playerText)
        runs[run.run] = ActiveRun(
            order: order, component: procedure.component, run: run, stage: .acting(until: now + limits.actionTimeout),
            before: before)
        return order
    }

    /// The mean since the condition began to hold, and what of the service level would be harm.
    private func before(_ procedure: RecoveryProcedure, _ scope: String) -> Judgement.Before {
        let episode = states[procedure.id]?.episodes[scope]
        let since = episode?.since
        let own = procedure.scope == .server ? nil : procedure.trigger.conditions.first?.signal
        var judged: (target: RecoveryVerification.Target, mean: Double)?
        for target in procedure.verification.targets where judged == nil {
            let past = history[target.signal]
            // The last reading before the condition began can be the only one there is.
            let sinceThen = since.flatMap { past?.mean(since: $0) } ?? past?.mean()
            let mean = target.signal == own ? episode?.readings.mean() : sinceThen
            if let mean, !target.isReached(by: mean) { judged = (target, mean) }
        }
        // What it is called for or judged by is the fault: when that grows on, the cure has failed and done no harm.
        let ofFault = procedure.unwatched.union(procedure.trigger.conditions.map(\.signal))
            .union(procedure.verification.targets.map(\.signal))
        let watches = limits.watches.filter { !ofFault.contains($0.signal) }.map { watch -> Judgement.Watch in
            // What nobody measured may have been as bad before: only what is critical by itself counts.
            guard let past = history[watch.signal], let usual = past.mean() else {
                return Judgement.Watch(signal: watch.signal, limit: watch.critical)
            }
            // What the fault itself had already made worse is not held against the cure.
            let mean = max(usual, since.flatMap { past.mean(since: $0) } ?? usual)
            let noise = max(watch.leastRise, limits.noiseDeviations * past.deviation)
            return Judgement.Watch(signal: watch.signal, limit: mean + noise)
        }
        return Judgement.Before(judged: judged, watches: watches)
    }

    private mutating func newRun(
        _ procedure: RecoveryProcedure, _ scope: String, _ cause: RecoveryRun.Cause, _ context: [String: String],
        isDryRun: Bool, at now: Duration
    ) -> RecoveryRun {
        let own = readings(of: procedure, scope: scope)
        let signals = procedure.trigger.conditions.map(\.signal) + procedure.verification.targets.map(\.signal)
        let kept = context.sorted { $0.key < $1.key }.prefix(16).map {
            (String($0.key.prefix(200)), String($0.value.prefix(200)))
        }
        return RecoveryRun(
            run: takeRunNumber(), procedure: procedure.id, action: procedure.action, component: procedure.component,
            severity: procedure.severity, scope: scope, correlationID: newCorrelationID(), cause: cause,
            readings: own.filter { signals.contains($0.key) },
            context: Dictionary(kept) { first, _ in first }, started: now, ended: now, isDryRun: isDryRun,
            verdict: .failed, playerText: procedure.playerText)
    }

    private mutating func refuse(
        _ procedure: RecoveryProcedure, _ scope: String, _ cause: RecoveryRun.Cause, _ context: [String: String],
        _ refusal: RecoveryRefusal, isDryRun: Bool = false, at now: Duration
    ) -> RecoveryRun {
        var run = newRun(procedure, scope, cause, context, isDryRun: isDryRun, at: now)
        run.verdict = .refused
        run.reason = refusal.rawValue
        states[procedure.id]?.refusals += 1
        states[procedure.id]?.lastRefusal = (refusal, now)
        keep(run)
        return run
    }

    // MARK: Ending

    mutating func finish(
        _ active: ActiveRun, _ verdict: RecoveryRun.Verdict, _ reason: String?, effect: RecoveryEffect? = nil,
        report: ActionReport? = nil, at now: Duration
    ) {
        var run = active.run
        run.ended = now
        run.verdict = verdict
        run.reason = reason
        run.effect = effect
        run.report = report
        defer { keep(run) }
        guard !active.order.isDryRun else { return }
        let id = run.procedure
        if verdict == .harmful {
            states[id]?.disabled = .byHarm(run: run.run, at: now)
            states[id]?.isSettled = true
            release(id)
        }
        if verdict == .effective {
            states[id]?.withoutEffect[run.scope] = nil
        } else {
            states[id]?.withoutEffect[run.scope, default: 0] += 1
            run.escalatedTo = escalate(run, at: now)
        }
    }

    /// - Returns: the next procedure, when there is one, it is its turn, and its own gate lets it run.
    private mutating func escalate(_ run: RecoveryRun, at now: Duration) -> String? {
        guard let state = states[run.procedure], let escalation = state.procedure.escalation,
            state.episodes[run.scope] != nil, state.withoutEffect[run.scope, default: 0] >= escalation.after,
            let next = states[escalation.procedure]?.procedure
        else { return nil }
        let scope = next.scope == .server ? RecoveryProcedure.serverScope : run.scope
        guard !isRunning(next.id, scope),
            let order = attempt(next.id, scope: scope, cause: .escalation(from: run.run), at: now)
        else { return nil }
        waiting.append(order)
        return next.id
    }
}

extension RecoveryOrder {
    /// The order that takes the effect of this one back.
    var released: RecoveryOrder {
        RecoveryOrder(
            run: run, kind: .release, procedure: procedure, action: action, scope: scope, isDryRun: isDryRun,
            attempt: attempt, blastRadius: blastRadius, correlationID: correlationID, playerText: nil)
    }
}
