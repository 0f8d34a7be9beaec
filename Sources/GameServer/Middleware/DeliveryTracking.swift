import Observability
import PluginAPI

/// Counts what was handed to whom, what will hardly arrive, and what clients say they have.
final class DeliveryTracking: Middleware {
    let name = "delivery_tracking"
    let interests: MiddlewareHooks = [.deliver, .acknowledge, .lag]

    private let deliveries: LabelledCounter<DeliveryLabel>
    private let broadcastFanout: Observability.Histogram
    private let acknowledgements: Observability.Counter
    private let ackSeconds: Observability.Histogram
    private let laggingConnections: Observability.Gauge
    private let log: LogRing
    private let writer: MetricWriter?

    init(_ kit: MiddlewareKit) {
        deliveries = kit.metrics.deliveries
        broadcastFanout = kit.metrics.broadcastFanout
        acknowledgements = kit.metrics.acknowledgements
        ackSeconds = kit.metrics.ackSeconds
        laggingConnections = kit.metrics.laggingConnections
        log = kit.log
        writer = kit.writer
    }

    func deliver(_ fact: Delivery) {
        deliveries.add(fact.receivers - fact.unanswering, .ok, by: writer)
        if fact.unanswering > 0 { deliveries.add(fact.unanswering, .failed, by: writer) }
        if fact.collapsed > 0 { deliveries.add(fact.collapsed, .collapsed, by: writer) }
        broadcastFanout.record(fact.receivers, by: writer)
    }

    func acknowledge(_ fact: Acknowledgement) {
        acknowledgements.add(1, by: writer)
        if let delay = fact.delay { ackSeconds.record(delay, by: writer) }
    }

    func lag(_ fact: Lag) {
        laggingConnections.add(fact.phase == .began ? 1 : -1, by: writer)
        log.log(
            .debug, .websocket, fact.phase == .began ? "client_lags" : "client_caught_up",
            fact.phase == .began ? "reads too slowly: it will get a snapshot" : "has caught up",
            ["unsent_bytes": .integer(fact.unsentBytes)], in: LogContext(connectionID: fact.client.id))
    }
}
