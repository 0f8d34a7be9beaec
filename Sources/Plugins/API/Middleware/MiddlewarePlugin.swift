/// A middleware as it is installed: the server makes one for each event loop.
public struct MiddlewarePlugin: Sendable {
    /// Its name, metrics and logs carry it; `^[a-z][a-z0-9_]*$`, at most 64 bytes.
    public let name: String
    /// What it counts: each metric stands at its `index`.
    public let metrics: [PluginMetric]
    private let make: @Sendable (MiddlewareServices) -> any Middleware

    public init(
        _ name: String, metrics: [PluginMetric] = [],
        make: @escaping @Sendable (MiddlewareServices) -> any Middleware
    ) {
        self.name = name
        self.metrics = metrics
        self.make = make
    }

    package func middleware(_ services: MiddlewareServices) -> any Middleware { make(services) }

    /// One sentence when what it says of itself breaks a rule, nil when it is sound.
    public var fault: String? {
        let isNamed =
            (1...64).contains(name.utf8.count) && name.first.map { ("a"..."z").contains($0) } ?? false
            && name.unicodeScalars.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_" }
        guard isNamed else { return "a middleware's name is 1 to 64 of a to z, 0 to 9 and `_`, not `\(name)`" }
        return PluginMetric.fault(in: metrics).map { "\(name): \($0)" }
    }

    /// One sentence when two of a chain share a name, or one calls itself otherwise than it was installed.
    package static func fault(inNames installed: [String], ofThemselves own: [String]) -> String? {
        var seen: Set<String> = []
        for (name, itself) in zip(installed, own) {
            guard seen.insert(name).inserted else { return "two middlewares are called `\(name)`" }
            guard name == itself else { return "the middleware `\(name)` calls itself `\(itself)`" }
        }
        return nil
    }
}

/// What a middleware may use of the server. Lives on the loop, as the middleware does.
public final class MiddlewareServices {
    public enum Severity: Sendable { case debug, info, warning, error }

    /// Where the middleware keeps its notes about connections (`Client.note`).
    public let position: Int
    private let observe: (Observations) -> Void
    private let write: (Severity, StaticString, String) -> Void
    private let clock: () -> Elapsed

    public init(
        position: Int, clock: @escaping () -> Elapsed, observe: @escaping (Observations) -> Void,
        write: @escaping (Severity, StaticString, String) -> Void
    ) {
        self.position = position
        self.clock = clock
        self.observe = observe
        self.write = write
    }

    /// On a clock that never jumps, since an arbitrary start.
    public var now: Elapsed { clock() }

    /// Adds to a counter.
    public func count(_ metric: PluginMetric, _ value: String? = nil, by amount: Int = 1) {
        note(metric, value, .count(amount))
    }

    /// Adds one number to a histogram, in the unit its name ends in.
    public func record(_ metric: PluginMetric, _ number: Double, _ value: String? = nil) {
        note(metric, value, .record(number))
    }

    /// Sets a gauge.
    public func set(_ metric: PluginMetric, to number: Double, _ value: String? = nil) {
        note(metric, value, .set(number))
    }

    /// Writes a log line under the middleware's name.
    ///
    /// - Parameters:
    ///   - event: what happened in stable snake_case, for searching.
    ///   - message: the same for people; never a secret or what a client wrote.
    public func log(_ severity: Severity, _ event: StaticString, _ message: String) { write(severity, event, message) }

    private func note(_ metric: PluginMetric, _ value: String?, _ change: Observations.Observation.Change) {
        var observations = Observations()
        observations.note(metric, value, change)
        observe(observations)
    }
}

@available(*, unavailable) extension MiddlewareServices: Sendable {}
