import Foundation
import Observability
import PluginAPI
import WebSocket

/// Times the way of a command: waiting for its room, deciding, storing, delivering, and all of it together.
final class Latency: Middleware {
    let name = "latency"
    let interests: MiddlewareHooks = [.commit, .deliver]

    private let stages: LabelledHistogram<StageLabel>
    private let commits, deliveries, commands: Histogram
    private let writer: MetricWriter?
    private let now: () -> MonotonicTime
    /// From when on a command that is not unusually slow is worth an example.
    private var nextExample = MonotonicTime(nanoseconds: 0)
    /// The slowest of this second.
    private var slowest = Elapsed.zero

    init(_ kit: MiddlewareKit) {
        stages = kit.metrics.stageSeconds
        commits = kit.metrics.commitSeconds
        deliveries = kit.metrics.deliverySeconds
        commands = kit.metrics.commandSeconds
        writer = kit.writer
        now = kit.now
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
        if let all = fact.sinceAsked {
            commands.record(all, exemplar: example(of: fact, took: all), by: writer)
        }
    }

    /// Names the event of one command a second, and of every one that was slower than those before it in that second:
    /// the way from a slow bucket to the very moment in a room.
    private func example(of fact: Delivery, took: Elapsed) -> Exemplar? {
        let now = now()
        if now >= nextExample {
            nextExample = now + .seconds(1)
        } else if took <= slowest {
            return nil
        }
        slowest = took
        return Exemplar(
            event: "\(fact.room):\(fact.sequence)",
            unixMilliseconds: Int(Date().timeIntervalSince1970 * 1000))
    }
}
