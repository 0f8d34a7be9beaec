import Observability
import WebSocket

/// Makes numbers and log lines of what rooms and sessions report. Lives on the loop.
final class ServerFacts: ServerObserver {
    private let metrics: Observability.Metrics
    private let logger: Logger
    private unowned let loop: EventLoop
    private let writer: MetricWriter?
    private var counted = TransportCounters()
    private var roomsCounted: [RoomStateLabel: Int] = [:]
    private let started: MonotonicTime

    init(_ metrics: Observability.Metrics, _ logger: Logger, loop: EventLoop) {
        self.metrics = metrics
        self.logger = logger
        self.loop = loop
        writer = metrics.makeWriter()
        started = loop.now
    }

    var uptime: Duration { loop.now - started }

    /// The exposition as of now.
    func exposition(of rooms: RoomDirectory) -> [UInt8] {
        let counters = loop.counters
        metrics.messages.add(counters.messagesIn - counted.messagesIn, .in, by: writer)
        metrics.messages.add(counters.messagesOut - counted.messagesOut, .out, by: writer)
        metrics.transportBytes.add(counters.bytesIn - counted.bytesIn, .in, by: writer)
        metrics.transportBytes.add(counters.bytesOut - counted.bytesOut, .out, by: writer)
        counted = counters
        for (label, status) in [
            (RoomStateLabel.waiting, RoomSummary.Status.waiting), (.playing, .playing), (.finished, .finished),
        ] {
            let count = rooms.count(in: status)
            metrics.rooms.add(
                count - roomsCounted[label, default: 0], plugin: metrics.pluginIndex(Observability.Metrics.noPlugin),
                label,
                by: writer)
            roomsCounted[label] = count
        }
        return metrics.exposition()
    }

    func sessionOpened() {
        metrics.wsConnections.add(1, by: writer)
        metrics.wsConnectionsOpened.add(1, by: writer)
    }

    func sessionClosed(code: UInt16, lasted: Duration) {
        metrics.wsConnections.add(-1, by: writer)
        metrics.wsConnectionsClosed.add(1, CloseReasonLabel(code: code), by: writer)
        metrics.wsCloseCodes.add(1, CloseLabel(code: code), by: writer)
        logger.log(
            .debug, .websocket, "connection_closed", "closed with \(code)",
            ["code": .integer(Int(code)), "duration_ms": .duration(lasted)])
    }

    func requestAnswered(code: String?) {
        let label: CommandLabel =
            switch code {
            case nil: .ok
            case "repeated": .repeated
            case let code?: CommandLabel(refusal: code)
            }
        metrics.commands.add(1, label, by: writer)
    }

    func resumed(_ verdict: ResumeVerdict?) {
        let label: ResumeLabel =
            switch verdict {
            case .new, .live: .live
            case .replayed: .replayed
            case .snapshot: .snapshot
            case nil: .refused
            }
        metrics.wsResumes.add(1, label, by: writer)
    }

    func recordAppended(_ outcome: AppendOutcome, took: Duration) {
        let label: CommitLabel =
            switch outcome {
            case .committed: .committed
            case .conflict: .conflict
            case .fenced: .fenced
            case .unavailable: .unavailable
            case .unknown: .unknown
            }
        metrics.commits.add(1, label, by: writer)
        if outcome == .committed { metrics.commitSeconds.record(took, by: writer) }
    }

    func roomOpened(_ room: RoomID) {
        logger.log(.info, .gameEvent, "room_opened", "opened", in: LogContext(roomID: room.description))
    }

    func roomClosed(_ room: RoomID) {
        logger.log(.info, .gameEvent, "room_closed", "closed", in: LogContext(roomID: room.description))
    }

    func roomRestored(_ room: RoomID, records: Int, took: Duration) {
        logger.log(
            .info, .recovery, "room_restored", "read back from the store",
            ["records": .integer(records), "duration_ms": .duration(took)], in: LogContext(roomID: room.description))
    }

    func roomFault(_ room: RoomID, _ message: String) {
        logger.log(.error, .gameEvent, "room_fault", message, in: LogContext(roomID: room.description))
    }
}
