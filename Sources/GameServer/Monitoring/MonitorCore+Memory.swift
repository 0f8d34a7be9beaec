import Observability
import PluginAPI

// What a restart must not make the monitor forget: attempts, and procedures that did harm.

extension MonitorCore {
    /// Most system events looked at; what is older than an hour counts for nothing.
    private static let remembered = 500

    /// Asks the store for the runs of the last hour, oldest first, and has recovery take them up.
    func rememberRuns() {
        parts.store.systemEvents(after: 0, limit: 1, kind: nil) { [store = parts.store, monitor] outcome in
            guard case .events(_, let last) = outcome else { return }
            let from = max(0, last - Self.remembered)
            store.systemEvents(after: from, limit: Self.remembered, kind: .recoveryRun) { outcome in
                guard case .events(let events, _) = outcome else { return }
                _ = monitor.work { core in for event in events { core.remember(event.event) } }
            }
        }
    }

    private func remember(_ event: SystemEvent) {
        let json: JSON
        // An event of a later version may look different: then it is not remembered, and nothing else follows.
        do { json = try JSON(parsing: Array(event.body.utf8)) } catch { return }
        guard let procedure = json["procedure_name"]?.string, let scope = json["scope"]?.string,
            let verdict = json["verdict"]?.string.flatMap({ RecoveryRun.Verdict(rawValue: $0) })
        else { return }
        recovery.restore(procedure, scope: scope, verdict: verdict, ago: wallClock - event.at, at: now)
    }
}
