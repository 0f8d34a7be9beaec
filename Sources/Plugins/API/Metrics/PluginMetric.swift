/// A number a game counts about itself, declared in its manifest and shown beside those of the server.
///
/// It is known by its place in the manifest's list, so counting looks nothing up by name. The server exposes it as
/// `gameserver_<game>_<name>`, with `_` for every `-` of the game's id.
public struct PluginMetric: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// Only rises: `Step.count`.
        case counter
        /// Rises and falls: `Step.set`. The value set last by any room is the one shown.
        case gauge
        /// A distribution: `Step.record`. Upper bounds of its buckets, ascending, in the unit of the name.
        case histogram(bounds: [Double])
    }

    /// Place among the manifest's metrics, from 0.
    public let index: Int
    public let kind: Kind
    /// snake_case, ending in its unit (`_seconds`, `_bytes`) and, for a counter, in `_total`.
    public let name: String
    /// One sentence for people who read the graph.
    public let help: String
    /// Name of the one label; nil for a metric without.
    public let label: String?
    /// Everything the label may say. What is not in the list is counted as `_other`.
    public let values: [String]

    /// - Parameter index: its place in `Manifest.metrics`.
    public static func counter(
        _ index: Int, _ name: String, _ help: String, label: String? = nil, values: [String] = []
    ) -> PluginMetric {
        PluginMetric(index: index, kind: .counter, name: name, help: help, label: label, values: values)
    }

    /// - Parameter index: its place in `Manifest.metrics`.
    public static func gauge(
        _ index: Int, _ name: String, _ help: String, label: String? = nil, values: [String] = []
    ) -> PluginMetric {
        PluginMetric(index: index, kind: .gauge, name: name, help: help, label: label, values: values)
    }

    /// - Parameters:
    ///   - index: its place in `Manifest.metrics`.
    ///   - bounds: upper bounds of the buckets, ascending, without infinity; seconds where the name ends so.
    public static func histogram(
        _ index: Int, _ name: String, _ help: String, bounds: [Double], label: String? = nil, values: [String] = []
    ) -> PluginMetric {
        PluginMetric(
            index: index, kind: .histogram(bounds: bounds), name: name, help: help, label: label, values: values)
    }

    /// Where `value` stands: its place in the list, `values.count` for `_other`; 0 for a metric without a label.
    func place(of value: String?) -> Int {
        guard label != nil else { return 0 }
        return value.flatMap { values.firstIndex(of: $0) } ?? values.count
    }
}
