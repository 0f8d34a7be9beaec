import Foundation
import GameServer
import Observability
import WebSocket

/// `gameserver serve`: a server from its configuration until it has drained.
enum ServeCommand {
    static func run(_ configuration: Configuration, opensBrowser: Bool) -> Int32 {
        DescriptorLimit.raise()
        let metrics = Metrics(process: process())
        let logger: Logger
        do { logger = try ServerLog.open(configuration, metrics) } catch { return failed(error) }
        defer { logger.close() }
        let server: Server
        do {
            server = try Server(
                configuration: configuration, games: InstalledPlugins.games, logger: logger, metrics: metrics)
        } catch {
            return failed(error)
        }
        let reopens = ServerLog.reopensAtHangup(configuration.logging)
        Signals.wait(reopening: reopens ? { @Sendable in logger.reopen() } : nil) { name in
            logger.log(.notice, .system, "drain_started", "\(name): drains")
            server.drain()
        }
        let play = address(configuration.server.host, server.port)
        Console.say("Play:  \(play)/")
        Console.say("Look:  \(play)/health (open), \(play)/metrics and \(play)/api/rooms (with the admin token)")
        if let token = server.generatedToken {
            let file = configuration.server.dataDirectory + "/admin-token"
            Console.say("Token: \(token.reveal()) (shown this once, kept in \(file))")
        }
        if opensBrowser { Browser.open(play + "/") }
        Console.say("Ready")
        server.run()
        logger.log(.notice, .system, "stopped", "drained and stopped")
        return Command.ExitCode.fine
    }

    private static func failed(_ error: any Error) -> Int32 {
        Console.complain("gameserver: \(error)")
        return Command.ExitCode.failed
    }

    private static func process() -> Metrics.Process {
        let start = ContinuousClock.now
        return Metrics.Process(version: Version.current, startSeconds: Date().timeIntervalSince1970) {
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            return Double(seconds) + Double(attoseconds) / 1e18
        }
    }

    /// Where a browser on this machine finds the server; a wildcard address is none it could open.
    private static func address(_ host: String, _ port: UInt16) -> String {
        let reachable = ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host
        return "http://\(reachable.contains(":") ? "[\(reachable)]" : reachable):\(port)"
    }
}
