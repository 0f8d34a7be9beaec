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

    init(_ logger: Logger) { self.logger = logger }

    func began() {}

    func ended(_ record: AccessRecord) {
        logger.log(
            .info, .access, "http_request", "\(record.method) \(record.route): \(record.status)",
            [
                "method": .string(record.method), "route": .string(record.route), "status": .integer(record.status),
                "bytes": .integer(record.bytes), "duration_ms": .duration(record.took),
                "actor": .string(record.requester?.actor ?? ""),
            ], in: LogContext(correlationID: record.requestID))
    }

    /// A token was looked at.
    func authenticated(_ verdict: AdminTokens.Verdict, _ record: AccessRecord) {
        guard verdict == .wrong else { return }
        logger.log(
            .warning, .security, "auth_failed", "a token that opens nothing, for \(record.route)",
            ["route": .string(record.route)], in: LogContext(correlationID: record.requestID))
    }

    /// Who has a token asked for more than it opens.
    func denied(_ requester: Requester, _ record: AccessRecord) {
        logger.log(
            .warning, .security, "access_denied", "\(requester.actor) may not \(record.method) \(record.route)",
            ["route": .string(record.route), "actor": .string(requester.actor)],
            in: LogContext(correlationID: record.requestID))
    }

    func limited(_ record: AccessRecord) {
        logger.log(
            .info, .security, "rate_limited", "too many requests, the last for \(record.route)",
            ["route": .string(record.route)], in: LogContext(correlationID: record.requestID))
    }
}
