import Foundation
import GameServer

// First of all, so that every thread started later leaves SIGTERM and SIGINT to `Signals.wait`.
Signals.block()
exit(FaultyServer.run(Array(CommandLine.arguments.dropFirst())))

/// The command line of `gameserver serve` for a server that serves nothing but trouble.
enum FaultyServer {
    static func run(_ words: [String]) -> Int32 {
        do {
            let arguments = try Arguments(words)
            guard case .serve = arguments.command else {
                Console.complain("FaultyServer: serve, with the flags of gameserver serve")
                return ExitCode.usage
            }
            let configuration = try arguments.load(environment: ProcessInfo.processInfo.environment).configuration
            return Service(
                games: [InstalledGame(FaultyGame.self)], middleware: [FaultyMiddleware.plugin], probes: [FaultyProbe()]
            ).run(configuration)
        } catch {
            Console.complain("\(error)")
            return ExitCode.usage
        }
    }
}
