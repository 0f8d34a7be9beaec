import Foundation
import GameServer
import LiapTui

// First of all, so that every thread started later leaves SIGTERM and SIGINT to `Signals.wait`.
Signals.block()
exit(FaultyServer.run(Array(CommandLine.arguments.dropFirst())))

/// The command line of `gameserver serve` for a server that serves trouble.
enum FaultyServer {
    static func run(_ words: [String]) -> Int32 {
        do {
            let arguments = try Arguments(words)
            guard case .serve = arguments.command else {
                Console.complain("FaultyServer: serve, with the flags of gameserver serve")
                return ExitCode.usage
            }
            let environment = ProcessInfo.processInfo.environment
            let configuration = try arguments.load(environment: environment).configuration
            // A sound game beside it, for players who must not notice the trouble.
            let games = [InstalledGame(FaultyGame.self), InstalledGame(LiapTui.self)]
            let service = Service(games: games, middleware: [FaultyMiddleware.plugin], probes: [FaultyProbe()])
            return service.run(configuration, reload: arguments.reload(environment: environment))
        } catch {
            Console.complain("\(error)")
            return ExitCode.usage
        }
    }
}
