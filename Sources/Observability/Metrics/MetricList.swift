/// A closed set of label values that is known when the server starts.
public enum MetricList: String, Sendable, CaseIterable {
    case plugins, loops, routes, components, volumes, families

    public var labelName: String {
        switch self {
        case .plugins: "plugin"
        case .loops: "loop"
        case .routes: "http_route"
        case .components: "component"
        case .volumes: "volume"
        case .families: "family"
        }
    }

    /// How a value is chosen, for the reference.
    public var meaning: String {
        switch self {
        case .plugins: "the installed games and middleware, `none`, `_other`"
        case .loops: "`0` to the number of loops − 1, `_other`"
        case .routes: "the path templates of the HTTP surface, `_other`"
        case .components: "the components of health, `_other`"
        case .volumes: "the watched folders, `_other`"
        case .families: "the families that can overflow"
        }
    }
}

/// Marks an instrument's first label as one of the lists.
public protocol ListedAxis: Sendable {
    static var list: MetricList { get }
}

public enum Plugins: ListedAxis { public static let list = MetricList.plugins }
public enum Loops: ListedAxis { public static let list = MetricList.loops }
public enum Routes: ListedAxis { public static let list = MetricList.routes }
public enum Components: ListedAxis { public static let list = MetricList.components }

/// The values of the lists of one server, each list ending in `_other`, which takes what is not on it.
struct MetricLists: Sendable {
    static let other = "_other"
    /// Values of one list beside `_other`; what is beyond becomes `_other`.
    static let maxValues = 100

    private let values: [MetricList: [String]]
    /// Those of `plugins`, which are asked for on the path of a message.
    private let plugins: [String]
    private let quiet: Set<String>

    /// - Parameter quiet: values whose series appear only once they were written.
    init(_ lists: [MetricList: [String]], quiet: Set<String> = []) {
        self.quiet = quiet.union([Self.other])
        var values: [MetricList: [String]] = [:]
        for list in MetricList.allCases {
            var unique: [String] = []
            for value in lists[list] ?? [] where value != Self.other && !unique.contains(value) { unique.append(value) }
            values[list] = unique.prefix(Self.maxValues) + [Self.other]
        }
        self.values = values
        plugins = values[.plugins] ?? [Self.other]
    }

    func values(_ list: MetricList) -> [String] { values[list] ?? [Self.other] }

    func isQuiet(_ value: String) -> Bool { quiet.contains(value) }

    func pluginIndex(of name: String) -> Int { plugins.firstIndex(of: name) ?? plugins.count - 1 }

    /// Its place on the list, or that of `_other`.
    func index(of value: String, on list: MetricList) -> Int {
        let values = values(list)
        return values.firstIndex(of: value) ?? values.count - 1
    }
}
