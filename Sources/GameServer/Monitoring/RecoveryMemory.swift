import Observability
import PluginAPI

/// What the stored events tell of recovery: attempts, harm, and what operators switched on and off.
struct RecoveryMemory {
    /// The wall clock's time at `now`.
    let wallClock: Timestamp
    let now: Duration

    /// Oldest first.
    func replay(_ events: [SystemEvent], into recovery: inout RecoveryEngine) {
        for event in events {
            switch event.kind {
            case .recoveryRun: takeUpRun(event, into: &recovery)
            case .adminAction: takeUpAction(event, into: &recovery)
            default: break
            }
        }
    }

    private func takeUpRun(_ event: SystemEvent, into recovery: inout RecoveryEngine) {
        guard let body = body(of: event) else { return }
        if let run = body["run"]?.integer, (1..<1 << 53).contains(run) { recovery.continueNumbers(after: Int(run)) }
        guard let procedure = body["procedure_name"]?.string,
            let scope = body["scope"]?.string,
            let verdict = body["verdict"]?.string.flatMap({ RecoveryRun.Verdict(rawValue: $0) })
        else { return }
        // The event is of the run's end.
        let lasted = Duration.seconds(min(max(0, number(body["duration_seconds"]) ?? 0), 86_400))
        recovery.restore(
            procedure, scope: scope, verdict: verdict, ago: wallClock - event.at + lasted, lasted: lasted, at: now)
    }

    private func takeUpAction(_ event: SystemEvent, into recovery: inout RecoveryEngine) {
        guard let body = body(of: event), body["status"]?.integer == 200,
            let endpoint = body["action"]?.string.flatMap({ Endpoint(rawValue: $0) }),
            endpoint == .procedureEnable || endpoint == .procedureDisable
        else { return }
        recovery.restore(
            event.subject, isEnabled: endpoint == .procedureEnable, by: event.actor, ago: wallClock - event.at, at: now)
    }

    private func number(_ json: JSON?) -> Double? {
        switch json {
        case .number(let number): number
        case .integer(let integer): Double(integer)
        default: nil
        }
    }

    /// An event of a later version may look different: then it is not remembered, and nothing else follows.
    private func body(of event: SystemEvent) -> JSON? { try? JSON(parsing: Array(event.body.utf8)) }
}
