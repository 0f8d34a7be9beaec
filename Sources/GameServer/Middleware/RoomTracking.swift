import Observability
import PluginAPI

/// Counts the life of rooms, by game: opened, closed, acted in, faulted, read back.
final class RoomTracking: Middleware {
    let name = "room_tracking"
    let interests: MiddlewareHooks = [.commit, .stall, .recover]

    private let metrics: Observability.Metrics
    /// What every commit counts, at hand.
    private let commits: LabelledCounter<CommitLabel>
    private let eventsAppended, roomActions: PluginCounter<Unlabelled>
    private let log: LogRing
    private let writer: MetricWriter?
    private let board: LoopBoard

    init(_ kit: MiddlewareKit) {
        metrics = kit.metrics
        commits = kit.metrics.commits
        eventsAppended = kit.metrics.eventsAppended
        roomActions = kit.metrics.roomActions
        log = kit.log
        writer = kit.writer
        board = kit.board
    }

    func commit(_ fact: Commit) {
        commits.add(1, CommitLabel(fact.outcome), by: writer)
        guard fact.outcome == .committed else { return board.storeFailed(fact.outcome) }
        let plugin = metrics.pluginIndex(fact.game)
        eventsAppended.add(fact.events, plugin: plugin, by: writer)
        if fact.cause == .act || fact.cause == .bot { roomActions.add(1, plugin: plugin, by: writer) }
        if fact.turn != .none { turned(fact, plugin) }
    }

    private func turned(_ fact: Commit, _ plugin: Int) {
        let context = LogContext(roomID: fact.room.description, roomSequence: fact.sequence)
        switch fact.turn {
        case .none: break
        case .opened:
            metrics.roomsCreated.add(1, plugin: plugin, by: writer)
            log.log(.info, .gameEvent, "room_opened", "opened", ["game": .string(fact.game)], in: context)
        case .started: log.log(.info, .gameEvent, "game_started", "started", in: context)
        case .finished: log.log(.info, .gameEvent, "game_finished", "finished", in: context)
        case .closed(let reason, let age):
            metrics.roomSeconds.record(age, plugin: plugin, by: writer)
            metrics.roomsClosed.add(1, plugin: plugin, RoomEndLabel(reason: reason), by: writer)
            log.log(.info, .gameEvent, "room_closed", "closed: \(reason)", ["reason": .string(reason)], in: context)
        }
    }

    func stall(_ fact: Stall) {
        switch fact {
        case .fault(let room, let game, let kind, let sentence):
            faulted(game, kind)
            log.log(
                .error, .gameEvent, "room_fault", sentence, ["game": .string(game), "fault": .string(kind.rawValue)],
                // The step was undone; what a log is worth that is not the room's is not known yet.
                about: .error(error("fault.\(kind.rawValue)", game, sentence, recovered: kind == .log ? nil : true)),
                in: LogContext(roomID: room.description))
        case .unreadable(let room, let game, let sentence):
            board.unreadable(room)
            log.log(
                .error, .gameEvent, "room_unreadable", sentence,
                about: .error(error("unreadable", game, sentence, recovered: false)),
                in: LogContext(roomID: room.description))
        case .store(let room, _):
            log.log(
                .warning, .gameEvent, "room_held", "commands of the room cannot be stored",
                in: LogContext(roomID: room.description))
        case .silent, .unanswered, .behind: break
        }
    }

    /// Told apart by game and kind: what one game does wrong is no other's fault.
    private func error(_ kind: String, _ game: String, _ sentence: String, recovered: Bool?) -> LogError {
        LogError(type: "room.\(game).\(kind)", message: sentence, recovered: recovered)
    }

    private func faulted(_ game: String, _ kind: Stall.Fault) {
        let plugin = metrics.pluginIndex(game)
        metrics.roomFaults.add(1, plugin: plugin, by: writer)
        switch kind {
        case .exception:
            metrics.pluginExceptions.add(1, plugin: plugin, by: writer)
            board.faulted(game)
        case .invariant:
            metrics.invariantViolations.add(1, plugin: plugin, by: writer)
            board.faulted(game, isViolation: true)
        case .log: break  // no fault of the game
        }
    }

    func recover(_ fact: Recovery) {
        switch fact {
        case .restored(let room, _, let records, let took):
            board.readable(room)
            log.log(
                .info, .recovery, "room_restored", "read back from the store",
                ["records": .integer(records), "took_ms": .duration(took.duration)],
                in: LogContext(roomID: room.description))
        case .store(let room, _):
            log.log(
                .info, .gameEvent, "room_released", "commands of the room are stored again",
                in: LogContext(roomID: room.description))
        case .mended(let room, _, let procedure):
            board.readable(room)
            log.log(
                .notice, .recovery, "room_mended", "mended by \(procedure)", ["procedure": .string(procedure)],
                in: LogContext(roomID: room.description))
        case .vanished(let room, _):
            board.readable(room)
            log.log(
                .warning, .gameEvent, "room_vanished", "is not in the store any more",
                in: LogContext(roomID: room.description))
        case .answered, .snapshot: break
        }
    }
}
