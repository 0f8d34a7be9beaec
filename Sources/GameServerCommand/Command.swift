import Foundation
import GameServer

/// The command line from its words to its exit code.
enum Command {
    /// What the process ends with.
    enum ExitCode { static let fine: Int32 = 0, failed: Int32 = 1, usage: Int32 = 2 }

    static func run(_ words: [String]) -> Int32 {
        do {
            let arguments = try Arguments(words)
            let environment = ProcessInfo.processInfo.environment
            switch arguments.command {
            case .help: Console.say(Arguments.usage)
            case .version: Console.say("gameserver \(Version.current)")
            case .configCheck:
                _ = try arguments.load(environment: environment)
                Console.say("configuration: fine")
            case .configPrint: Console.say(try arguments.load(environment: environment).printed(), terminator: "")
            case .echo: return EchoCommand.run(try arguments.load(environment: environment).configuration.server)
            case .serve:
                let configuration = try arguments.load(environment: environment).configuration
                return ServeCommand.run(configuration, opensBrowser: arguments.opensBrowser)
            }
            return ExitCode.fine
        } catch {
            // Both errors of this block, usage and configuration, are one sentence each.
            Console.complain("\(error)")
            return ExitCode.usage
        }
    }
}
