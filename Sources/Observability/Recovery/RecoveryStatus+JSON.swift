extension RecoveryStatus {
    /// Finished runs that the answer shows.
    static let shown = 10

    /// The answer to `/api/recovery/status`: the members the first tools read, bare, and ours beside them.
    ///
    /// - Parameters:
    ///   - origin: Unix time of the origin of all durations here, in microseconds.
    ///   - more: writes further members behind ours.
    public func json(origin: Int, _ more: (inout JSONText) -> Void = { _ in }) -> [UInt8] {
        var json = JSONText()
        json.open("{")
        json.member("success", true)
        json.member("is_active", isActive)
        json.member("timestamp", at.unix(origin))
        json.member("timestamp_iso", Timestamp.text(microseconds: at.microseconds + origin))
        json.member("total_procedures", procedures.count)
        json.member("recent_attempts", attempts)
        json.member("success_rate", (successRate * 10).rounded() / 10)
        json.member("failed_attempts", failed)
        json.object("procedures") { json in
            for procedure in procedures {
                json.object(procedure.procedure.id) { procedure.write(to: &$0, origin: origin) }
            }
        }
        json.array("running") { json in
            for run in running { run.write(to: &json, origin: origin) }
        }
        json.array("recent_history") { json in
            for run in history.prefix(Self.shown) { run.write(to: &json, origin: origin) }
        }
        json.object("stability") { json in
            json.member("recoveries_last_hour", attempts)
            json.member("without_effect_last_hour", failed)
            json.member("disabled_by_harm", procedures.count { $0.disabledFor == .disabledByHarm })
        }
        more(&json)
        json.close("}")
        return json.bytes
    }
}

extension RecoveryStatus.Procedure {
    fileprivate func write(to json: inout JSONText, origin: Int) {
        json.member("description", procedure.description)
        json.member("max_attempts", procedure.attempts.maxAttempts)
        json.member("cooldown_seconds", procedure.attempts.cooldown.seconds)
        json.member("severity", procedure.severity.name)
        json.member("recent_attempts", recentAttempts)
        json.member("enabled", isEnabled)
        json.member("state", state.rawValue)
        json.member("disabled_for", disabledFor?.rawValue)
        json.member("disabled_by", disabledBy)
        json.member("disabled_at", disabledAt.map { $0.unix(origin) })
        json.member("action", procedure.action)
        json.member("component", procedure.component)
        json.member("scope", procedure.scope.rawValue)
        json.member("scopes_triggered", triggered)
        json.member("refusals", refusals)
        json.member("last_refusal", lastRefusal?.rawValue)
        json.member("last_refusal_at", lastRefusalAt.map { $0.unix(origin) })
        json.object("configuration", writeConfiguration)
        json.key("last_run")
        if let last { last.write(to: &json, origin: origin) } else { json.raw("null") }
    }

    private func writeConfiguration(to json: inout JSONText) {
        json.member("match", procedure.trigger.match.rawValue)
        json.array("trigger") { json in
            for condition in procedure.trigger.conditions { condition.write(to: &json) }
        }
        json.member("observations", procedure.trigger.observations)
        json.member("window_seconds", procedure.attempts.window.seconds)
        json.member("max_attempts_in_all", procedure.attempts.maxAttemptsInAll)
        json.member("blast_radius", procedure.blastRadius)
        json.array("targets") { json in
            for target in procedure.verification.targets {
                json.open("{")
                json.member("signal", target.signal.rawValue)
                json.member("direction", target.direction.rawValue)
                json.member("value", target.value)
                json.close("}")
            }
        }
        json.member("verify_seconds", procedure.verification.within.seconds)
        json.member("samples", procedure.verification.samples)
        json.member("escalates_to", procedure.escalation?.procedure)
        json.member("escalates_after", procedure.escalation?.after)
        json.array("release") { json in
            for condition in procedure.release?.conditions ?? [] { condition.write(to: &json) }
        }
        json.member("release_seconds", procedure.release?.after.seconds)
    }
}

extension RecoveryStatus.Running {
    fileprivate func write(to json: inout JSONText, origin: Int) {
        json.open("{")
        json.member("run", order.run)
        json.member("procedure_name", order.procedure)
        json.member("scope", order.scope)
        json.member("state", state.rawValue)
        json.member("dry_run", order.isDryRun)
        json.member("attempt", order.attempt)
        json.member("started", started.unix(origin))
        json.member("overdue", isOverdue)
        json.member("correlation_id", order.correlationID)
        json.close("}")
    }
}

extension RecoveryCondition {
    fileprivate func write(to json: inout JSONText) {
        json.open("{")
        json.member("signal", signal.rawValue)
        json.member("comparison", comparison.rawValue)
        json.member("threshold", threshold)
        json.close("}")
    }
}
