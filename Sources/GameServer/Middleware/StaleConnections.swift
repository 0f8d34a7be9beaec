import Observability
import PluginAPI

/// Tells of connections that were asked for a sign of life and gave none.
final class StaleConnections: Middleware {
    let name = "stale_connections"
    // Not `receive`: a pong is rare, and every message would pay for the look.
    let interests: MiddlewareHooks = .stall

    private let log: LogRing

    init(_ kit: MiddlewareKit) { log = kit.log }

    func stall(_ fact: Stall) {
        guard case .unanswered(let client) = fact else { return }
        log.log(
            .info, .websocket, "connection_stale", "gave no sign of life and is closed",
            in: LogContext(connectionID: client.id))
    }
}
