import Observability
import WebSocket

/// Makes numbers and log lines of what rooms and sessions report. Lives on the loop.
final class ServerFacts: ServerObserver, LoopFacts {
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
    var counters: TransportCounters { loop.counters }
    /// Whose rooms are counted; set once there are any.
    weak var rooms: RoomDirectory?

    func publish() {
        let counters = loop.counters
        metrics.messagesReceived.add(counters.messagesIn - counted.messagesIn, by: writer)
        metrics.messagesSent.add(counters.messagesOut - counted.messagesOut, by: writer)
        metrics.receivedBytes.add(counters.bytesIn - counted.bytesIn, by: writer)
        metrics.sentBytes.add(counters.bytesOut - counted.bytesOut, by: writer)
        counted = counters
        for (label, status) in [
            (RoomStateLabel.waiting, RoomSummary.Status.waiting), (.playing, .playing), (.finished, .finished),
        ] {
            let count = rooms?.count(in: status) ?? 0
            metrics.rooms.add(count - roomsCounted[label, default: 0], label, by: writer)
            roomsCounted[label] = count
        }
    }

    func sessionOpened() {
        metrics.connections.add(1, by: writer)
        metrics.connectionsOpened.add(1, by: writer)
    }

    func sessionClosed(code: UInt16, lasted: Duration) {
        metrics.connections.add(-1, by: writer)
        metrics.connectionsClosed.add(1, CloseLabel(code: code), by: writer)
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
        metrics.resumes.add(1, label, by: writer)
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
