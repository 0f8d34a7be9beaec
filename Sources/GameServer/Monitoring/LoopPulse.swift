import Observability
import PluginAPI
import WebSocket

/// A few times a second: measures how late the loop is, puts up its state for the monitor, and looks after clients that
/// are out of step. Lives on the loop.
final class LoopPulse: LoopFacts {
    private let loop: EventLoop
    /// Its number among the loops.
    private let index: Int
    private let services: LoopServices
    private let sessions: SessionDirectory
    private let rooms: RoomDirectory
    private let board: LoopBoard
    let metrics: Observability.Metrics
    let writer: MetricWriter?
    private let interval: Duration
    private let started: MonotonicTime
    private var planned: MonotonicTime
    /// As far as the instruments know.
    private var traffic = Traffic()
    private var counted = TransportCounters()
    /// Processor time of the loop's thread at the last beat.
    private var worked = Duration.zero
    /// What is true of one loop at a time, and adds up over all.
    private enum Level: Hashable {
        case rooms(plugin: Int, RoomStateLabel)
        case players(plugin: Int, PlayerKindLabel)
        case awake, pending, unsent
    }

    /// As far as the instruments know.
    private var levels: [Level: Int] = [:]

    init(
        loop: EventLoop, services: LoopServices, sessions: SessionDirectory, rooms: RoomDirectory, board: LoopBoard,
        metrics: Observability.Metrics, writer: MetricWriter?
    ) {
        self.loop = loop
        index = services.neighbours.index
        self.services = services
        self.sessions = sessions
        self.rooms = rooms
        self.board = board
        self.metrics = metrics
        self.writer = writer
        interval = .milliseconds(services.configuration.monitoring.pulseMs)
        started = loop.now
        planned = loop.now
    }

    var uptime: Duration { MonotonicTime.now() - started }
    var counters: TransportCounters { loop.counters }

    func start() {
        // What there is can be seen before the first beat.
        board.put(reading(at: MonotonicTime.now(), lag: .zero))
        plan()
    }

    private func plan() {
        planned = loop.now + interval
        loop.schedule(at: planned) { [unowned self] in beat() }
    }

    private func beat() {
        let now = MonotonicTime.now()
        let lag = max(now - planned, .zero)
        metrics.loopLagSeconds.record(lag, loop: index, by: writer)
        let worked = threadTime()
        metrics.loopBusySeconds.add(worked - self.worked, loop: index, by: writer)
        self.worked = worked
        publish()
        findStragglers(at: now)
        board.put(reading(at: now, lag: lag))
        plan()
    }

    private func reading(at now: MonotonicTime, lag: Duration) -> LoopBoard.Reading {
        var reading = LoopBoard.Reading()
        reading.at = now
        reading.lag = lag
        reading.sessions = sessions.count
        reading.connections = loop.counters.open
        for session in services.backlogged.sessions {
            reading.pendingMessages += session.pendingMessages(at: now)
            reading.unsentBytes += session.unsentBytes
        }
        services.asked.keep { $0.isAsked }
        let behind = services.behind.current().filter { $0.isOutOfStep(at: now) }
        reading.worstGap = behind.compactMap(\.gap).max() ?? 0
        reading.gaps = behind.map { (client: $0.session.number, gap: $0.gap ?? 0) }
        reading.middleware = services.middleware.list
        reading.rooms = rooms.openRooms
        if let trial = services.trial {
            reading.trial = (trial.run, trial.cohorts(sessions, at: now))
            if now >= trial.until { services.trial = nil }
        }
        if !behind.isEmpty || reading.pendingMessages > 0 { board.watch(.websocket) }
        return reading
    }

    private func findStragglers(at now: MonotonicTime) {
        for member in services.behind.current() where member.isOutOfStep(at: now) && !member.isReportedBehind {
            member.isReportedBehind = true
            services.middleware.stall(
                .behind(member.session.client, member.room.id, game: member.room.state.game, by: member.gap ?? 0))
        }
    }

    private func publishRefusals(_ new: TransportCounters) {
        for (label, count) in [
            (RejectionLabel.limit, \TransportCounters.refusedFull), (.rate, \.refusedTooFast),
            (.addressLimit, \.refusedOfAddress), (.addressRate, \.refusedOfAddressTooFast),
            (.descriptors, \.refusedForDescriptors), (.proxyHeader, \.proxyHeadersRefused),
        ] {
            metrics.wsConnectionsRejected.add(new[keyPath: count] - counted[keyPath: count], label, by: writer)
        }
        metrics.transportTimeouts.add(new.timedOut - counted.timedOut, by: writer)
    }

    /// Brings the instruments in line with what the loop counts for itself. Before a scrape, too.
    func publish() {
        let new = traffic.grow(to: services.traffic)
        metrics.messages.add(new.messagesIn, .in, by: writer)
        metrics.messages.add(new.messagesOut, .out, by: writer)
        metrics.messageBytes.add(new.bytesIn, .in, by: writer)
        metrics.messageBytes.add(new.bytesOut, .out, by: writer)
        let counters = loop.counters
        let wire = board.tests.settle(
            bytesIn: counters.bytesIn - counted.bytesIn, bytesOut: counters.bytesOut - counted.bytesOut)
        metrics.transportBytes.add(wire.in, .in, by: writer)
        metrics.transportBytes.add(wire.out, .out, by: writer)
        metrics.loopConnections.set(Double(sessions.count), loop: index)
        publishRefusals(counters)
        publish(counters.compression, since: counted.compression)
        publish(counters.tls, since: counted.tls)
        counted = counters
        for (game, tally) in rooms.tallies {
            let plugin = metrics.pluginIndex(game)
            publishRooms(tally.rooms[.waiting, default: 0], plugin, .waiting)
            publishRooms(tally.rooms[.playing, default: 0], plugin, .playing)
            publishRooms(tally.rooms[.finished, default: 0], plugin, .finished)
            publishPlayers(tally.humans, plugin, .human)
            publishPlayers(tally.bots, plugin, .bot)
        }
        let reading = board.reading
        publish(rooms.awakeRooms, .awake, metrics.roomsAwake)
        publish(reading.pendingMessages, .pending, metrics.pendingMessages)
        publish(reading.unsentBytes, .unsent, metrics.sendQueueBytes)
    }

    // Each loop adds what has changed with it; setting nothing makes the series appear.

    private func publish(_ value: Int, _ level: Level, _ gauge: Gauge) {
        gauge.set(0)
        gauge.add(change(of: level, to: value), by: writer)
    }

    private func publishRooms(_ value: Int, _ plugin: Int, _ label: RoomStateLabel) {
        metrics.rooms.set(0, plugin: plugin, label)
        metrics.rooms.add(change(of: .rooms(plugin: plugin, label), to: value), plugin: plugin, label, by: writer)
    }

    private func publishPlayers(_ value: Int, _ plugin: Int, _ label: PlayerKindLabel) {
        metrics.roomPlayers.set(0, plugin: plugin, label)
        metrics.roomPlayers.add(
            change(of: .players(plugin: plugin, label), to: value), plugin: plugin, label, by: writer)
    }

    private func change(of level: Level, to value: Int) -> Int {
        value - (levels.updateValue(value, forKey: level) ?? 0)
    }

    private func publish(_ now: CompressionCounters, since before: CompressionCounters) {
        metrics.compressedMessages.add(now.messagesIn - before.messagesIn, .in, by: writer)
        metrics.compressedMessages.add(now.messagesOut - before.messagesOut, .out, by: writer)
        metrics.compressedPlainBytes.add(now.inflatedBytesIn - before.inflatedBytesIn, .in, by: writer)
        metrics.compressedPlainBytes.add(now.inflatedBytesOut - before.inflatedBytesOut, .out, by: writer)
        metrics.compressedWireBytes.add(now.deflatedBytesIn - before.deflatedBytesIn, .in, by: writer)
        metrics.compressedWireBytes.add(now.deflatedBytesOut - before.deflatedBytesOut, .out, by: writer)
        metrics.compressions.add(now.deflations - before.deflations, by: writer)
        metrics.compressionMemoryBytes.add(now.memoryBytes - before.memoryBytes, by: writer)
    }
}
