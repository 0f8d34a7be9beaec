import Observability
import PluginAPI

/// Watches for connections that give no sign of life: whom a ping was sent, who answered it and after how long, and who
/// was given up.
final class StaleConnections: Middleware {
    let name = "stale_connections"
    let interests: MiddlewareHooks = [.receive, .stall]

    private let metrics: Observability.Metrics
    private let log: LogRing
    private let writer: MetricWriter?

    init(_ kit: MiddlewareKit) {
        metrics = kit.metrics
        log = kit.log
        writer = kit.writer
    }

    func receive(_ message: InboundMessage) -> ReceiveVerdict {
        if let roundTrip = message.roundTrip { metrics.wsRoundTripSeconds.record(roundTrip.duration, by: writer) }
        return .pass
    }

    func stall(_ fact: Stall) {
        guard case .unanswered(let client) = fact else { return }
        log.log(
            .info, .websocket, "connection_stale", "gave no sign of life and is closed",
            in: LogContext(connectionID: client.id))
    }
}
