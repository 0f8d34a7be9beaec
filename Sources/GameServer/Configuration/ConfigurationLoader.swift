import Observability

/// Puts a configuration together: defaults, then the file, then the environment, then flags.
///
/// An unknown key or a bad value anywhere is an error, also when a later source would have overruled it.
public struct ConfigurationLoader: Sendable {
    public private(set) var configuration = Configuration()
    private var sources: [String: ConfigurationSource] = [:]

    /// Variables with our prefix that mean something to our tools and nothing to the server.
    static let otherVariables: Set<String> = ["GAMESERVER_BINARY", "GAMESERVER_SCREENSHOTS"]

    private static let byPath = Dictionary(uniqueKeysWithValues: ConfigurationKey.all.map { ($0.path, $0) })
    private static let byVariable = Dictionary(uniqueKeysWithValues: ConfigurationKey.all.map { ($0.variable, $0) })
    private static let byFlag = Dictionary(
        uniqueKeysWithValues: ConfigurationKey.all.compactMap { key in key.flag.map { ($0, key) } })

    /// - Parameters:
    ///   - file: path of a JSON5 file, or nil.
    ///   - flags: in the order given; the last of a kind counts.
    public init(
        file: String? = nil, environment: [String: String] = [:], flags: [(flag: String, value: String)] = []
    ) throws(ConfigurationError) {
        if let file { try read(ConfigurationFile(path: file), path: file) }
        for (variable, text) in environment.sorted(by: { $0.key < $1.key })
        where variable.hasPrefix(ConfigurationKey.variablePrefix) && !Self.otherVariables.contains(variable) {
            guard let key = Self.byVariable[variable] else {
                let hint = Suggestion.nearest(to: variable, among: Self.byVariable.keys)
                throw .unknownKey(variable, source: .environment(variable), hint: hint)
            }
            try set(key, to: key.value(of: text), from: .environment(variable))
        }
        for (flag, text) in flags {
            guard let key = Self.byFlag[flag] else { throw .unknownKey(flag, source: .flag(flag), hint: nil) }
            try set(key, to: key.value(of: text), from: .flag(flag))
        }
        try checkOrder(
            "limits.message_bytes", \.limits.messageBytes, "limits.socket_message_bytes", \.limits.socketMessageBytes)
        try checkOverrides()
        try checkOrder("slow.lagging_bytes", \.slow.laggingBytes, "slow.outbox_bytes", \.slow.outboxBytes)
        try checkPresence("tls.key", \.tls.key, needs: "tls.cert", \.tls.cert)
        try checkPresence("tls.cert", \.tls.cert, needs: "tls.key", \.tls.key)
        try checkPresence("tls.directory", \.tls.directory, needs: "tls.cert", \.tls.cert)
    }

    public func source(of key: ConfigurationKey) -> ConfigurationSource { sources[key.path] ?? .defaults }

    private mutating func read(_ file: ConfigurationFile, path: String) throws(ConfigurationError) {
        let known = Set(ConfigurationKey.all.map(\.section))
        for section in file.sections {
            guard known.contains(section.name) else {
                let hint = Suggestion.nearest(to: section.name, among: known)
                throw .unknownKey(section.name, source: .file(path), hint: hint)
            }
            guard let members = section.members else {
                throw .badValue(
                    key: section.name, source: .file(path), value: section.value.text, objection: "an object of keys")
            }
            for (name, value) in members {
                let keyPath = "\(section.name).\(name)"
                guard let key = Self.byPath[keyPath] else {
                    let hint = Suggestion.nearest(to: keyPath, among: Self.byPath.keys)
                    throw .unknownKey(keyPath, source: .file(path), hint: hint)
                }
                try set(key, to: value, from: .file(path))
            }
        }
    }

    private mutating func set(
        _ key: ConfigurationKey, to value: ConfigurationValue, from source: ConfigurationSource
    ) throws(ConfigurationError) {
        if let objection = key.objection(to: value) {
            let shown = key.kind == .secret ? "[redacted]" : value.text
            throw .badValue(key: key.path, source: source, value: shown, objection: objection)
        }
        key.write(&configuration, value)
        sources[key.path] = source
    }

    private func checkOverrides() throws(ConfigurationError) {
        do throws(RecoveryOverrideError) {
            _ = try RecoverySettings(configuration.recovery)
        } catch {
            let key = "recovery.overrides"
            throw .badValue(
                key: key, source: sources[key] ?? .defaults, value: "\"\(error.entry)\"", objection: error.objection)
        }
    }

    /// One text that says nothing without another.
    private func checkPresence(
        _ key: String, _ path: KeyPath<Configuration, String>, needs other: String,
        _ otherPath: KeyPath<Configuration, String>
    ) throws(ConfigurationError) {
        let value = configuration[keyPath: path]
        guard !value.isEmpty, configuration[keyPath: otherPath].isEmpty else { return }
        throw .badValue(
            key: key, source: sources[key] ?? .defaults, value: "\"\(value)\"", objection: "\(other) has to be set too")
    }

    /// One number that may not be above another.
    private func checkOrder(
        _ lower: String, _ lowerPath: KeyPath<Configuration, Int>, _ upper: String,
        _ upperPath: KeyPath<Configuration, Int>
    ) throws(ConfigurationError) {
        let limit = configuration[keyPath: upperPath]
        guard configuration[keyPath: lowerPath] > limit else { return }
        // The blame is on the one that was set.
        if let source = sources[lower] {
            let value = String(configuration[keyPath: lowerPath])
            throw .badValue(key: lower, source: source, value: value, objection: "at most \(upper), which is \(limit)")
        }
        let least = configuration[keyPath: lowerPath]
        throw .badValue(
            key: upper, source: sources[upper] ?? .defaults, value: String(limit),
            objection: "at least \(lower), which is \(least)")
    }
}
