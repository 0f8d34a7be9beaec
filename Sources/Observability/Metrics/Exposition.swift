/// Prometheus text format 0.0.4 under construction: each family once, its metadata first, every line ended.
///
/// - Source: Prometheus documentation, "Exposition formats", text-based format.
public struct Exposition: Sendable {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    public private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(64 * 1024) }

    mutating func append(_ family: MetricFamily) {
        let name = family.description.name
        var lines: [(String, [(String, String)], String)] = []
        switch family.storage {
        case .counter(let cells):
            for index in 0..<family.count {
                let value = cells.value(at: index)
                guard value != 0 || family.appearsUnwritten(index) else { continue }
                let text = family.description.unit == .seconds ? Self.number(Double(value) / 1e9) : String(value)
                lines.append((name, family.labels(at: index), text))
            }
        case .gauge(let cells):
            for index in 0..<family.count {
                guard let value = cells.written(at: index) ?? (family.appearsUnwritten(index) ? 0 : nil) else {
                    continue
                }
                lines.append((name, family.labels(at: index), Self.number(value)))
            }
        case .histogram(let rows):
            for index in 0...family.count {
                guard rows.isWritten(index) || index < family.count && family.appearsUnwritten(index) else { continue }
                let snapshot = rows.snapshot(at: index)
                let labels: [(String, String)] = family.labels(at: index)
                let counts = snapshot.cumulative
                for (bound, count) in zip(rows.layout.bounds + [.infinity], counts) {
                    lines.append((name + "_bucket", labels + [("le", Self.number(bound))], String(count)))
                }
                lines.append((name + "_sum", labels, Self.number(snapshot.sum)))
                lines.append((name + "_count", labels, String(snapshot.count)))
            }
        }
        guard !lines.isEmpty else { return }
        head(family.description)
        for (name, labels, value) in lines { sample(name, labels, value) }
    }

    mutating func append(_ description: MetricDescription, labels: [(String, String)] = [], value: Double) {
        head(description)
        sample(description.name, labels, Self.number(value))
    }

    private mutating func head(_ description: MetricDescription) {
        let kind: MetricDescription.Kind =
            description.kind == .info || description.kind == .stateset ? .gauge : description.kind
        line("# HELP \(description.name) \(Self.escaped(description.help, quotes: false))")
        line("# TYPE \(description.name) \(kind.rawValue)")
    }

    private mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
        guard !labels.isEmpty else { return line("\(name) \(value)") }
        let list = labels.map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }.joined(separator: ",")
        line("\(name){\(list)} \(value)")
    }

    private mutating func line(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Whole numbers without a fraction, the rest as Swift prints them, which the format's reader takes.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int(exactly: value).map(String.init) ?? "\(value)"
    }

    static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension Metrics {
    /// Every metric in text format 0.0.4. Safe on any thread; it reads and blocks nobody.
    public func exposition() -> [UInt8] {
        var text = Exposition()
        for family in families { text.append(family) }
        text.append(MetricCatalogue.buildInfo, labels: [("version", process.version)], value: 1)
        text.append(MetricCatalogue.uptimeSeconds, value: process.uptimeSeconds())
        text.append(MetricCatalogue.processStartSeconds, value: process.startSeconds)
        return text.bytes
    }
}
