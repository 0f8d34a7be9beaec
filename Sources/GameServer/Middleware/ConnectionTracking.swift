import Observability
import PluginAPI

/// Counts connections that ended: how long they lasted and why they ended.
final class ConnectionTracking: Middleware {
    let name = "connection_tracking"
    let interests: MiddlewareHooks = .close

    private let metrics: Observability.Metrics
    private let writer: MetricWriter?

    init(_ kit: MiddlewareKit) {
        metrics = kit.metrics
        writer = kit.writer
    }

    func close(_ fact: Departure) {
        metrics.wsConnectionsClosed.add(1, CloseReasonLabel(code: fact.code), by: writer)
        metrics.wsCloseCodes.add(1, CloseLabel(code: fact.code), by: writer)
        metrics.wsConnectionSeconds.record(fact.lasted, by: writer)
        if fact.fault != nil { metrics.wsProtocolErrors.add(1, ProtocolErrorLabel(code: fact.code), by: writer) }
    }
}
