extension RecoveryRun {
    /// Writes the run as one JSON object, the form it has in the status, in the event and for tools.
    ///
    /// - Parameter origin: Unix time of the origin of all durations here, in microseconds.
    public func write(to json: inout JSONText, origin: Int) {
        json.open("{")
        json.member("run", run)
        json.member("procedure_name", procedure)
        json.member("action", action)
        json.member("scope", scope)
        json.member("severity", severity.name)
        json.member("timestamp", started.unix(origin))
        json.member("timestamp_iso", Timestamp.text(microseconds: started.microseconds + origin))
        json.member("ended_iso", Timestamp.text(microseconds: ended.microseconds + origin))
        json.member("duration_seconds", (ended - started).seconds)
        json.member("dry_run", isDryRun)
        json.member("success", isSuccess)
        json.member("verdict", verdict.rawValue)
        json.member("error_message", isSuccess || verdict == .dryRun ? nil : reason)
        json.member("correlation_id", correlationID)
        json.object("trigger") { cause.write(to: &$0) }
        json.object("context") { json in
            // Readings and what the caller gave share the object, as the status always showed it; readings win.
            for (signal, value) in readings.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                json.member(signal.rawValue, value)
            }
            for (key, value) in context.sorted(by: { $0.key < $1.key }) where Signal(rawValue: key) == nil {
                json.member(key, value)
            }
        }
        writeEffect(to: &json)
        json.member("touched", report?.touched)
        json.member("eligible", report?.eligible)
        json.member("repaired", report?.repaired)
        json.object("details") { json in
            for (key, value) in (report?.details ?? [:]).sorted(by: { $0.key < $1.key }) { json.member(key, value) }
        }
        json.member("escalated_to", escalatedTo)
        json.close("}")
    }

    private func writeEffect(to json: inout JSONText) {
        json.member("signal", effect?.signal.rawValue)
        json.member("before", effect?.before)
        json.member("after", effect?.after)
        json.member("target", effect?.target)
        json.member("effect", effect?.share)
        guard let control = effect?.control else { return json.member("control", String?.none) }
        json.object("control") { json in
            json.member("before", control.before)
            json.member("after", control.after)
        }
    }
}

extension RecoveryRun.Cause {
    func write(to json: inout JSONText) {
        switch self {
        case .condition: json.member("kind", "condition")
        case .manual(let actor):
            json.member("kind", "manual")
            json.member("actor", actor)
        case .escalation(let run):
            json.member("kind", "escalation")
            json.member("from_run", run)
        }
    }
}

extension Duration {
    var microseconds: Int { nanoseconds / 1000 }

    /// Seconds since 1970, when the origin of durations was at `origin` microseconds.
    func unix(_ origin: Int) -> Double { Double(microseconds + origin) / 1e6 }
}
