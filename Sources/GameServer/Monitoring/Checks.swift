import Glibc
import Observability
import PluginAPI
import WebSocket

/// How each check of the server is measured. What they are judged by stands in `StandardChecks`.
enum Checks {
    /// All checks of this server: the standard ones, and what plugins look after.
    static func all(_ parts: MonitorParts) -> [HealthCheck] {
        let configuration = parts.configuration.health
        let base = configuration.intervalMs
        // The interval that is set wins over bounds that do not hold it.
        let bounds = IntervalBounds(
            base: .milliseconds(base), floor: .milliseconds(min(base, configuration.floorMs)),
            ceiling: .milliseconds(max(base, configuration.ceilingMs)))
        var checks = StandardChecks.all(
            bounds: bounds, plugins: parts.games,
            hasCertificate: !configuration.certificateFile.isEmpty || parts.certificates != nil)
        if parts.selfTest == nil { checks.removeAll { $0.id == StandardChecks.selfTest } }
        if parts.drift == nil { checks.removeAll { $0.id == StandardChecks.configuration } }
        return checks
            + parts.probes.map { probe in
                HealthCheck(
                    id: "probe:\(probe.id)", component: "probe:\(probe.id)", isCritical: probe.isCritical,
                    bounds: IntervalBounds(
                        base: probe.interval, floor: min(probe.interval, bounds.floor),
                        ceiling: max(probe.interval, bounds.ceiling)),
                    timeout: probe.timeout, agreement: .hard)
            }
    }

    /// Threads for those that may block.
    static func blocking(_ parts: MonitorParts, _ monitor: Monitor) -> [String: ProbeThread] {
        var measures: [(id: String, name: String, measure: @Sendable () -> CheckReading)] = []
        let directory = parts.configuration.server.dataDirectory
        measures.append((StandardChecks.disk, "check-disk", { disk(directory) }))
        if let test = parts.selfTest { measures.append((StandardChecks.selfTest, "check-self", { test.run() })) }
        if let drift = parts.drift {
            measures.append((StandardChecks.configuration, "check-config", { reading(of: drift.problems) }))
        }
        let watch = CertificateWatch(
            file: parts.configuration.health.certificateFile, shown: parts.certificates?.context)
        if watch.hasSubject { measures.append((StandardChecks.certificate, "check-cert", { watch.reading() })) }
        for probe in parts.probes {
            measures.append(("probe:\(probe.id)", "probe-\(probe.id)", { reading(of: probe) }))
        }
        var threads: [String: ProbeThread] = [:]
        for (id, name, measure) in measures {
            do throws(SystemError) {
                threads[id] = try ProbeThread(id, name: String(name.prefix(15)), monitor: monitor, measure: measure)
            } catch {
                parts.logger.log(.error, .system, "check_unavailable", "\(id) cannot be checked: \(error)")
            }
        }
        return threads
    }

    /// The check a loop's hint is about.
    static func id(of hint: LoopBoard.Hint) -> String {
        switch hint {
        case .store, .rooms: StandardChecks.database
        case .game(let game): StandardChecks.game(game)
        case .websocket: StandardChecks.websocket
        }
    }

    /// Checks whose reading has just crossed the threshold into a worse level than theirs.
    static func crossed(_ usage: ResourceReadings, places: Double, _ health: HealthMonitor) -> [String] {
        let bands = HealthThresholds.standard
        var crossed: [String] = []
        func look(_ id: String, _ value: Double?, _ band: HealthBand) {
            guard let value, band.entered(value).rawValue > health.level(ofCheck: id).rawValue else { return }
            crossed.append(id)
        }
        look(StandardChecks.cpu, usage.cpuRatio, bands.cpu)
        look(StandardChecks.memory, usage.memoryRatio, bands.memory)
        look(StandardChecks.websocket, places, bands.connections)
        return crossed
    }

    // MARK: Measured on the monitor's own thread

    static func measure(_ id: String, _ core: MonitorCore) -> CheckReading {
        typealias Value = StandardChecks.Value
        switch id {
        case StandardChecks.cpu: return cpu(core.usage)
        case StandardChecks.memory: return memory(core.usage)
        case StandardChecks.websocket: return websocket(core)
        case StandardChecks.latency: return latency(core.signals)
        case StandardChecks.loops: return loops(core)
        case StandardChecks.rateLimiter:
            return .measured(
                core.signals.refusedRatio.map { [Measurement(Value.refused, $0, unit: "ratio")] } ?? [])
        case StandardChecks.logging:
            let dropped = core.signals.gained { $0.logDropped }
            return .measured([Measurement(Value.dropped, Double(dropped))])
        default:
            guard let game = core.parts.games.first(where: { StandardChecks.game($0) == id }) else {
                return .failed("nothing measures \(id)")
            }
            return .measured([
                Measurement(Value.faults, Double(core.signals.faultsPerMinute(of: game))),
                Measurement(Value.violations, Double(core.signals.violationsPerMinute(of: game))),
            ])
        }
    }

    private static func cpu(_ usage: ResourceReadings) -> CheckReading {
        guard let ratio = usage.cpuRatio else { return .measured([]) }
        return .measured([Measurement(StandardChecks.Value.cpu, ratio, unit: "ratio")])
    }

    private static func memory(_ usage: ResourceReadings) -> CheckReading {
        guard let ratio = usage.memoryRatio else { return .failed("the system does not say how much memory is used") }
        var values = [Measurement(StandardChecks.Value.memory, ratio, unit: "ratio")]
        if let available = usage.memoryAvailableBytes {
            values.append(Measurement(StandardChecks.Value.memoryAvailable, Double(available), unit: "bytes"))
        }
        return .measured(values)
    }

    private static func websocket(_ core: MonitorCore) -> CheckReading {
        typealias Value = StandardChecks.Value
        let signals = core.signals
        let sessions = signals.loops.reduce(0) { $0 + $1.sessions }
        let pending = signals.loops.reduce(0) { $0 + $1.pendingMessages }
        var values = [
            Measurement(Value.connections, Double(sessions)),
            Measurement(Value.connectionsRatio, placesRatio(core), unit: "ratio"),
            Measurement(Value.pending, Double(pending)),
            Measurement(Value.openRatio, signals.openRatio),
        ]
        if let ratio = signals.deliveryRatio { values.append(Measurement(Value.deliveryRatio, ratio, unit: "ratio")) }
        if let ratio = signals.failureRatio { values.append(Measurement(Value.failureRatio, ratio, unit: "ratio")) }
        if let ratio = signals.errorRatio { values.append(Measurement(Value.errorRatio, ratio, unit: "ratio")) }
        return .measured(values)
    }

    /// How many of the places for connections are taken.
    static func placesRatio(_ core: MonitorCore) -> Double {
        let taken = core.signals.loops.reduce(0) { $0 + $1.connections }
        let limit = DescriptorLimit.connections(wanted: core.configuration.http.maxConnections)
        return Double(taken) / Double(max(1, limit))
    }

    private static func latency(_ signals: SignalWindow) -> CheckReading {
        typealias Value = StandardChecks.Value
        var values: [Measurement] = []
        func add(_ name: String, _ seconds: Double?) {
            if let seconds { values.append(Measurement(name, seconds, unit: "seconds")) }
        }
        add(Value.handling, signals.recent { $0.handling }?.quantile(0.95))
        add(Value.roundTrip, signals.recent { $0.roundTrips }?.quantile(0.95))
        let http = signals.recent { $0.http }
        add(Value.http, http?.quantile(0.95))
        add(Value.httpSlowest, http?.quantile(0.99))
        return .measured(values)
    }

    private static func loops(_ core: MonitorCore) -> CheckReading {
        let now = MonotonicTime.now()
        let pulse = Duration.milliseconds(core.configuration.monitoring.pulseMs)
        let stills = core.parts.loops.map { loop -> Duration in
            let last = loop.board.reading.at
            return last.nanoseconds == 0 ? .zero : max(now - last - pulse, .zero)
        }
        var values = [
            Measurement(
                StandardChecks.Value.still, stills.map { Elapsed($0).seconds }.max() ?? 0, unit: "seconds")
        ]
        if let lag = core.signals.recent({ $0.lag })?.quantile(0.99) {
            values.append(Measurement(StandardChecks.Value.lag, lag, unit: "seconds"))
        }
        return .measured(values)
    }

    // MARK: Measured elsewhere

    private static func disk(_ path: String) -> CheckReading {
        var found = statvfs()
        guard statvfs(path, &found) == 0 else { return .failed("\(path): \(String(cString: strerror(errno)))") }
        let size = Double(found.f_blocks) * Double(found.f_frsize)
        let free = Double(found.f_bavail) * Double(found.f_frsize)
        guard size > 0 else { return .failed("\(path) has no size") }
        // Of what the server may use: blocks kept for the superuser are not free.
        let used = Double(found.f_blocks - found.f_bfree) * Double(found.f_frsize)
        return .measured([
            Measurement(StandardChecks.Value.disk, used / max(1, used + free), unit: "ratio"),
            Measurement(StandardChecks.Value.diskFree, free, unit: "bytes"),
        ])
    }

    private static func reading(of problems: [String]) -> CheckReading {
        .measured([Measurement(StandardChecks.Value.problems, Double(problems.count), message: problems.first)])
    }

    /// How long ago a commit may be to say something of now.
    private static let recent = Duration.seconds(30)

    /// - Parameters:
    ///   - brokenRooms: rooms whose log is damaged, or that cannot be read, and that have not been mended.
    ///   - errors: operations of the store that failed in the last minute.
    static func reading(
        of store: StoreHealth, answeredIn took: Duration, brokenRooms: Int, errors: Int
    ) -> CheckReading {
        typealias Value = StandardChecks.Value
        let isReachable = store.isReachable && store.file == .same
        let why =
            store.file != .same
            ? "the database under its path is \(store.file.rawValue)"
            : "it cannot write: \(store.trouble?.rawValue ?? "nothing could be begun")"
        let isRecent = store.lastCommitAge.map { $0 <= recent } ?? false
        let last = isRecent ? store.lastCommit : nil
        let response = max(took, last ?? .zero, store.busyFor ?? .zero)
        return .measured([
            Measurement(Value.reachable, isReachable ? 1 : 0, message: isReachable ? nil : why),
            Measurement(Value.response, Elapsed(response).seconds, unit: "seconds"),
            Measurement(Value.wal, Double(store.walPages * 4096), unit: "bytes"),
            Measurement(Value.errors, Double(errors)),
            Measurement(Value.chainBreaks, Double(brokenRooms)),
        ])
    }

    private static func reading(of probe: any HealthProbe) -> CheckReading {
        do {
            let seen = try probe.measure()
            let level: HealthLevel =
                switch seen.level {
                case .healthy: .healthy
                case .warning: .warning
                case .critical: .critical
                }
            return .judged(
                level, seen.message, seen.measurements.map { Measurement($0.name, $0.value, unit: $0.unit) })
        } catch {
            return .failed("the probe threw \(type(of: error))")
        }
    }
}
