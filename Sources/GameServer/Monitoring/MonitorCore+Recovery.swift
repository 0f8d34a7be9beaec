import Foundation
import Observability
import PluginAPI
import WebSocket

// Mending: what is decided by, who does it, and what is written down of it.

extension MonitorCore {
    /// Puts the newest readings before the recovery engine and has done what it orders.
    ///
    /// Not before it is known what was tried and switched off before a restart.
    func decide(at now: Duration) {
        guard !isRemembering(at: now) else { return }
        for (run, cohorts) in trials { recovery.observe(cohorts, of: run) }
        let orders = recovery.observe(readings, scopes: scopes, at: now)
        for order in orders { perform(order) }
        for order in renewals.due(recovery.inForce, at: now) { renew(order) }
        recordFinished()
        watchClosely(at: now)
    }

    private var readings: SignalReadings {
        var readings: SignalReadings = [
            .pendingMessages: Double(signals.loops.reduce(0) { $0 + $1.pendingMessages }),
            .sequenceGap: Double(signals.loops.map(\.worstGap).max() ?? 0),
            .corruptRooms: Double(corruptRooms.count),
            .storeFailing: isStoreFailing ? 1 : 0,
            .opensPerMinute: signals.opensPerMinute,
            .openRatio: signals.openRatio,
            .pluginFaultsPerMinute: Double(plugins.map { signals.faultsPerMinute(of: $0) }.max() ?? 0),
        ]
        // Absent when too little was delivered to say: that nobody hears is not that all is well.
        readings[.failureRatio] = signals.failureRatioLately
        readings[.memoryRatio] = usage.memoryRatio
        readings[.cpuRatio] = usage.cpuRatio
        readings[.handshakeSeconds] = signals.recent { $0.handshakes }?.quantile(0.95)
        readings[.loopLagSeconds] = signals.loops.map { Elapsed($0.lag).seconds }.max()
        // What a procedure could spoil is delivery. A store or a game in trouble has its commands refused meanwhile, which
        // is the fault and no harm done by mending it.
        readings[.deliveryErrorRatio] = signals.failureRatioLately
        return readings
    }

    /// What runs touched and what they left alone, over all loops.
    private var trials: [Int: RecoveryCohorts] {
        Dictionary(signals.loops.compactMap(\.trial).map { ($0.run, $0.cohorts) }, uniquingKeysWith: +)
    }

    private var scopes: ScopeReadings {
        var scopes: ScopeReadings = [:]
        scopes["client_desync"] = Dictionary(
            signals.loops.flatMap(\.gaps).map { (String($0.client), Double($0.gap)) }, uniquingKeysWith: max)
        scopes["room_state_corruption"] = Dictionary(
            uniqueKeysWithValues: corruptRooms.map { ($0.description, 1) })
        scopes["plugin_fault"] = Dictionary(
            plugins.map { ($0, Double(signals.faultsPerMinute(of: $0))) }.filter { $0.1 > 0 }, uniquingKeysWith: max)
        return scopes
    }

    /// Whose faults are looked after: the games, and the middleware that was added to ours.
    private var plugins: [String] { parts.games + parts.middleware }

    /// Rooms that could not be read back, and those whose log was found changed.
    var corruptRooms: Set<RoomID> {
        signals.troubles.reduce(into: brokenChains) { $0.formUnion($1.unreadable) }
    }

    // MARK: Doing

    func perform(_ order: RecoveryOrder) {
        if order.kind == .act { orders[order.run] = order }
        log(order, "recovery_started", order.kind == .release ? "is taken back" : "begins")
        let reply: @Sendable (ActionReport) -> Void = { [monitor, order] in
            if order.kind == .act { monitor.post(.acted(run: order.run, $0)) }
        }
        let verification = recovery.procedures.first { $0.id == order.procedure }?.verification
        let scope = ActionScope(
            run: order.run, isDryRun: order.isDryRun, blastRadius: order.blastRadius, playerText: order.playerText,
            judgedWithin: verification.map { $0.within * 2 } ?? .zero)
        guard order.procedure != "database_connection_loss" else { return reopenStore(order, reply) }
        guard let action = action(for: order) else {
            return reply(ActionReport(.failed("nothing is known of the scope \(order.scope)")))
        }
        act(action, scope, order, reply)
    }

    /// Asks the loops once more for what they would end by themselves; that is no run of its own.
    private func renew(_ order: RecoveryOrder) {
        guard let action = action(for: order) else { return }
        let scope = ActionScope(isDryRun: false, blastRadius: order.blastRadius)
        for loop in parts.loops { loop.orders.post(.act(action, scope) { _ in }) }
    }

    private func action(for order: RecoveryOrder) -> LoopAction? {
        let isRelease = order.kind == .release
        switch order.procedure {
        case "stale_connections": return .sweepStale
        case "high_pending_messages": return .collapsePending
        case "room_state_corruption": return RoomID(order.scope).map { .rebuild($0) }
        case "client_desync": return UInt64(order.scope).map { .sync(client: $0) }
        case "memory_pressure": return .freeMemory
        case "system_overload": return isRelease ? .unprotect : .protect(forMs: configuration.recovery.holdMs)
        case "reconnect_storm":
            return isRelease
                ? .admitAll : .admit(perSecond: configuration.recovery.admitPerS, forMs: configuration.recovery.holdMs)
        case "plugin_fault":
            let quarantine = order.attempt > 1 ? configuration.recovery.quarantineMs : nil
            if parts.games.contains(order.scope) {
                return .restartGame(order.scope, quarantinesForMs: quarantine)
            }
            guard parts.middleware.contains(order.scope) else { return nil }
            return .restartMiddleware(order.scope, setsAsideForMs: quarantine)
        default: return nil
        }
    }

    /// Has every loop do its part, and reports the sum.
    private func act(
        _ action: LoopAction, _ scope: ActionScope, _ order: RecoveryOrder,
        _ reply: @escaping @Sendable (ActionReport) -> Void
    ) {
        let loops = parts.loops
        guard loops.count > 1, action.isBounded else {
            return Self.act(action, Array(repeating: scope, count: loops.count), on: loops, reply)
        }
        // What may be touched is a share of what all of them have: they are asked first.
        let survey = ActionScope(run: scope.run, isDryRun: true, blastRadius: 1)
        let found = ReportList(expected: loops.count) { found in
            if let failure = found.first(where: { if case .failed = $0.outcome { true } else { false } }) {
                return reply(failure)
            }
            let shared = SharedScope(found: found, blastRadius: scope.blastRadius)
            if scope.isDryRun { return reply(shared.report) }
            let scopes = shared.shares.map { share in
                var scope = scope
                scope.share = share
                return scope
            }
            Self.act(action, scopes, on: loops, reply)
        }
        for (place, loop) in loops.enumerated()
        where loop.orders.post(.act(action, survey) { found.put($0, at: place) }) != .delivered {
            found.put(ActionReport(.failed("a loop takes no orders")), at: place)
        }
    }

    private static func act(
        _ action: LoopAction, _ scopes: [ActionScope], on loops: [LoopHandle],
        _ reply: @escaping @Sendable (ActionReport) -> Void
    ) {
        let sum = ReportSum(expected: loops.count, reply)
        for (loop, scope) in zip(loops, scopes)
        where loop.orders.post(.act(action, scope) { sum.add($0) }) != .delivered {
            sum.add(ActionReport(.failed("a loop takes no orders")))
        }
    }

    private func reopenStore(_ order: RecoveryOrder, _ reply: @escaping @Sendable (ActionReport) -> Void) {
        guard !order.isDryRun else { return reply(ActionReport(.done, touched: 1, eligible: 1)) }
        parts.store.reopen { outcome in
            switch outcome {
            case .reopened:
                reply(ActionReport(.done, touched: 1, eligible: 1, repaired: 1, details: ["did": "reopened"]))
            case .restored(let aside):
                reply(
                    ActionReport(
                        .done, touched: 1, eligible: 1, repaired: 1,
                        details: ["did": "restored", "moved_aside": aside ?? "nothing"]))
            case .freed(let bytes):
                reply(
                    ActionReport(
                        .done, touched: 1, eligible: 1, repaired: 1,
                        details: ["did": "freed", "bytes": String(bytes)]))
            case .failed(let kind): reply(ActionReport(.failed("the store is still in trouble: \(kind.rawValue)")))
            case .unavailable: reply(ActionReport(.failed("the store does not answer")))
            }
        }
    }

    func finishAction(_ run: Int, _ report: ActionReport) {
        if report.repaired > 0, let order = orders.removeValue(forKey: run), order.procedure == "room_state_corruption"
        {
            // The loop has compared the room and stored it whole: what is damaged below is evidence and hurts nobody.
            brokenChains.remove(scope: order.scope)
            health.hint(StandardChecks.database, reason: "a damaged room was mended", at: now)
        }
        orders[run] = nil
        recovery.acted(run, report, at: now)
        recordFinished()
    }

    // MARK: Writing down

    /// Checks the components under repair every second, and no longer than that.
    private func watchClosely(at now: Duration) {
        let verifying = recovery.isVerifying
        for component in health.components {
            health.setRecovering(component, verifying.contains(component), at: now)
        }
    }

    func recordFinished() {
        for run in recovery.takeFinished() { record(run) }
        for procedure in recovery.procedures {
            metrics.recoveryActive.set(Double(recovery.goingOn(procedure.id)), ProcedureLabel(named: procedure.id))
        }
        parts.board.isProtecting = recovery.isInForce("system_overload")
        judgeStability()
    }

    private func record(_ run: RecoveryRun) {
        let label = ProcedureLabel(named: run.procedure)
        let exemplar = Exemplar(traceID: run.correlationID, unixMilliseconds: Int(wallClock.unixMilliseconds))
        metrics.recoveryAttempts.add(1, label, RecoveryLabel(named: run.verdict.rawValue), exemplar: exemplar)
        if let share = run.effect?.share { metrics.recoveryEffect.set(share, label) }
        if run.verdict != .refused {
            metrics.recoverySeconds.record(run.ended - run.started, label, exemplar: exemplar)
        }
        let isBad = run.verdict == .failed || run.verdict == .harmful || run.verdict == .ineffective
        let measured = [("before", run.effect?.before), ("after", run.effect?.after), ("effect", run.effect?.share)]
        let fields: [(String, LogValue)] = [
            ("procedure", .string(run.procedure)), ("scope", .string(run.scope)),
            ("verdict", .string(run.verdict.rawValue)), ("touched", .integer(run.report?.touched ?? 0)),
        ]
        logger.log(
            run.verdict == .refused ? .notice : isBad ? .critical : .notice, .recovery, "recovery_finished",
            "\(run.procedure): \(run.verdict.rawValue)\(run.reason.map { ": " + $0 } ?? "")",
            LogFields(fields + measured.compactMap { name, value in value.map { (name, .number($0)) } }),
            in: LogContext(correlationID: run.correlationID))
        guard run.verdict != .refused else { return }
        var json = JSONText()
        run.write(to: &json, origin: wallClockOrigin)
        parts.store.note(
            SystemEvent(
                at: wallClock, kind: .recoveryRun, subject: run.procedure, actor: run.cause.actor,
                correlationID: run.correlationID, body: json.text)
        ) { [logger] outcome in
            if case .stored = outcome { return }
            logger.log(.warning, .recovery, "recovery_not_stored", "the run could not be kept as an event: \(outcome)")
        }
    }

    private func log(_ order: RecoveryOrder, _ event: StaticString, _ what: String) {
        logger.log(
            .notice, .recovery, event, "\(order.procedure) \(what)",
            [
                "procedure": .string(order.procedure), "scope": .string(order.scope), "run": .integer(order.run),
                "attempt": .integer(order.attempt), "dry_run": .boolean(order.isDryRun),
            ], in: LogContext(correlationID: order.correlationID))
    }

    // MARK: The store's news

    func heard(_ news: StoreNews) {
        switch news {
        case .troubled(let kind):
            isStoreFailing = true
            health.hint(StandardChecks.database, reason: "the store cannot be written: \(kind.rawValue)", at: now)
        case .slow(let took):
            health.hint(
                StandardChecks.database, reason: "a commit took \(Int(Elapsed(took).seconds * 1000)) ms", at: now)
        case .recovered:
            isStoreFailing = false
            health.hint(StandardChecks.database, reason: "the store can be written again", at: now)
        case .foreignWrite:
            health.hint(StandardChecks.database, reason: "somebody else wrote to the database", at: now)
        case .chainBroken(let room, let number):
            brokenChains.insert(room)
            chainBrokenAt = .now()
            metrics.eventChainBreaks.add(1)
            health.hint(StandardChecks.database, reason: "record \(number) of a room was changed", at: now)
        case .chainMended(let room):
            brokenChains.remove(room)
            health.hint(StandardChecks.database, reason: "a damaged room is whole again", at: now)
        }
    }

    var wallClock: PluginAPI.Timestamp {
        PluginAPI.Timestamp(unixMilliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    /// Unix time in microseconds of the instant the server's own time counts from.
    var wallClockOrigin: Int {
        Int((Date().timeIntervalSince1970 * 1e6).rounded(.down)) - Int(Elapsed(now).nanoseconds / 1000)
    }
}

extension Set<RoomID> {
    fileprivate mutating func remove(scope: String) {
        if let room = RoomID(scope) { remove(room) }
    }
}
