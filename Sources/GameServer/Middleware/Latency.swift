import Observability
import PluginAPI

/// Times the way of a command: waiting for its room, deciding, storing, delivering, and all of it together.
final class Latency: Middleware {
    let name = "latency"
    let interests: MiddlewareHooks = [.commit, .deliver]

    private let stages: LabelledHistogram<StageLabel>
    private let commits, deliveries, commands: Histogram
    private let writer: MetricWriter?

    init(_ kit: MiddlewareKit) {
        stages = kit.metrics.stageSeconds
        commits = kit.metrics.commitSeconds
        deliveries = kit.metrics.deliverySeconds
        commands = kit.metrics.commandSeconds
        writer = kit.writer
    }

    func commit(_ fact: Commit) {
        stages.record(fact.queued, .queue, by: writer)
        stages.record(fact.decided, .decide, by: writer)
        stages.record(fact.stored, .store, by: writer)
        if fact.outcome == .committed { commits.record(fact.stored, by: writer) }
    }

    func deliver(_ fact: Delivery) {
        stages.record(fact.delay, .deliver, by: writer)
        deliveries.record(fact.delay, by: writer)
        if let all = fact.sinceAsked { commands.record(all, by: writer) }
    }
}
