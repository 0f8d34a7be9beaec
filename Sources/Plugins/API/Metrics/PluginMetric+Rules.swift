// What a declaration must hold to; the server refuses to start with a game whose manifest breaks it.

extension PluginMetric {
    /// Labels that would make a series of every room, player or address, and those that scrapers set themselves.
    public static let forbiddenLabels: Set<String> = [
        "room", "room_id", "player", "player_id", "user", "user_id", "conn", "conn_id", "session", "session_id", "seat",
        "ip", "address", "trace_id", "path", "query", "token", "secret", "name", "job", "instance", "service", "region",
        "env", "type", "le", "quantile", "plugin",
    ]
    /// Longest name, label and label value, in bytes.
    public static let maxNameBytes = 64
    public static let maxBounds = 40

    /// Units that are not base units, and what to use instead.
    private static let oddUnits: [(unit: String, base: String)] = [
        ("ms", "seconds"), ("milliseconds", "seconds"), ("microseconds", "seconds"), ("minutes", "seconds"),
        ("hours", "seconds"), ("days", "seconds"), ("kb", "bytes"), ("kib", "bytes"), ("mb", "bytes"),
        ("mib", "bytes"), ("percent", "ratio"),
    ]
    /// Endings the server's own series of a histogram or counter have.
    private static let takenEndings = ["bucket", "count", "sum", "created", "info"]

    /// One sentence when the declaration breaks a rule, nil when it is sound.
    public var fault: String? {
        nameFault ?? helpFault ?? boundsFault ?? labelFault
    }

    private var nameFault: String? {
        guard Self.isSnakeCase(name) else {
            return "`\(name)` is not a snake_case name of at most \(Self.maxNameBytes) characters"
        }
        var words = name.split(separator: "_").map(String.init)
        if let ending = words.last, Self.takenEndings.contains(ending) {
            return "`\(name)`: a name may not end in `_\(ending)`"
        }
        let isTotal = words.last == "total"
        if isTotal != (kind == .counter) {
            return isTotal ? "`\(name)`: only a counter ends in `_total`" : "`\(name)`: a counter ends in `_total`"
        }
        if isTotal { words.removeLast() }
        guard let unit = words.last else { return "`\(name)` says nothing of what it counts" }
        if let odd = Self.oddUnits.first(where: { $0.unit == unit }) {
            return "`\(name)`: the unit is `_\(odd.base)`, not `_\(odd.unit)`"
        }
        return nil
    }

    private var helpFault: String? {
        guard help.hasSuffix("."), help.utf8.count <= 200, !help.utf8.contains(where: { $0 < 0x20 }) else {
            return "`\(name)`: the help is one line of at most 200 bytes that ends in a full stop"
        }
        return nil
    }

    private var boundsFault: String? {
        guard case .histogram(let bounds) = kind else { return nil }
        guard (1...Self.maxBounds).contains(bounds.count) else {
            return "`\(name)`: \(bounds.count) bounds: 1 to \(Self.maxBounds)"
        }
        guard bounds.allSatisfy((1e-6...1e8).contains), zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 }) else {
            return "`\(name)`: the bounds ascend and lie between 0.000001 and 100000000"
        }
        return nil
    }

    private var labelFault: String? {
        guard let label else { return values.isEmpty ? nil : "`\(name)`: there are values, but no label" }
        guard Self.isSnakeCase(label) else { return "`\(name)`: the label `\(label)` is not a snake_case name" }
        guard !Self.forbiddenLabels.contains(label) else {
            return "`\(name)`: `\(label)` cannot be a label, because its values are not a closed set"
        }
        guard !values.isEmpty else { return "`\(name)`: the label `\(label)` has no values" }
        for value in values {
            guard (1...Self.maxNameBytes).contains(value.utf8.count), !value.utf8.contains(where: { $0 < 0x20 }),
                value != "_other"
            else { return "`\(name)`: `\(value)` cannot be a value of `\(label)`" }
        }
        guard Set(values).count == values.count else { return "`\(name)`: a value of `\(label)` stands there twice" }
        return nil
    }

    private static func isSnakeCase(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= maxNameBytes else { return false }
        let isLetter = { (byte: UInt8) in (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let underscore = UInt8(ascii: "_")
        return isLetter(first) && last != underscore
            && bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == underscore }
            && !zip(bytes, bytes.dropFirst()).contains { $0 == underscore && $1 == underscore }
    }
}

extension PluginMetric {
    /// One sentence when a list of declarations breaks a rule, nil when it is sound.
    public static func fault(in metrics: [PluginMetric]) -> String? {
        var families: Set<String> = []
        for (place, metric) in metrics.enumerated() {
            if let fault = metric.fault { return fault }
            guard metric.index == place else {
                return "`\(metric.name)` says it is metric \(metric.index), and stands at \(place) of the list"
            }
            let family = metric.kind == .counter ? String(metric.name.dropLast("_total".count)) : metric.name
            guard families.insert(family).inserted else {
                return "two metrics are called `\(metric.name)`, or differ in `_total` alone"
            }
        }
        return nil
    }
}

extension Manifest {
    /// One sentence when the metrics break a rule, nil when they are sound.
    public var metricFault: String? { PluginMetric.fault(in: metrics) }
}
