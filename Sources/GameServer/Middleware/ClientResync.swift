import Observability
import PluginAPI

/// Counts how returning clients were made whole, and finds those that apply events far behind what they were sent.
final class ClientResync: Middleware {
    let name = "client_resync"
    let interests: MiddlewareHooks = [.resume, .stall, .recover]

    private let metrics: Observability.Metrics
    private let log: LogRing
    private let writer: MetricWriter?

    init(_ kit: MiddlewareKit) {
        metrics = kit.metrics
        log = kit.log
        writer = kit.writer
    }

    func resume(_ fact: Resumption) {
        metrics.wsResumes.add(1, ResumeLabel(fact.verdict), by: writer)
        log.log(
            .debug, .websocket, "client_resumed", "came back: \(fact.verdict.rawValue)",
            ["verdict": .string(fact.verdict.rawValue), "missed": .integer(fact.missed)],
            in: LogContext(connectionID: fact.client.id, roomID: fact.room?.description))
    }

    func stall(_ fact: Stall) {
        guard case .behind(let client, let room, let game, let gap) = fact else { return }
        metrics.sequenceGaps.add(1, plugin: metrics.pluginIndex(game), by: writer)
        log.log(
            .info, .websocket, "client_out_of_step", "applies events \(gap) behind what it was sent",
            ["gap": .integer(gap)], in: LogContext(connectionID: client.id, roomID: room.description))
    }

    func recover(_ fact: Recovery) {
        guard case .snapshot(let client, let room, let reason) = fact else { return }
        log.log(
            .debug, .websocket, "snapshot_sent", "gets the whole view: \(reason)", ["reason": .string(reason)],
            in: LogContext(connectionID: client.id, roomID: room.description))
    }
}
