import Foundation
import Observability
import PluginAPI
import WebSocket

/// Makes numbers and log lines of what the core reports beside the hooks of middleware. Lives on the loop.
final class ServerFacts: ServerObserver {
    private let metrics: Observability.Metrics
    private let logger: Logger
    private let writer: MetricWriter?
    private let board: LoopBoard
    /// From when on a refusal of each code is worth another exemplar.
    private var nextExemplar = Array(repeating: MonotonicTime(nanoseconds: 0), count: RefusalLabel.allCases.count)

    init(_ metrics: Observability.Metrics, _ logger: Logger, writer: MetricWriter?, board: LoopBoard) {
        self.metrics = metrics
        self.logger = logger
        self.writer = writer
        self.board = board
    }

    func readingPaused() { metrics.wsReadPauses.add(by: writer) }

    func sessionOpened() {
        metrics.wsConnections.add(1, by: writer)
        metrics.wsConnectionsOpened.add(1, by: writer)
    }

    func sessionClosed() { metrics.wsConnections.add(-1, by: writer) }

    func requestAnswered(code: String?, in room: Room?) {
        let label: CommandLabel =
            switch code {
            case nil: .ok
            case "repeated": .repeated
            case let code?: CommandLabel(refusal: code)
            }
        metrics.commands.add(1, label, by: writer)
        guard let code, label != .repeated else { return }
        let refusal = RefusalLabel(refusal: code)
        metrics.messageErrors.add(1, refusal.fault, refusal, exemplar: exemplar(of: refusal, in: room), by: writer)
        if let reason = MessageRejectionLabel(refusal) { metrics.messagesRejected.add(1, reason, by: writer) }
    }

    /// Names the last event before one refusal of each code a second: the way from the number to the moment in a room.
    private func exemplar(of refusal: RefusalLabel, in room: Room?) -> Exemplar? {
        guard let room else { return nil }
        let now = MonotonicTime.now()
        guard now >= nextExemplar[refusal.rawValue] else { return nil }
        nextExemplar[refusal.rawValue] = now + .seconds(1)
        return Exemplar(
            event: "\(room.id):\(room.state.sequence)",
            unixMilliseconds: Int(Date().timeIntervalSince1970 * 1000))
    }

    func messageHandled(_ type: String, _ took: Elapsed) {
        metrics.messageSeconds.record(took, OperationLabel(type: type), by: writer)
    }

    func pongReceived(after roundTrip: Elapsed) { metrics.wsRoundTripSeconds.record(roundTrip, by: writer) }

    func visitAccepted(after waited: Duration) { metrics.wsHandshakeSeconds.record(waited, by: writer) }

    func visitRefused(_ reason: AcceptVerdict.Reason) {
        metrics.wsConnectionsRejected.add(1, RejectionLabel(reason), by: writer)
    }

    func middlewareFault(_ name: String, hook: String, _ error: any Error) {
        metrics.pluginExceptions.add(1, plugin: metrics.pluginIndex(name), by: writer)
        board.faulted(name)
        logger.log(
            .error, .error, "middleware_threw", "middleware \(name) threw in \(hook)",
            ["hook": .string(hook)], about: .error(LogError(error, recovered: true)), in: LogContext(plugin: name))
    }

    func middlewareSample(_ name: String, _ took: Elapsed) {
        metrics.pluginHandlerSeconds.record(took, plugin: metrics.pluginIndex(name), by: writer)
    }
}
