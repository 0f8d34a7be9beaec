import Foundation
import Observability
import PluginAPI
import WebSocket

/// A game server: a data directory, a store, event loops and the games it serves.
public final class Server: Sendable {
    /// Where clients of this machine reach it, without TLS.
    public let served: [ListenAddress]
    /// Where they reach it with TLS; nil for nowhere.
    public let securelyServed: ListenAddress?
    /// The port that is served, also when 0 was asked for; 0 when only Unix-domain sockets are.
    public var port: UInt16 { served.port }
    /// The admin token, if this start made it; the operator has to be told once.
    public let generatedToken: Secret?
    private let directory: DataDirectory
    private let store: SQLiteEventStore
    private let loops: LoopThreads
    private let desk = DeskThreads()
    private let monitor: Monitor
    private let certificates: ServerCertificates?

    /// Reads which rooms there are, and begins to serve.
    ///
    /// - Parameters:
    ///   - directory: kept for as long as the server is.
    ///   - inherited: sockets that listen already, served in place of `server.host` and `tls.host`.
    /// - Throws: `StartError`; nothing is left running.
    public init(
        in directory: DataDirectory, configuration: Configuration, inherited: Supervisor.Sockets = .init(),
        reload: (@Sendable () throws(ConfigurationError) -> Configuration)? = nil,
        games: [InstalledGame], middleware: [MiddlewarePlugin] = [],
        probes: [any HealthProbe] = [], logger: Logger, metrics: Observability.Metrics
    ) throws(StartError) {
        let games = InstalledGames(games)
        let fault = games.fault ?? Self.fault(of: probes) ?? middleware.lazy.compactMap(\.fault).first
        if let fault { throw .plugin(fault) }
        self.directory = directory
        let recovery: RecoverySettings
        do { recovery = try RecoverySettings(configuration.recovery) } catch { throw .configuration("\(error)") }
        let doorkeeper: Doorkeeper
        do throws(AddressList.NoAddress) {
            doorkeeper = Doorkeeper(
                WebSocket.Limits(configuration), proxies: try AddressList(configuration.http.trustedProxies),
                uncounted: try AddressList(configuration.http.uncountedAddresses))
        } catch {
            throw .configuration("http.trusted_proxies or http.uncounted_addresses: \(error)")
        }
        let certificates: ServerCertificates?
        do { certificates = try ServerCertificates(configuration.tls, logger, metrics) } catch { throw .tls(error) }
        self.certificates = certificates
        let monitor: Monitor
        do { monitor = try Monitor() } catch { throw .loop(error) }
        self.monitor = monitor
        // What an earlier run left says nothing of this one.
        for file in ["port", "tls-port"] { unlink(directory.path + "/" + file) }
        do {
            store = try SQLiteEventStore(
                in: directory, options: SQLiteOptions(configuration),
                observer: StoreLog(logger, metrics) { monitor.post(.store($0)) })
            metrics.watch(store)
        } catch {
            throw .store(error)
        }
        let token: AdminToken
        let tokens: AdminTokens
        do {
            token = try AdminToken(configured: configuration.admin.token, dataDirectory: directory.path)
            tokens = try AdminTokens(
                administrator: token.secret, operator: configuration.admin.operatorToken,
                viewer: configuration.admin.viewerToken)
        } catch {
            store.close()
            throw .adminToken(error)
        }
        generatedToken = token.isNew ? token.secret : nil
        do {
            var luck = Luck.system
            let files = try StaticFiles(configuration.http.resourcesDirectory)
            let board = StatusBoard()
            let sources = ServerSources(
                store: store, metrics: metrics, logger: logger, monitor: monitor, board: board,
                configuration: configuration, certificates: certificates)
            let operators = Operators(
                tokens: tokens, addresses: ClientAddresses(trusting: doorkeeper.proxies),
                desk: OperatorDesk(sources: sources, games: games, threads: desk, logger: logger), sources: sources,
                board: board, access: SharedAccess(configuration))
            let tests = TestTraffic()
            let selfTestKey = SeatSecret(using: &luck).text
            let placement = Placement(loops: LoopCount.of(configuration.server))
            let rooms = try Self.rooms(of: store, configuration)
            let addresses = configuration.listenAddresses(inherited: inherited.plain)
            let secureAddresses = configuration.secureAddresses(inherited: inherited.secure)
            let shared = GameLoop.SharedCeilings()
            let loops = LoopThreads(count: placement.loops)
            let tls = certificates?.context
            let reached = try loops.start { [store] index in
                GameLoop.Plan(
                    index: index, placement: placement, configuration: configuration, tls: tls, games: games,
                    store: store, operators: operators, files: files, rooms: rooms, logger: logger, metrics: metrics,
                    middleware: middleware, board: LoopBoard(tests: tests) { monitor.hint($0) },
                    doorkeeper: doorkeeper, addresses: addresses, secureAddresses: secureAddresses,
                    selfTestKey: selfTestKey, shared: shared,
                    settled: { loops.settled() }, drained: { loops.drained() })
            }
            served = reached.plain
            securelyServed = reached.secure
            self.loops = loops
            metrics.wsConnectionsLimit.set(
                Double(DescriptorLimit.connections(wanted: configuration.http.maxConnections)))
            metrics.announce(
                games.all.map { .init(name: $0.manifest.id, version: String($0.manifest.version), state: "enabled") })
            desk.start()
            let test =
                configuration.health.selfTest
                ? reached.plain.first.map { SelfTest(key: selfTestKey, server: $0, tests: tests) } : nil
            let parts = MonitorParts(
                configuration: configuration, recovery: recovery,
                drift: reload.map { ConfigurationDrift(running: configuration, reload: $0) }, metrics: metrics,
                logger: logger, store: store, games: games.all.map(\.manifest.id),
                middleware: middleware.map(\.name), probes: probes,
                loops: loops.handles, selfTest: test, certificates: certificates, board: board,
                startedAt: loops.startedAt)
            if configuration.monitoring.isEnabled { monitor.start(parts) }
        } catch {
            monitor.stop()
            store.close()
            throw error
        }
        do {
            try write(port, to: "port")
            if let securelyServed { try write([securelyServed].port, to: "tls-port") }
        } catch {
            drain()
            run()
            throw error
        }
    }

    /// Returns when the server has drained.
    public func run() {
        loops.wait()
        monitor.stop()
        desk.close()
        store.close()
    }

    /// Calls back when every event loop has answered, from the thread of the last. Any thread may ask.
    func answer(_ reply: @escaping @Sendable () -> Void) {
        loops.answer(reply)
    }

    /// Asks everybody to come back later, finishes what is being committed, and ends. Any thread may call it.
    public func drain() {
        loops.drain()
    }

    /// Reads the certificates again; what came of it is logged. Open connections stay as they are. Any thread may call
    /// it.
    public func reloadCertificates() {
        guard let certificates else { return }
        do throws(TLSError) { try certificates.reload(by: "SIGHUP") } catch {
            // It is logged where it is known; there is nobody else to tell.
            return
        }
    }

    /// One sentence when a probe breaks a rule or two share an id, nil when all are sound.
    static func fault(of probes: [any HealthProbe]) -> String? {
        var ids: Set<String> = []
        for probe in probes {
            if let fault = probe.fault { return fault }
            guard ids.insert(probe.id).inserted else { return "two probes are called `\(probe.id)`" }
        }
        return nil
    }

    private func write(_ port: UInt16, to file: String) throws(StartError) {
        let path = directory.path + "/" + file
        do {
            try Data("\(port)\n".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } catch {
            throw .portFile(path: path, reason: error.localizedDescription)
        }
    }

    private static func rooms(
        of store: SQLiteEventStore, _ configuration: Configuration
    ) throws(StartError) -> [RoomSummary] {
        let answer = Latch<DirectoryOutcome>()
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let since = now - Int64(configuration.rooms.goneMs)
        store.directory(closedAfter: .init(unixMilliseconds: since)) { answer.open($0) }
        guard case .rooms(let rooms) = answer.wait() else {
            throw .directory(path: configuration.server.dataDirectory)
        }
        return rooms
    }
}
