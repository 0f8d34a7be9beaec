extension RecoveryEngine {
    /// Takes in what was measured and says what to do about it.
    ///
    /// - Parameters:
    ///   - readings: of the whole server.
    ///   - scopes: for procedures of a room, a connection or a plugin: those with something wrong.
    /// - Returns: the gravest first.
    public mutating func observe(
        _ readings: SignalReadings, scopes: ScopeReadings = [:], at now: Duration
    ) -> [RecoveryOrder] {
        self.readings = readings.filter { $0.value.isFinite }
        scopeReadings = scopes.mapValues { $0.filter { $0.value.isFinite } }
        for (signal, value) in self.readings {
            var past = history[signal] ?? ReadingHistory(span: limits.before)
            past.record(value, at: now)
            history[signal] = past
        }
        for signal in history.keys where self.readings[signal] == nil { history[signal]?.forget(at: now) }
        for id in ids { updateEpisodes(of: id, at: now) }
        for run in runs.keys { feed(run) }
        var orders = tick(at: now)
        for id in ids { observeCalm(of: id, at: now) }
        orders += takeWaiting()
        let byGravity = ids.compactMap { states[$0]?.procedure }.enumerated().sorted {
            ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
        }
        for (_, procedure) in byGravity { orders += wanted(procedure.id, at: now) }
        return orders
    }

    /// Readings of what a run touched and of what it left alone; those from before come with the action's report.
    public mutating func observe(_ cohorts: RecoveryCohorts, of run: Int) {
        guard let readings = cohorts.readings else { return }
        observeControl(of: run, readings.control, touched: readings.touched)
    }

    /// A reading of what the run leaves alone, to take from the effect what would have happened anyway.
    ///
    /// The readings until the action reports count as before, those after it as after.
    ///
    /// - Parameter touched: the same of what it touches. Where it is known from before, it is judged in place of the
    ///   signal.
    public mutating func observeControl(of run: Int, _ reading: Double, touched: Double? = nil) {
        guard reading.isFinite, touched?.isFinite ?? true, var active = runs[run] else { return }
        switch active.stage {
        case .acting:
            active.control.add(reading)
            if let touched { active.touched.add(touched) }
        case .overdue: return
        case .verifying(var judgement, let report):
            judgement.observeControl(reading)
            if judgement.isOfTouched { judgement.observe(touched) }
            active.stage = .verifying(judgement, report)
        }
        runs[run] = active
    }

    /// Ends what is over: judgements, and actions that took too long.
    public mutating func tick(at now: Duration) -> [RecoveryOrder] {
        for number in runs.keys.sorted() {
            guard let active = runs[number] else { continue }
            switch active.stage {
            case .overdue: continue
            case .acting(let until):
                guard now >= until else { continue }
                let order = active.order
                if order.isDryRun { runs[number] = nil } else { runs[number]?.stage = .overdue }
                // A part of the server may have done it in time.
                if !order.isDryRun, states[order.procedure]?.procedure.release != nil { waiting.append(order.released) }
                finish(active, .failed, "timed_out", at: now)
            case .verifying(let judgement, let report):
                guard let procedure = states[active.order.procedure]?.procedure,
                    let result = judgement.result(at: now, report: report, needsProof: procedure.needsProof)
                else { continue }
                runs[number] = nil
                finish(active, result.verdict, result.reason, effect: result.effect, report: report, at: now)
            }
        }
        return takeWaiting()
    }

    private mutating func takeWaiting() -> [RecoveryOrder] {
        defer { waiting = [] }
        return waiting
    }

    // MARK: Triggers

    /// The readings as the trigger of a scope sees them: its own in place of the server's.
    func readings(of procedure: RecoveryProcedure, scope: String) -> SignalReadings {
        guard procedure.scope != .server, let signal = procedure.trigger.conditions.first?.signal else {
            return readings
        }
        var own = readings
        own[signal] = scopeReadings[procedure.id]?[scope] ?? 0
        return own
    }

    private func candidates(of procedure: RecoveryProcedure) -> [String] {
        guard procedure.scope != .server else { return [RecoveryProcedure.serverScope] }
        let worst = (scopeReadings[procedure.id] ?? [:]).sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return worst.prefix(limits.maxScopes).map(\.key)
    }

    private mutating func updateEpisodes(of id: String, at now: Duration) {
        guard var state = states[id] else { return }
        let procedure = state.procedure
        var holding: Set<String> = []
        for scope in candidates(of: procedure) {
            let own = readings(of: procedure, scope: scope)
            guard procedure.trigger.holds(for: own) else { continue }
            holding.insert(scope)
            var episode =
                state.episodes[scope] ?? ProcedureState.Episode(since: now, readings: .init(span: limits.before))
            episode.observations += 1
            if let signal = procedure.trigger.conditions.first?.signal, let value = own[signal] {
                episode.readings.record(value, at: now)
            }
            state.episodes[scope] = episode
        }
        for scope in state.episodes.keys where !holding.contains(scope) { state.episodes[scope] = nil }
        // A condition that flickers is refused once for each cooldown, not once for each flicker.
        for (scope, refusal) in state.refused
        where !(scope == ProcedureState.wholeProcedure ? !holding.isEmpty : holding.contains(scope))
            && now - refusal.at >= procedure.attempts.cooldown
        {
            state.refused[scope] = nil
        }
        for scope in state.withoutEffect.keys where !holding.contains(scope) && !isRunning(id, scope) {
            state.withoutEffect[scope] = nil
        }
        states[id] = state
    }

    private mutating func wanted(_ id: String, at now: Duration) -> [RecoveryOrder] {
        guard let state = states[id] else { return [] }
        let ready = state.episodes.filter { $0.value.observations >= state.procedure.trigger.observations }
        let scopes = candidates(of: state.procedure).filter { ready[$0] != nil }
        var orders: [RecoveryOrder] = []
        for scope in scopes where !isRunning(id, scope) && state.lasting[scope] == nil {
            if let order = attempt(id, scope: scope, cause: .condition, at: now) { orders.append(order) }
        }
        return orders
    }

    func isRunning(_ id: String, _ scope: String) -> Bool {
        runs.values.contains { $0.order.procedure == id && $0.order.scope == scope && !$0.order.isDryRun }
    }

    // MARK: Lasting effects

    private mutating func observeCalm(of id: String, at now: Duration) {
        guard let release = states[id]?.procedure.release, let lasting = states[id]?.lasting else { return }
        for (scope, effect) in lasting {
            let isCalm = release.conditions.allSatisfy { $0.holds(for: readings[$0.signal]) }
            let calm = isCalm ? effect.calm ?? now : nil
            states[id]?.lasting[scope]?.calm = calm
            let isOver = calm.map { now - $0 >= release.after } ?? false
            if isOver || now - effect.since >= release.atMost { self.release(id, scope: scope) }
        }
    }

    /// - Parameter scope: nil for all.
    mutating func release(_ id: String, scope: String? = nil) {
        guard let lasting = states[id]?.lasting else { return }
        for (name, effect) in lasting.sorted(by: { $0.key < $1.key }) where scope == nil || scope == name {
            states[id]?.lasting[name] = nil
            waiting.append(effect.order.released)
        }
    }

    // MARK: Judging

    private mutating func feed(_ number: Int) {
        guard var active = runs[number], case .verifying(var judgement, let report) = active.stage,
            let procedure = states[active.order.procedure]?.procedure
        else { return }
        let own = readings(of: procedure, scope: active.order.scope)
        judgement.watch(readings)
        if !judgement.isOfTouched { judgement.observe(active.before.judged.flatMap { own[$0.target.signal] }) }
        active.stage = .verifying(judgement, report)
        runs[number] = active
    }
}
