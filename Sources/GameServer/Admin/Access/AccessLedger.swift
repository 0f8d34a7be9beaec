import Observability
import WebSocket

/// One request that was answered.
struct AccessRecord: Sendable {
    var method: String
    /// The template, never the path: ids do not belong into labels.
    var route: String
    var status: Int
    var bytes: Int
    var took: Duration
    var requestID: String
    var requester: Requester?
    var address: String
}

/// Makes log lines and numbers of requests. Lives on the loop.
final class AccessLedger {
    private let logger: Logger
    private let metrics: Observability.Metrics
    private let writer: MetricWriter?
    /// Looked up once: a request hashes no text for its numbers.
    private let places: [String: Int]

    init(_ logger: Logger, _ metrics: Observability.Metrics, writer: MetricWriter?) {
        self.logger = logger
        self.metrics = metrics
        self.writer = writer
        places = Dictionary(uniqueKeysWithValues: AdminRoutes.labels.map { ($0, metrics.routeIndex($0)) })
    }

    func began() { metrics.httpActive.add(1, by: writer) }

    func ended(_ record: AccessRecord) {
        let place = places[record.route] ?? -1
        metrics.httpActive.add(-1, by: writer)
        metrics.httpRequestSeconds.record(
            record.took, HTTPMethodLabel(named: record.method), route: place, HTTPStatusLabel(code: record.status),
            by: writer)
        metrics.httpResponseBytes.record(record.bytes, route: place, by: writer)
        logger.log(
            .info, .access, "http_request", "\(record.method) \(record.route): \(record.status)",
            record.requester.map { ["actor": .string($0.actor)] } ?? [:], took: record.took,
            about: .http(
                LogHTTP(
                    method: record.method, route: record.route, status: record.status, bytes: record.bytes)),
            in: context(of: record))
    }

    /// A token was looked at.
    func authenticated(_ verdict: AdminTokens.Verdict, _ record: AccessRecord) {
        switch verdict {
        case .absent: break
        case .known: metrics.authAttempts.add(1, .ok, by: writer)
        case .wrong:
            metrics.authAttempts.add(1, .failed, by: writer)
            logger.log(
                .warning, .security, "auth_failed", "a token that opens nothing, for \(record.route)",
                ["route": .string(record.route)], in: context(of: record))
        }
    }

    /// Nobody asked for what needs a role, or somebody whose role is too small.
    func denied(_ record: AccessRecord) {
        switch record.requester?.role {
        case nil: metrics.authDenied.add(1, .none, by: writer)
        case .viewer: metrics.authDenied.add(1, .viewer, by: writer)
        // Nothing is denied to an administrator.
        case .operator, .administrator: metrics.authDenied.add(1, .operator, by: writer)
        }
        guard let requester = record.requester else { return }
        logger.log(
            .warning, .security, "access_denied", "\(requester.actor) may not \(record.method) \(record.route)",
            ["route": .string(record.route), "actor": .string(requester.actor)], in: context(of: record))
    }

    /// An operator asked for a change and was refused before anything was begun. A line and no event of the store: who
    /// may do little could otherwise fill it. While the audit trail cannot be written it is a usual line, which may be
    /// dropped: nothing was changed, and what waits for the trail has to stay small.
    func refusedChange(_ action: OperatorAction) {
        if logger.isKeepingAudit { return logger.audit(action) }
        logger.log(
            .warning, .security, "change_refused",
            "\(action.actor): \(action.action): \(action.status), and the audit trail cannot be written",
            ["actor": .string(action.actor), "status": .integer(action.status)],
            in: LogContext(correlationID: action.requestID, requestID: action.requestID))
    }

    func limited(_ record: AccessRecord) {
        metrics.rateLimited.add(1, .http, by: writer)
        logger.log(
            .info, .security, "rate_limited", "too many requests, the last for \(record.route)",
            ["route": .string(record.route)], in: context(of: record))
    }

    private func context(of record: AccessRecord) -> LogContext {
        LogContext(
            correlationID: record.requestID, requestID: record.requestID, clientAddress: record.address)
    }
}
