import Observability
import PluginAPI

/// Times the way of a command: waiting for its room, deciding, storing, delivering, and all of it together.
final class Latency: Middleware {
    let name = "latency"
    let interests: MiddlewareHooks = [.commit, .deliver]

    private let metrics: Observability.Metrics
    private let writer: MetricWriter?

    init(_ kit: MiddlewareKit) {
        metrics = kit.metrics
        writer = kit.writer
    }

    func commit(_ fact: Commit) {
        metrics.stageSeconds.record(fact.queued.duration, .queue, by: writer)
        metrics.stageSeconds.record(fact.decided.duration, .decide, by: writer)
        metrics.stageSeconds.record(fact.stored.duration, .store, by: writer)
        if fact.outcome == .committed { metrics.commitSeconds.record(fact.stored.duration, by: writer) }
    }

    func deliver(_ fact: Delivery) {
        metrics.stageSeconds.record(fact.delay.duration, .deliver, by: writer)
        metrics.deliverySeconds.record(fact.delay.duration, by: writer)
        if let all = fact.sinceAsked { metrics.commandSeconds.record(all.duration, by: writer) }
    }
}
