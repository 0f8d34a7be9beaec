import Foundation
import GameServer
import Observability

/// The command line from its words to its exit code.
enum Command {
    static func run(_ words: [String]) -> Int32 {
        do {
            let arguments = try Arguments(words)
            let environment = ProcessInfo.processInfo.environment
            switch arguments.command {
            case .help: Console.say(Arguments.usage)
            case .version: Console.say("gameserver \(Version.current)")
            case .metrics(.rules): Console.say(PrometheusRules.text(), terminator: "")
            case .metrics(.docs): Console.say(MetricsReference.text(), terminator: "")
            case .metrics(.bands): Console.say(MetricBands.text(), terminator: "")
            case .configCheck:
                _ = try arguments.load(environment: environment)
                Console.say("configuration: fine")
            case .configPrint: Console.say(try arguments.load(environment: environment).printed(), terminator: "")
            case .echo:
                let configuration = try arguments.load(environment: environment).configuration
                return EchoCommand.run(configuration, compresses: arguments.compresses)
            case .serve:
                let configuration = try arguments.load(environment: environment).configuration
                let service = Service(games: InstalledPlugins.games)
                return service.run(configuration, reload: arguments.reload(environment: environment)) { address in
                    if arguments.opensBrowser { Browser.open(address) }
                }
            }
            return ExitCode.fine
        } catch {
            // Both errors of this block, usage and configuration, are one sentence each.
            Console.complain("\(error)")
            return ExitCode.usage
        }
    }
}
