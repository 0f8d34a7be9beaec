import Observability
import PluginAPI
import WebSocket

/// What the middleware of this server is made from. Lives on the loop.
final class MiddlewareKit {
    let configuration: Configuration
    let metrics: Observability.Metrics
    let logger: Logger
    let writer: MetricWriter?
    let board: LoopBoard
    let admission: Admission
    /// The loop's time.
    let now: () -> MonotonicTime
    private(set) var positions = 0

    init(
        configuration: Configuration, metrics: Observability.Metrics, logger: Logger, writer: MetricWriter?,
        board: LoopBoard, admission: Admission, now: @escaping () -> MonotonicTime
    ) {
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        self.writer = writer
        self.board = board
        self.admission = admission
        self.now = now
    }

    /// Where the next middleware keeps its note about a connection.
    func nextPosition() -> Int {
        defer { positions += 1 }
        return positions
    }
}
