import Observability
import PluginAPI
import WebSocket

// What operators are told by the monitor, and what they may ask of it.

extension MonitorCore {
    /// Who reports, and the figures beside the levels.
    var serviceFacts: ServiceFacts {
        var figures: [(name: String, value: Double)] = [
            ("active_connections", Double(signals.loops.reduce(0) { $0 + $1.sessions })),
            ("active_rooms", Double(signals.loops.reduce(0) { $0 + $1.rooms })),
        ]
        if let bytes = usage.residentBytes { figures.append(("memory_usage_mb", Double(bytes) / 1_048_576)) }
        if let ratio = usage.cpuRatio { figures.append(("cpu_usage_percent", ratio * 100)) }
        if let ratio = signals.errorRatio { figures.append(("recent_error_rate", ratio)) }
        return ServiceFacts(
            version: Version.current, uptime: now, unixMicroseconds: wallClockOrigin + Int(now / .microseconds(1)),
            figures: figures)
    }

    /// What the system says of itself.
    var resourcesJSON: [UInt8] {
        var json = JSONText()
        json.open("{")
        json.member("cpu_utilization_ratio", usage.cpuRatio)
        json.member("memory_utilization_ratio", usage.memoryRatio)
        json.member("memory_available_bytes", usage.memoryAvailableBytes.map(Double.init))
        json.member("resident_bytes", usage.residentBytes.map(Double.init))
        json.member("loop_lag_seconds", signals.loops.map { Elapsed($0.lag).seconds }.max())
        json.close("}")
        return json.bytes
    }

    var recoveryStatusJSON: [UInt8] {
        recovery.status(at: now).json(origin: wallClockOrigin) { json in
            MiddlewareChain(parts.loops.map(\.board.reading)).write(to: &json)
        }
    }

    func trigger(_ order: RecoveryTrigger) -> Finding {
        // An object that we have encoded ourselves: it parses, and an empty one means that nobody said more.
        let context: [String: String] =
            (try? JSON(parsing: order.context))?.members.map { members in
                // What is no text is kept as its JSON: the context is for people.
                Dictionary(
                    members.map { ($0.key, $0.value.string ?? String(decoding: $0.value.encoded(), as: UTF8.self)) },
                    uniquingKeysWith: { $1 })
            } ?? [:]
        let answer = recovery.trigger(
            order.name, scope: order.scope ?? RecoveryProcedure.serverScope, by: order.requester.actor,
            dryRun: order.isDryRun, context: context, at: now)
        switch answer {
        case .started(let started):
            perform(started)
            var json = JSONText()
            json.open("{")
            json.member("success", true)
            json.member("triggered", true)
            json.member("procedure", started.procedure)
            json.member("run", started.run)
            json.member("scope", started.scope)
            json.member("dry_run", started.isDryRun)
            json.member("correlation_id", started.correlationID)
            json.object("context") { json in
                for (name, value) in context.sorted(by: { $0.key < $1.key }) { json.member(name, value) }
            }
            json.close("}")
            return .json(json.bytes)
        case .refused(let run, let until):
            recordFinished()
            let wait = until.map { ": again in \(Int(max(0, ($0 - now) / .seconds(1)).rounded(.up))) s" } ?? ""
            return .refused("\(run.reason ?? "refused")\(wait)")
        case .unknownProcedure: return .notFound("there is no procedure \(order.name.prefix(64))")
        case .wrongScope(.server): return .refused("this procedure is for the whole server: leave scope out")
        case .wrongScope(let kind): return .refused("this procedure needs a scope: a \(kind.rawValue)")
        }
    }
}
