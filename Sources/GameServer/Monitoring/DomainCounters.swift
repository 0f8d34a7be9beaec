import Observability
import PluginAPI

/// Makes numbers of what games and middleware count themselves. Lives on the loop.
final class DomainCounters: DomainMetricSink {
    private let metrics: DomainMetrics
    private let writer: MetricWriter?
    /// Number of the first metric of each game, and of each middleware.
    private let games: [Int]
    private let middleware: [Int]

    init(
        _ games: InstalledGames, _ middleware: [MiddlewarePlugin], _ metrics: DomainMetrics, writer: MetricWriter?
    ) {
        self.metrics = metrics
        self.writer = writer
        var next = 0
        func first(_ count: Int) -> Int {
            defer { next += count }
            return next
        }
        self.games = games.all.map { first($0.manifest.metrics.count) }
        self.middleware = middleware.map { first($0.metrics.count) }
    }

    /// Everything that is declared, in the order in which it is numbered.
    ///
    /// - Throws: `DomainMetricError` for the first declaration that breaks a rule.
    static func declared(
        games: InstalledGames, middleware: [MiddlewarePlugin]
    ) throws(DomainMetricError) -> DomainMetrics {
        try DomainMetrics(
            games.all.flatMap { game in game.manifest.metrics.map { $0.description(of: game.manifest.id) } }
                + middleware.flatMap { plugin in plugin.metrics.map { $0.description(of: plugin.name) } })
    }

    func observed(_ observations: Observations, ofGame game: Int) { note(observations, from: games[game]) }

    func observed(_ observations: Observations, ofMiddleware place: Int) { note(observations, from: middleware[place]) }

    private func note(_ observations: Observations, from first: Int) {
        for observation in observations.all {
            let change: DomainMetrics.Change =
                switch observation.change {
                case .count(let amount): .add(amount)
                case .set(let number): .set(number)
                case .record(let number): .record(number)
                }
            metrics.observe(change, first + observation.metric, at: observation.value, by: writer)
        }
    }
}

extension PluginMetric {
    fileprivate func description(of plugin: String) -> DomainMetricDescription {
        let (kind, bounds): (DomainMetricDescription.Kind, [Double]) =
            switch self.kind {
            case .counter: (.counter, [])
            case .gauge: (.gauge, [])
            case .histogram(let bounds): (.histogram, bounds)
            }
        return DomainMetricDescription(
            plugin: plugin, name: name, kind: kind, help: help, label: label, values: values, bounds: bounds)
    }
}
