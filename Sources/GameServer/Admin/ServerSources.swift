import Observability
import PluginAPI
import WebSocket

/// What this server's operators can ask for, and where it is: the monitor, the store, the log.
struct ServerSources: OperatorSources {
    let store: any EventStore
    let metrics: Observability.Metrics
    let logger: Logger
    let monitor: Monitor
    /// Where the monitor's verdict stands.
    let board: StatusBoard
    let configuration: Configuration
    /// nil for no TLS.
    var certificates: ServerCertificates?

    typealias Answer = @Sendable (Finding) -> Void

    /// Asks the monitor, which answers on its own thread.
    private func ask(_ answer: @escaping Answer, _ body: @escaping @Sendable (MonitorCore) -> Finding) {
        guard configuration.monitoring.isEnabled else {
            return answer(.absent("monitoring.enabled is false: nothing is judged and nothing mended"))
        }
        // It would answer when it is back, or never.
        guard !board.isStale(at: .now()) else { return answer(.unavailable("the monitor has stopped")) }
        if !monitor.work({ answer(body($0)) }) { answer(.unavailable("the monitor has too much to do")) }
    }

    // MARK: Health and metrics

    func health(_ form: HealthForm, answer: @escaping Answer) {
        ask(answer) { core in
            let report = core.health.report(at: core.now)
            let status = report.overall == .critical || report.overall == .unknown ? 503 : 200
            switch form {
            case .own: return .found(status: status, report.detailedJSON(core.serviceFacts))
            case .draft:
                return .found(
                    status: status, type: "application/health+json", report.draftJSON(core.serviceFacts))
            }
        }
    }

    func health(of component: String, answer: @escaping Answer) {
        ask(answer) { core in
            let report = core.health.report(at: core.now)
            guard let body = report.componentJSON(component, core.serviceFacts) else {
                return .notFound("there is no component \(component)")
            }
            let level = report.component(component)?.level ?? .unknown
            return .found(status: level == .critical || level == .unknown ? 503 : 200, body)
        }
    }

    func healthHistory(_ resolution: HealthHistory.Resolution, after: Int?, limit: Int, answer: @escaping Answer) {
        ask(answer) { core in
            let report = core.health.report(at: core.now)
            return .json(report.historyJSON(resolution, after: after, limit: limit, core.serviceFacts))
        }
    }

    func scrape(accept: String?, acceptEncoding: String?, answer: @escaping Answer) {
        let started = MonotonicTime.now()
        let format = ExpositionFormat.negotiated(accept: accept)
        let body = metrics.exposition(as: format, gzip: ExpositionFormat.takesGzip(acceptEncoding: acceptEncoding))
        answer(.found(type: format.contentType, encoding: Gzip.isCompressed(body) ? "gzip" : nil, body))
        metrics.scrapeSeconds.record(MonotonicTime.now() - started)
    }

    func resources(answer: @escaping Answer) {
        ask(answer) { core in .json(core.resourcesJSON) }
    }

    // MARK: Recovery

    func recoveryStatus(answer: @escaping Answer) {
        ask(answer) { core in .json(core.recoveryStatusJSON) }
    }

    func trigger(_ order: RecoveryTrigger, answer: @escaping Answer) {
        ask(answer) { core in core.trigger(order) }
    }

    func setProcedure(
        _ name: String, enabled: Bool, by requester: Requester, requestID: String, answer: @escaping Answer
    ) {
        ask(answer) { core in
            guard core.recovery.enable(name, enabled, by: requester.actor, at: core.now) else {
                return .notFound("there is no procedure \(name.prefix(64))")
            }
            core.recordFinished()
            var json = JSONText()
            json.open("{")
            json.member("success", true)
            json.member("procedure", name)
            json.member("enabled", enabled)
            json.close("}")
            return .json(json.bytes)
        }
    }

    // MARK: Store

    func records(of room: RoomID, after sequence: Int, limit: Int, answer: @escaping @Sendable (ReadOutcome) -> Void) {
        store.read(room, after: sequence, limit: limit, answer: answer)
    }

    func note(_ action: OperatorAction) {
        var body: [JSON.Member] = [
            .init("action", .string(action.action)), .init("target", .string(action.target)),
            .init("status", .integer(Int64(action.status))), .init("arguments", .object(action.arguments)),
        ]
        if let change = action.change {
            body += [.init("before", .string(change.before)), .init("after", .string(change.after))]
        }
        let event = SystemEvent(
            at: action.at, kind: .adminAction, subject: action.target, actor: action.actor,
            correlationID: action.requestID, body: String(decoding: JSON.object(body).encoded(), as: UTF8.self))
        store.note(event) { [logger] outcome in
            if case .stored = outcome { return }
            logger.log(.warning, .audit, "action_not_stored", "an operator's action could not be kept: \(outcome)")
        }
    }

    // MARK: Logs

    func logLevels() -> Finding {
        let levels = logger.levels
        let categories = LogCategory.allCases.map { category in
            JSON.Member(category.rawValue, .string(levels[category].name))
        }
        return .json(
            JSON.object([.init("level", .string(levels.general.name)), .init("categories", .object(categories))])
                .encoded())
    }

    func logLevel(of category: LogCategory?) -> LogLevel {
        category.map { logger.levels[$0] } ?? logger.levels.general
    }

    func setLogLevel(_ level: LogLevel, for category: LogCategory?) -> Finding {
        logger.setLevel(level, for: category)
        return logLevels()
    }
}
