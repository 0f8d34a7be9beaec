/// The reference of all metrics for people, made from the catalogue.
public enum MetricsReference {
    /// Where the page lies in the project.
    public static let path = "docs/METRICS.md"

    public static func text() -> String {
        var lines = [
            "# Metrics",
            "",
            "Made by `gameserver metrics docs` from the catalogue of metrics; edit that.",
            "",
            "Names are API: one is never reused for another meaning. Times are in seconds, sizes in bytes, shares between 0",
            "and 1. Label values come from closed sets; what is on no list counts as `_other` and in",
            "`gameserver_metrics_overflow_total`. Counters appear with 0 from the start, histograms with labels once they were",
            "written. Every histogram has the classic buckets named below and, in the protobuf form, native ones of schema 3.",
            "A level is taken beyond the first number of its band and left beyond the second.",
            "",
        ]
        for (title, rows) in sections {
            lines += [
                "## \(title)", "", "| Metric | Type | Unit | Labels | Meaning | Warning | Critical |",
                "|---|---|---|---|---|---|---|",
            ]
            lines += rows.map(line)
            lines.append("")
        }
        lines += ["## Buckets", "", "| Metrics | Upper bounds |", "|---|---|"]
        var seen: [[Double]] = []
        for row in MetricCatalogue.all where row.kind == .histogram && !seen.contains(row.bounds) {
            seen.append(row.bounds)
            let names = MetricCatalogue.all.filter { $0.bounds == row.bounds }.map { "`\($0.name)`" }
            lines.append("| \(names.joined(separator: ", ")) | \(row.bounds.map(number).joined(separator: " ")) |")
        }
        lines += ["", "## Alerts", "", "| Alert | Severity | Holds for | Meaning |", "|---|---|---|---|"]
        lines += MetricCatalogue.alerts.map {
            "| \($0.name) | \($0.severity.rawValue) | \($0.holds ?? "") | \($0.summary) |"
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let sections: [(String, [MetricDescription])] = [
        ("Connections", MetricCatalogue.connectionRows), ("TLS", MetricCatalogue.tlsRows),
        ("Traffic", MetricCatalogue.trafficRows),
        ("Delivery and queues", MetricCatalogue.deliveryRows), ("Rooms and plugins", MetricCatalogue.roomRows),
        ("Event store", MetricCatalogue.storeRows), ("Event loops", MetricCatalogue.loopRows),
        ("HTTP", MetricCatalogue.httpRows), ("Health", MetricCatalogue.healthRows),
        ("Recovery", MetricCatalogue.recoveryRows), ("Logs and what observing costs", MetricCatalogue.logRows),
        ("Process, host and container", MetricCatalogue.resourceRows),
    ]

    private static func line(_ row: MetricDescription) -> String {
        let labels = row.labels.map { axis in
            switch axis {
            case .values(let name, let values): "`\(name)`: \(values.joined(separator: " "))"
            case .list(let list): "`\(list.labelName)`: \(list.meaning)"
            case .text(let name): "`\(name)`"
            }
        }
        let columns = [
            "`\(row.name)`", row.kind.rawValue, row.unit.rawValue, labels.joined(separator: "; "), row.help,
            band(row.band, row.band?.enterWarning, row.band?.leaveWarning),
            band(row.band, row.band?.enterCritical, row.band?.leaveCritical),
        ]
        return "| " + columns.joined(separator: " | ") + " |"
    }

    private static func band(_ band: MetricBand?, _ enter: Double?, _ leave: Double?) -> String {
        guard let band, let enter else { return "" }
        let back = leave.map { " / \(number($0))" } ?? ""
        return "\(band.reading) \(band.direction.rawValue) \(number(enter))\(back)"
    }

    private static func number(_ value: Double) -> String {
        var bytes: [UInt8] = []
        bytes.append(number: value)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The bands of all metrics as lines for people and scripts: metric, direction, reading and the four thresholds.
public enum MetricBands {
    public static func text() -> String {
        func field(_ value: Double?) -> String { value.map { "\($0)" } ?? "-" }
        return MetricCatalogue.all.compactMap { row in
            row.band.map { band in
                [
                    row.name, band.direction.rawValue, field(band.enterWarning), field(band.leaveWarning),
                    field(band.enterCritical), field(band.leaveCritical), band.reading,
                ].joined(separator: "\t") + "\n"
            }
        }.joined()
    }
}
