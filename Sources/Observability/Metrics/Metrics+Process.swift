extension Metrics {
    /// The label `plugin` of what belongs to none.
    public static let noPlugin = "none"

    /// What is checked in every server.
    public static let standardComponents = [
        "system", "websocket", "store", "loops", "rate_limiter", "configuration", "certificate", "self_test", "logging",
    ]

    /// What the process says of itself.
    public struct Process: Sendable {
        public var version: String
        /// Of the sources; empty when unknown.
        public var revision: String
        public var node: String
        public var zone: String
        /// Folders whose volumes are watched, each with the name it is exposed under.
        public var volumes: [(name: String, path: String)]
        /// Unix time.
        public var startSeconds: Double
        /// Seconds since the start, read at scrape.
        public var uptimeSeconds: @Sendable () -> Double

        public init(
            version: String, revision: String = "", node: String = "", zone: String = "",
            volumes: [(name: String, path: String)] = [], startSeconds: Double,
            uptimeSeconds: @escaping @Sendable () -> Double
        ) {
            self.version = version
            self.revision = revision
            self.node = node
            self.zone = zone
            self.volumes = volumes
            self.startSeconds = startSeconds
            self.uptimeSeconds = uptimeSeconds
        }
    }

    /// One line of `gameserver_plugin_info`.
    public struct InstalledPlugin: Sendable {
        public var name: String
        public var version: String
        /// `enabled`, `disabled`, …; a word of a small set.
        public var state: String

        public init(name: String, version: String, state: String) {
            self.name = name
            self.version = version
            self.state = state
        }
    }

    /// Says which plugins there are; the ones said before are forgotten.
    public func announce(_ plugins: [InstalledPlugin]) { installed.withLock { $0 = plugins } }

    /// The place of a game's id or a middleware's name in the label `plugin`; that of `_other` when it is not installed.
    public func pluginIndex(_ name: String) -> Int { lists.pluginIndex(of: name) }

    public func componentIndex(_ name: String) -> Int { lists.index(of: name, on: .components) }

    public func routeIndex(_ template: String) -> Int { lists.index(of: template, on: .routes) }
}
