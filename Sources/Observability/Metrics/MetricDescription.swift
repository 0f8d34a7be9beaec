/// What a metric is called and means; its entry in the catalogue.
public struct MetricDescription: Sendable, Hashable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// Ends in its unit (`_seconds`, `_bytes`) and, for counters, in `_total`.
    public let name: String
    public let kind: Kind
    public let help: String

    init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }
}
