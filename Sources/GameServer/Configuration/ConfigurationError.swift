/// Where a value came from, as an error names it.
public enum ConfigurationSource: Sendable, Equatable, CustomStringConvertible {
    case defaults
    case file(String)
    case environment(String)
    case flag(String)

    public var description: String {
        switch self {
        case .defaults: "default"
        case .file(let path): path
        case .environment(let variable): "environment variable \(variable)"
        case .flag(let flag): flag
        }
    }
}

/// Why a server cannot start with what it was told: one sentence that names the source, the key, the value and the limit.
public enum ConfigurationError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case notJSON5(path: String, reason: String)
    case unknownKey(String, source: ConfigurationSource, hint: String?)
    case badValue(key: String, source: ConfigurationSource, value: String, objection: String)

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "configuration: \(path) cannot be read: \(reason)"
        case .notJSON5(let path, let reason): "configuration: \(path) is not JSON5: \(reason)"
        case .unknownKey(let key, let source, let hint):
            "configuration: \(Self.place(of: key, in: source)) is unknown"
                + (hint.map { ": did you mean \($0)?" } ?? "")
        case .badValue(let key, let source, let value, let objection):
            "configuration: \(key) in \(source) is \(value): \(objection)"
        }
    }

    /// Variables and flags are keys themselves, so they need no "in".
    private static func place(of key: String, in source: ConfigurationSource) -> String {
        switch source {
        case .environment, .flag: "\(source)"
        case .defaults, .file: "\(key) in \(source)"
        }
    }
}
