import Observability
import PluginAPI
import WebSocket

/// What the middleware of this server is made from. Lives on the loop.
final class MiddlewareKit {
    let configuration: Configuration
    let metrics: Observability.Metrics
    /// The loop's own ring.
    let log: LogRing
    let writer: MetricWriter?
    let board: LoopBoard
    let admission: Admission
    private let domain: (any DomainMetricSink)?
    /// The loop's time.
    let now: () -> MonotonicTime
    private var positions = 0
    /// Of the plugins, by place: who replaces one finds its notes, and does not make every client's longer.
    private var given: [Int: Int] = [:]

    init(
        configuration: Configuration, metrics: Observability.Metrics, log: LogRing, writer: MetricWriter?,
        board: LoopBoard, admission: Admission,
        domain: (any DomainMetricSink)?, now: @escaping () -> MonotonicTime
    ) {
        self.configuration = configuration
        self.metrics = metrics
        self.log = log
        self.writer = writer
        self.board = board
        self.admission = admission
        self.domain = domain
        self.now = now
    }

    /// Where the next middleware keeps its note about a connection.
    func nextPosition() -> Int {
        defer { positions += 1 }
        return positions
    }

    /// One of a user's own, with what it may use.
    func make(_ plugin: MiddlewarePlugin, place: Int) -> any Middleware {
        let position = given[place] ?? nextPosition()
        given[place] = position
        return plugin.middleware(
            MiddlewareServices(
                position: position, clock: { [now] in Elapsed(nanoseconds: now().nanoseconds) },
                observe: { [domain] in domain?.observed($0, ofMiddleware: place) },
                write: { [log] severity, event, message in
                    log.log(severity.level, .business, event, message, ["plugin": .string(plugin.name)])
                }))
    }
}

extension MiddlewareServices.Severity {
    fileprivate var level: LogLevel {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
