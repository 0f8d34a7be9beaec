import Observability
import PluginAPI

public struct InstalledGame: Sendable {
    public init<Rules>(_ rules: Rules.Type) {}
}

public enum StartError: Error, CustomStringConvertible {
    case notHere
    public var description: String { "this build has no server" }
}

public final class Server: Sendable {
    public let port: UInt16 = 0
    public let generatedToken: Secret? = nil

    public init(
        configuration: Configuration, games: [InstalledGame], logger: Logger, metrics: Observability.Metrics
    ) throws(StartError) { throw .notHere }

    public func run() {}
    public func drain() {}
}
