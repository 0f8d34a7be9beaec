import Foundation
import Observability
import PluginAPI
import WebSocket

/// A server as a process: from its configuration until it has drained. What `gameserver serve` does, and what an
/// executable with games of its own does.
public struct Service {
    public var games: [InstalledGame]
    /// What the games depend on, looked after on threads of their own.
    public var probes: [any HealthProbe]
    /// What stands in the life of connections and rooms behind the server's own.
    public var middleware: [MiddlewarePlugin]

    public init(
        games: [InstalledGame], middleware: [MiddlewarePlugin] = [], probes: [any HealthProbe] = []
    ) {
        self.games = games
        self.middleware = middleware
        self.probes = probes
    }

    /// Serves on the calling thread; `Signals.block` comes first.
    ///
    /// - Parameters:
    ///   - reload: reads the sources of the configuration again, for the check that says what a restart would find;
    ///     without it that check has nothing to say.
    ///   - opened: told the address once it is served.
    /// - Returns: the exit code, once the server has drained or could not start.
    public func run(
        _ configuration: Configuration, reload: (@Sendable () throws(ConfigurationError) -> Configuration)? = nil,
        opened: (String) -> Void = { _ in }
    ) -> Int32 {
        DescriptorLimit.raise()
        HeapPolicy.giveLongBlocksBack()
        let supervisor = Supervisor(environment: ProcessInfo.processInfo.environment)
        let domain: DomainMetrics
        do {
            domain = try DomainMetrics(DomainCounts.descriptions(games: games, middleware: middleware))
        } catch {
            return Self.failed(StartError.plugin("\(error)"))
        }
        let metrics = Observability.Metrics(
            process: Self.process(configuration), plugins: games.map(\.manifest.id), middleware: middleware.map(\.name),
            probes: probes.map(\.id), loops: LoopCount.of(configuration.server), routes: AdminRoutes.labels,
            domain: domain)
        let directory: DataDirectory
        do { directory = try DataDirectory(configuration.server.dataDirectory) } catch { return Self.failed(error) }
        let logger: Logger
        do { logger = try ServerLog.open(configuration, in: directory, metrics) } catch { return Self.failed(error) }
        defer { logger.close() }
        let server: Server
        do {
            server = try Server(
                in: directory, configuration: configuration, inherited: supervisor.sockets, reload: reload,
                games: games, middleware: middleware, probes: probes, logger: logger, metrics: metrics)
        } catch {
            return Self.failed(error)
        }
        let reopens = ServerLog.reopensAtHangup(configuration.logging)
        let served = server.served.text
        let status = "serves \(served)" + (server.securelyServed.map { ", with TLS \($0)" } ?? "")
        let atHangup: @Sendable () -> Void = {
            supervisor.tell(.reloading(since: .now()))
            logger.reopen()
            server.reloadCertificates()
            supervisor.tell(.ready(status: status))
        }
        Signals.wait(reopening: reopens ? atHangup : nil) { name in
            supervisor.tell(.stopping)
            logger.log(.notice, .system, "drain_started", "\(name): drains")
            server.drain()
        }
        let play = Self.address(of: server.served)
        Console.say("Play:  \(play)/")
        if let secure = server.securelyServed { Console.say("TLS:   https://\(ListenAddress(secure.place))/") }
        Console.say("Look:  \(play)/health (open), \(play)/metrics and \(play)/api/rooms (with the admin token)")
        if let token = server.generatedToken {
            let file = configuration.server.dataDirectory + "/admin-token"
            Console.say("Token: \(token.reveal()) (shown this once, kept in \(file))")
        }
        opened(play + "/")
        if server.served.count > 1 { Console.say("Serves \(served)") }
        Console.say("Ready")
        supervisor.tell(.ready(status: status))
        let watchdog = supervisor.watchdogPeriod.map { period in
            Watchdog(period: period, ask: { server.answer($0) }, tell: { supervisor.tell(.alive) })
        }
        server.run()
        watchdog?.stop()
        logger.log(.notice, .system, "stopped", "drained and stopped")
        return ExitCode.fine
    }

    private static func failed(_ error: any Error) -> Int32 {
        Console.complain("gameserver: \(error)")
        return ExitCode.failed
    }

    private static func process(_ configuration: Configuration) -> Observability.Metrics.Process {
        let start = ContinuousClock.now
        return Observability.Metrics.Process(
            version: Version.current, node: configuration.server.node,
            volumes: [("data", configuration.server.dataDirectory)], startSeconds: Date().timeIntervalSince1970
        ) {
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            return Double(seconds) + Double(attoseconds) / 1e18
        }
    }

    /// Where a browser on this machine finds the server.
    private static func address(of served: [ListenAddress]) -> String {
        let port = served.first { if case .port = $0.place { true } else { false } }
        return (port ?? served.first).map { "http://\(ListenAddress($0.place))" } ?? ""
    }
}
