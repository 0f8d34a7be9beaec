import Foundation
import Glibc
import Observability
import PluginAPI
import WebSocket

/// What lives on the monitor's thread: health, recovery, and the readings both judge by.
final class MonitorCore {
    let parts: MonitorParts
    let monitor: Monitor
    var health: HealthMonitor
    var recovery: RecoveryEngine
    var resources: ResourceReader
    var usage: ResourceReadings
    var signals: SignalWindow
    /// The store has said that it cannot be written, and not yet that it can.
    var isStoreFailing = false
    /// Orders whose actions have not reported yet, by run.
    var orders: [Int: RecoveryOrder] = [:]
    var renewals: Renewals
    /// Rooms whose log was found changed, and that have not been mended.
    var brokenChains: Set<RoomID> = []
    /// When the last of them was found.
    var chainBrokenAt: MonotonicTime?
    /// Runs of each check that the metric has.
    private var counted: [String: CheckCounts] = [:]
    /// Threads for checks that may block, by check.
    private let probes: [String: ProbeThread]
    /// When the server was started lately, this start included.
    var starts: [PluginAPI.Timestamp] = []
    /// Nil when all that is stored of recovery is known.
    var remembering: Remembering?
    private var nextLook: MonotonicTime
    private var nextReading: MonotonicTime

    var configuration: Configuration { parts.configuration }
    var metrics: Observability.Metrics { parts.metrics }
    var logger: Logger { parts.logger }

    init(_ parts: MonitorParts, monitor: Monitor) {
        self.parts = parts
        self.monitor = monitor
        let now = MonotonicTime.now()
        nextLook = now
        nextReading = now + Self.readingInterval
        let checks = Checks.all(parts)
        health = HealthMonitor(
            checks, at: Self.time(now, parts), randomSeed: .random(in: .min ... .max),
            confirm: .milliseconds(parts.configuration.health.confirmMs))
        recovery = RecoveryEngine(parts.recovery)
        renewals = Renewals(hold: .milliseconds(parts.configuration.recovery.holdMs))
        resources = ResourceReader()
        usage = resources.read(at: Self.time(now, parts))
        signals = SignalWindow(stormFloor: parts.configuration.recovery.stormOpensPerMin)
        probes = Checks.blocking(parts, monitor)
    }

    deinit { for probe in probes.values { probe.stop() } }

    static func time(_ instant: MonotonicTime, _ parts: MonitorParts) -> Duration {
        .nanoseconds(instant.nanoseconds - parts.startedAt.nanoseconds)
    }

    /// On health's and recovery's own time line: since the server started.
    func time(_ instant: MonotonicTime) -> Duration { Self.time(instant, parts) }

    var now: Duration { time(.now()) }

    // MARK: The thread

    func run(_ inbox: Inbox<Monitor.Message>) {
        rememberRuns()
        while let messages = inbox.take(until: deadline) {
            for message in messages { handle(message) }
            followHints()
            look()
            startChecks()
            let changes = health.expire(at: now)
            countRuns()
            note(changes)
            accountForTime()
        }
    }

    private var deadline: MonotonicTime {
        guard let next = health.nextDeadline else { return nextLook }
        return min(nextLook, parts.startedAt + next)
    }

    private func handle(_ message: Monitor.Message) {
        switch message {
        case .store(let news): heard(news)
        case .checked(let id, let reading, let started):
            finish(id, reading, started: started)
        case .acted(let run, let report): finishAction(run, report)
        case .work(let body): body(self)
        }
    }

    /// What a hint is about is looked at as it is now, not as it was at the last look.
    private func followHints() {
        let hints = monitor.takeHints()
        guard !hints.isEmpty else { return }
        for hint in hints { health.hint(Checks.id(of: hint), reason: "reported by the loop", at: now) }
        signals.refresh(parts.loops.map(\.board))
    }

    // MARK: Looking

    /// How far apart the system's own numbers are read: eleven files each time.
    private static let readingInterval = Duration.seconds(1)

    /// A few times a second: the system's own numbers, and what recovery decides by.
    private func look() {
        let instant = MonotonicTime.now()
        guard instant >= nextLook else { return }
        nextLook = instant + .milliseconds(configuration.monitoring.pulseMs)
        rememberAgain(at: time(instant))
        putUpVerdict(at: time(instant))
        parts.board.confirm(at: instant)
        if instant >= nextReading {
            nextReading = instant + Self.readingInterval
            usage = resources.read(at: time(instant))
        }
        signals.look(metrics, boards: parts.loops.map(\.board), at: time(instant))
        for id in Checks.crossed(usage, places: Checks.placesRatio(self), health) {
            health.hint(id, reason: "a threshold was crossed", at: time(instant))
        }
        if parts.loops.contains(where: {
            instant - $0.board.reading.at > .seconds(1) && $0.board.reading.at.nanoseconds > 0
        }) {
            health.hint(StandardChecks.loops, reason: "a loop does not turn", at: time(instant))
        }
        if signals.openRatio > (HealthThresholds.standard.openRatio.enterWarning ?? .infinity) {
            health.hint(StandardChecks.websocket, reason: "many connect at once", at: time(instant))
        }
        decide(at: time(instant))
    }

    // MARK: Checking

    private func startChecks() {
        for id in health.due(at: now) {
            let started = MonotonicTime.now()
            health.started(id, at: time(started))
            if let probe = probes[id] {
                if !probe.run() { finish(id, .failed("the check before has not ended"), started: started) }
            } else if id == StandardChecks.database {
                checkStore(started)
            } else {
                finish(id, Checks.measure(id, self), started: started)
            }
        }
    }

    /// How long a damaged room counts in the store's health after it was found, also when it was mended sooner.
    private static let breakShownFor = Duration.seconds(10)

    private func checkStore(_ started: MonotonicTime) {
        // Many are mended within a second: a level nobody could see would tell nobody.
        let isFresh = chainBrokenAt.map { started - $0 < Self.breakShownFor } ?? false
        let broken = max(corruptRooms.count, isFresh ? 1 : 0)
        let errors = signals.gained { $0.storeErrors }
        parts.store.health { [monitor] health in
            let took = MonotonicTime.now() - started
            monitor.post(
                .checked(
                    id: StandardChecks.database,
                    Checks.reading(of: health, answeredIn: took, brokenRooms: broken, errors: errors),
                    started: started))
        }
    }

    private func finish(_ id: String, _ reading: CheckReading, started: MonotonicTime) {
        let end = MonotonicTime.now()
        if id == StandardChecks.certificate, case .measured(let values) = reading,
            let left = values.first(where: { $0.name == StandardChecks.Value.daysLeft })
        {
            metrics.tlsCertificateExpirySeconds.set((Date().timeIntervalSince1970 + left.value * 86_400).rounded())
        }
        let changes = health.finished(id, reading, took: end - started, at: time(end))
        let component = metrics.componentIndex(health.component(ofCheck: id) ?? id)
        metrics.healthCheckSeconds.record(end - started, component: component)
        note(changes)
        // Intervals and failures change with every check, levels with few.
        if changes.isEmpty { publishLevels() }
    }

    /// Tells the log and the metrics what has changed.
    private func note(_ changes: [LevelChange]) {
        guard !changes.isEmpty else { return }
        // First, so that who reads of a change finds it everywhere.
        publishLevels()
        putUpVerdict(at: now)
        for change in changes {
            // The first verdict after the start is no change anybody needs to hear of.
            let isFirst = change.from == .unknown && change.to == .healthy && now < .seconds(10)
            logger.log(
                isFirst ? .debug : change.to == .critical ? .error : change.to == .healthy ? .notice : .warning,
                .system, "health_changed",
                "\(change.check): \(change.from.name) to \(change.to.name): \(change.reason)",
                [
                    "check": .string(change.check), "component": .string(change.component),
                    "from": .string(change.from.name), "to": .string(change.to.name),
                    "overall": .string(change.overall.name),
                ])
        }
    }

    private func putUpVerdict(at time: Duration) {
        if let level = StatusBoard.level(of: health.overall, at: time) { parts.board.judge(level) }
    }

    private func publishLevels() {
        for component in health.components {
            let index = metrics.componentIndex(component)
            let level = health.level(of: component)
            metrics.healthLevel.set(Double(level.rawValue), component: index)
            metrics.healthState.set(component: index, HealthStateLabel(rawValue: level.rawValue) ?? .unknown)
            metrics.healthFailures.set(Double(health.consecutiveFailures(of: component)), component: index)
            if let interval = health.interval(of: component) {
                metrics.healthInterval.set(Elapsed(interval).seconds, component: index)
            }
        }
    }

    /// Brings the metric in line with what health counts: a run that is over its time has no result to count it by.
    private func countRuns() {
        for (check, component, counts) in health.counts where counts != counted[check] {
            let before = counted.updateValue(counts, forKey: check) ?? CheckCounts()
            let index = metrics.componentIndex(component)
            metrics.healthChecks.add(counts.ok - before.ok, component: index, .ok)
            metrics.healthChecks.add(counts.failed - before.failed, component: index, .failed)
            metrics.healthChecks.add(counts.timeouts - before.timeouts, component: index, .timeout)
        }
    }

    /// What watching costs.
    private func accountForTime() {
        metrics.obsCPUSeconds.raise(to: threadTime(), .monitor)
        metrics.obsDropped.raise(to: monitor.lost, .monitor)
        if let reading = (parts.store as? SQLiteEventStore)?.readerCPUTime {
            metrics.obsCPUSeconds.raise(to: reading, .storeReader)
        }
    }
}
