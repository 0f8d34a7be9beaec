/// The rule file of Prometheus, made from the catalogue.
public enum PrometheusRules {
    /// Where the file lies in the project.
    public static let path = "Resources/prometheus/rules.yml"

    public static func text() -> String {
        var lines = [
            "# Made by `gameserver metrics rules` from the catalogue of metrics; edit that.",
            "groups:",
            "  - name: gameserver-service-level",
            "    rules:",
        ]
        for rule in MetricCatalogue.recordings {
            lines.append("      - record: \(rule.name)")
            lines.append("        expr: \(quoted(rule.expression))")
        }
        lines += ["  - name: gameserver-alerts", "    rules:"]
        for rule in MetricCatalogue.alerts {
            lines.append("      - alert: \(rule.name)")
            lines.append("        expr: \(quoted(rule.expression))")
            if let holds = rule.holds { lines.append("        for: \(holds)") }
            lines.append("        labels:")
            lines.append("          severity: \(rule.severity.rawValue)")
            for label in rule.labels { lines.append("          \(label.name): \(quoted(label.value))") }
            lines.append("        annotations:")
            lines.append("          summary: \(quoted(rule.summary))")
            lines.append("          runbook: \(quoted("docs/OPERATIONS.md#" + anchor(rule.runbook)))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// As pages make links to headings: small letters, hyphens for blanks, nothing else.
    public static func anchor(_ heading: String) -> String {
        heading.lowercased().compactMap { character in
            if character == " " { return "-" }
            return character.isLetter || character.isNumber || character == "-" || character == "_"
                ? String(character) : nil
        }.joined()
    }

    /// A YAML scalar in single quotes.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
