import Observability
import PluginAPI

/// What this server's operators can ask for.
struct ServerSources: OperatorSources {
    let store: any EventStore
    let metrics: Observability.Metrics
    let logger: Logger

    func scrape(accept: String?, acceptEncoding: String?, answer: @escaping @Sendable (Finding) -> Void) {
        answer(.found(type: Exposition.contentType, metrics.exposition()))
    }

    func records(of room: RoomID, after sequence: Int, limit: Int, answer: @escaping @Sendable (ReadOutcome) -> Void) {
        store.read(room, after: sequence, limit: limit, answer: answer)
    }

    func logLevels() -> Finding {
        let level = logger.level.name
        let categories = LogCategory.allCases.map { JSON.Member($0.rawValue, .string(level)) }
        return .json(JSON.object([.init("level", .string(level)), .init("categories", .object(categories))]).encoded())
    }

    func setLogLevel(_ level: LogLevel, for category: LogCategory?) -> Finding {
        guard category == nil else { return .absent("this server has one level for all categories") }
        logger.level = level
        return logLevels()
    }
}
