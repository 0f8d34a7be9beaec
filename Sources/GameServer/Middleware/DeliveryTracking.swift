import Observability
import PluginAPI

/// Counts what was handed to whom, what will hardly arrive, and what clients say they have.
final class DeliveryTracking: Middleware {
    let name = "delivery_tracking"
    let interests: MiddlewareHooks = [.deliver, .acknowledge, .lag]

    private let deliveries: LabelledCounter<DeliveryLabel>
    private let receivers: Observability.Histogram
    private let acknowledgements: Observability.Counter
    private let delays: Observability.Histogram
    private let lagging: Observability.Gauge
    private let log: LogRing
    private let writer: MetricWriter?

    init(_ kit: MiddlewareKit) {
        deliveries = kit.metrics.deliveries
        receivers = kit.metrics.broadcastFanout
        acknowledgements = kit.metrics.acknowledgements
        delays = kit.metrics.ackSeconds
        lagging = kit.metrics.laggingConnections
        log = kit.log
        writer = kit.writer
    }

    func deliver(_ fact: Delivery) {
        deliveries.add(fact.receivers - fact.unanswering, .ok, by: writer)
        if fact.unanswering > 0 { deliveries.add(fact.unanswering, .failed, by: writer) }
        if fact.collapsed > 0 { deliveries.add(fact.collapsed, .collapsed, by: writer) }
        receivers.record(fact.receivers, by: writer)
    }

    func acknowledge(_ fact: Acknowledgement) {
        acknowledgements.add(1, by: writer)
        if let delay = fact.delay { delays.record(delay, by: writer) }
    }

    func lag(_ fact: Lag) {
        lagging.add(fact.phase == .began ? 1 : -1, by: writer)
        log.log(
            .debug, .websocket, fact.phase == .began ? "client_lags" : "client_caught_up",
            fact.phase == .began ? "reads too slowly: it will get a snapshot" : "has caught up",
            ["unsent_bytes": .integer(fact.unsentBytes)], in: LogContext(connectionID: fact.client.id))
    }
}
