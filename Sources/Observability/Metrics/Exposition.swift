/// Prometheus text format 0.0.4 under construction: each family once, its metadata first, every line ended.
///
/// - Source: Prometheus documentation, "Exposition formats", text-based format.
public struct Exposition: Sendable {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    public private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(16 * 1024) }

    mutating func append<Label>(_ counter: LabelledCounter<Label>) {
        head(counter.description)
        for label in Label.allCases {
            sample(counter.description.name, pairs(label), String(counter.value(label)))
        }
    }

    mutating func append<Label>(_ gauge: LabelledGauge<Label>) {
        head(gauge.description)
        for label in Label.allCases {
            sample(gauge.description.name, pairs(label), Self.number(gauge.value(label)))
        }
    }

    mutating func append(_ histogram: Histogram) {
        let name = histogram.description.name
        head(histogram.description)
        let counts = histogram.cumulative
        for (bound, count) in zip(histogram.bounds, counts) {
            sample(name + "_bucket", [("le", Self.number(Double(bound) / 1e9))], String(count))
        }
        let count = counts.last ?? 0
        sample(name + "_bucket", [("le", "+Inf")], String(count))
        sample(name + "_sum", [], Self.number(histogram.sum.seconds))
        sample(name + "_count", [], String(count))
    }

    mutating func append(_ description: MetricDescription, labels: [(String, String)] = [], value: Double) {
        head(description)
        sample(description.name, labels, Self.number(value))
    }

    private func pairs<Label: MetricLabel>(_ label: Label) -> [(String, String)] {
        Label.labelName.isEmpty ? [] : [(Label.labelName, label.labelValue)]
    }

    private mutating func head(_ description: MetricDescription) {
        line("# HELP \(description.name) \(Self.escaped(description.help, quotes: false))")
        line("# TYPE \(description.name) \(description.kind.rawValue)")
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
