import Observability
import PluginAPI

/// Makes numbers of what games and middleware count. Lives on the loop.
final class DomainCounts: DomainMetricSink {
    /// Where the metrics of one plugin stand among those of all.
    private struct Owner {
        let name: String
        let first: Int
        let count: Int
    }

    private let domain: DomainMetrics
    private let writer: MetricWriter?
    private let games: [Owner]
    private let middleware: [Owner]
    /// Told of observations that did not fit: whose, and how many.
    var onLost: (_ plugin: String, _ count: Int) -> Void = { _, _ in }

    /// - Parameters:
    ///   - domain: made from `descriptions` of the same plugins; nil follows when it is not.
    ///   - writer: the loop's own.
    init?(
        _ domain: DomainMetrics, writer: MetricWriter?, games: InstalledGames, middleware: [MiddlewarePlugin]
    ) {
        self.domain = domain
        self.writer = writer
        var next = 0
        func owner(_ name: String, _ metrics: [PluginMetric]) -> Owner {
            defer { next += metrics.count }
            return Owner(name: name, first: next, count: metrics.count)
        }
        self.games = games.all.map { owner($0.manifest.id, $0.manifest.metrics) }
        self.middleware = middleware.map { owner($0.name, $0.metrics) }
        guard next == domain.count else { return nil }
    }

    /// Every metric of every plugin: the games' first, each in the order it declares.
    static func descriptions(
        games: [InstalledGame], middleware: [MiddlewarePlugin]
    ) -> [DomainMetricDescription] {
        games.flatMap { game in game.manifest.metrics.map { describe($0, of: game.manifest.id) } }
            + middleware.flatMap { plugin in plugin.metrics.map { describe($0, of: plugin.name) } }
    }

    private static func describe(_ metric: PluginMetric, of plugin: String) -> DomainMetricDescription {
        var description = DomainMetricDescription(
            plugin: plugin, name: metric.name, kind: .counter, help: metric.help, label: metric.label,
            values: metric.values)
        switch metric.kind {
        case .counter: break
        case .gauge: description.kind = .gauge
        case .histogram(let bounds):
            description.kind = .histogram
            description.bounds = bounds
        }
        return description
    }

    func observed(_ observations: Observations, ofGame game: Int) { take(observations, of: games[game]) }

    func observed(_ observations: Observations, ofMiddleware middleware: Int) {
        take(observations, of: self.middleware[middleware])
    }

    private func take(_ observations: Observations, of owner: Owner) {
        var lost = observations.lost
        for observation in observations.all {
            guard observation.metric >= 0, observation.metric < owner.count else {
                lost += 1
                continue
            }
            let metric = owner.first + observation.metric
            switch observation.change {
            case .count(let amount): domain.add(amount, metric, at: observation.value, by: writer)
            case .set(let number): domain.set(number, metric, at: observation.value)
            case .record(let number): domain.record(number, metric, at: observation.value, by: writer)
            }
        }
        if lost > 0 { onLost(owner.name, lost) }
    }
}
