/// A command line, understood: what to do and with which settings.
public struct Arguments: Sendable, Equatable {
    public enum Command: Sendable, Equatable {
        case serve, echo, configCheck, configPrint, version
        /// Prints what follows from the catalogue of metrics.
        case metrics(MetricsText)
        case help
    }

    /// A text made from the catalogue of metrics.
    public enum MetricsText: String, Sendable, CaseIterable { case rules, docs, bands }

    public var command: Command
    public var configurationFile: String?
    /// Flags that set a key of the configuration, in the order given.
    public var settings: [Setting] = []
    /// Whether `serve` opens a browser on the play page.
    public var opensBrowser = false
    /// Whether `echo` compresses.
    public var compresses = false

    public struct Setting: Sendable, Equatable {
        public var flag: String
        public var value: String
    }

    /// The settings on top of file and environment.
    ///
    /// - Throws: `ConfigurationError` with the sentence to print.
    public func load(environment: [String: String]) throws(ConfigurationError) -> ConfigurationLoader {
        try ConfigurationLoader(
            file: configurationFile, environment: environment, flags: settings.map { ($0.flag, $0.value) })
    }

    /// Reads the same sources again, as a restart would.
    public func reload(
        environment: [String: String]
    ) -> @Sendable () throws(ConfigurationError) -> Configuration {
        { () throws(ConfigurationError) in try load(environment: environment).configuration }
    }

    /// - Parameter words: the command line without the program's name.
    /// - Throws: `UsageError` with the text to print.
    public init(_ words: [String]) throws(UsageError) {
        var words = words[...]
        guard let name = words.popFirst() else { throw .noCommand }
        switch name {
        case "serve": command = .serve
        case "echo": command = .echo
        case "config":
            switch words.popFirst() {
            case "check": command = .configCheck
            case "print": command = .configPrint
            case "--help", "-h": command = .help
            case let other?: throw .unknownCommand("config \(other)", hint: "config check or config print")
            case nil: throw .unknownCommand("config", hint: "config check or config print")
            }
        case "metrics":
            let texts = MetricsText.allCases.map { "metrics \($0.rawValue)" }.joined(separator: ", ")
            switch words.popFirst() {
            case "--help", "-h": command = .help
            case let name?:
                guard let text = MetricsText(rawValue: name) else {
                    throw .unknownCommand("metrics \(name)", hint: texts)
                }
                command = .metrics(text)
            case nil: throw .unknownCommand("metrics", hint: texts)
            }
        case "version", "--version": command = .version
        case "help", "--help", "-h": command = .help
        default:
            let hint = Suggestion.nearest(to: name, among: ["serve", "echo", "config", "metrics", "version", "help"])
            throw .unknownCommand(name, hint: hint)
        }
        while let word = words.popFirst() {
            if word == "--help" || word == "-h" {
                command = .help
                return
            }
            try take(word, &words)
        }
    }

    private mutating func take(_ word: String, _ words: inout ArraySlice<String>) throws(UsageError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let flag = parts.first.map(String.init) ?? word
        let inline = parts.count == 2 ? String(parts[1]) : nil
        guard let takesValue = flags[flag] else {
            throw .unknownFlag(flag, command: commandName, hint: Suggestion.nearest(to: flag, among: flags.keys))
        }
        guard takesValue else {
            guard inline == nil else { throw .surplusValue(flag) }
            switch flag {
            case "--open": opensBrowser = true
            case "--compression": compresses = true
            default: settings.append(Setting(flag: flag, value: "true"))
            }
            return
        }
        guard let value = inline ?? words.popFirst() else { throw .missingValue(flag) }
        if flag == "--config" {
            configurationFile = value
        } else {
            settings.append(Setting(flag: flag, value: value))
        }
    }

    private var commandName: String {
        switch command {
        case .serve: "serve"
        case .echo: "echo"
        case .configCheck: "config check"
        case .configPrint: "config print"
        case .metrics(let text): "metrics \(text.rawValue)"
        case .version: "version"
        case .help: "help"
        }
    }

    /// The flags of the command, each with whether a value follows it.
    private var flags: [String: Bool] {
        switch command {
        case .echo:
            return [
                "--host": true, "--port": true, "--loops": true, "--compression": false, "--tls-cert": true,
                "--tls-key": true, "--tls-port": true,
            ]
        case .version, .help, .metrics: return [:]
        case .serve, .configCheck, .configPrint:
            var flags = ["--config": true]
            for key in ConfigurationKey.all {
                if let flag = key.flag { flags[flag] = key.kind != .boolean }
            }
            if command == .serve { flags["--open"] = false }
            return flags
        }
    }

    public static let usage = """
        usage: gameserver serve [--host ADDRESS] [--port N] [--data FOLDER] [--config FILE] [--loops N]
                                [--durability power|process] [--admin-token TOKEN] [--allow-seeds]
                                [--tls-cert FILE --tls-key FILE] [--tls-port N] [--log-level LEVEL] [--open]
               gameserver echo [--host ADDRESS] [--port N] [--loops N] [--compression]
                               [--tls-cert FILE --tls-key FILE] [--tls-port N]
               gameserver config check|print [the flags of serve]
               gameserver metrics rules|docs|bands
               gameserver version

        serve         serves games until SIGTERM or SIGINT; prints `Ready` when it does
        echo          the bare WebSocket engine: `/` echoes, `/fanout` sends to all others on that path,
                      `/takeover` echoes with compression that keeps its contexts
        metrics       prints alert rules for Prometheus, the reference of all metrics, or the bands of health
        config check  says whether the configuration is right; config print shows it with its sources

        Settings: defaults, then --config FILE (JSON5), then GAMESERVER_SECTION_KEY, then flags.
        GAMESERVER_ADMIN_TOKEN is better than --admin-token, which `ps` shows.
        Exit codes: 0 fine, 1 failed, 2 usage or configuration.
        """
}

/// A command line that cannot be understood: one sentence and a hint, or the usage when there is no word in it.
public enum UsageError: Error, Equatable, CustomStringConvertible {
    case noCommand
    case unknownCommand(String, hint: String?)
    case unknownFlag(String, command: String, hint: String?)
    case missingValue(String)
    case surplusValue(String)

    public var description: String {
        switch self {
        case .noCommand: Arguments.usage
        case .unknownCommand(let name, let hint):
            "gameserver: there is no command \"\(name)\": try \(hint ?? "gameserver --help")"
        case .unknownFlag(let flag, let command, let hint):
            "gameserver: \(command) takes no \"\(flag)\": try \(hint ?? "gameserver --help")"
        case .missingValue(let flag): "gameserver: \(flag) needs a value: try gameserver --help"
        case .surplusValue(let flag): "gameserver: \(flag) takes no value: try \(flag) alone"
        }
    }
}
