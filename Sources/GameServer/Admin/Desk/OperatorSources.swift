import Observability
import PluginAPI

/// Where the desk finds what operators ask for. One method a source.
///
/// Called on the desk's threads; an answer is given exactly once, on any thread. What a server does not have stays at its
/// default and is answered 501.
protocol OperatorSources: Sendable {
    // MARK: Health and metrics

    /// The whole report, `application/health+json` or our own form; its status follows the level.
    func health(_ form: HealthForm, answer: @escaping @Sendable (Finding) -> Void)
    /// One component: `websocket`, `store`.
    func health(of component: String, answer: @escaping @Sendable (Finding) -> Void)
    /// One page of what levels and values were.
    ///
    /// - Parameter after: number of the last step already seen.
    func healthHistory(
        _ resolution: HealthHistory.Resolution, after: Int?, limit: Int, answer: @escaping @Sendable (Finding) -> Void)
    /// All metrics as the header fields ask for them.
    func scrape(accept: String?, acceptEncoding: String?, answer: @escaping @Sendable (Finding) -> Void)
    /// Resources of process and host as one JSON object.
    func resources(answer: @escaping @Sendable (Finding) -> Void)

    // MARK: Recovery

    func recoveryStatus(answer: @escaping @Sendable (Finding) -> Void)
    /// `notFound` for an unknown name, `refused` with the guard's reason.
    func trigger(_ order: RecoveryTrigger, answer: @escaping @Sendable (Finding) -> Void)
    func setProcedure(
        _ name: String, enabled: Bool, by requester: Requester, requestID: String,
        answer: @escaping @Sendable (Finding) -> Void)

    // MARK: Store

    /// Records that hold events above `sequence`, for operators: never delays a commit.
    func records(of room: RoomID, after sequence: Int, limit: Int, answer: @escaping @Sendable (ReadOutcome) -> Void)
    /// What a room is rebuilt from: the newest snapshot not above event `base`, and the records after it, those without
    /// events too, oldest first, up to the one that holds event `last`.
    func history(
        of room: RoomID, from base: Int, through last: Int, answer: @escaping @Sendable (HistoryOutcome) -> Void)
    func storeStatistics(now: Timestamp, answer: @escaping @Sendable (Finding) -> Void)
    func cleanup(_ order: CleanupOrder, answer: @escaping @Sendable (Finding) -> Void)
    func systemEvents(
        after number: Int, limit: Int, kind: String?, answer: @escaping @Sendable (Finding) -> Void)
    /// Keeps what an operator did in the store; failing to is logged by the source.
    func note(_ action: OperatorAction)

    // MARK: Logs

    func logs(_ question: LogQuestion, answer: @escaping @Sendable (Finding) -> Void)
    /// Sends lines as they are written, until the tail is let go of. Nil when there is no log to follow.
    ///
    /// - Parameter deliver: takes one line without its line end; false when it had no room for it, which counts as lost.
    func tail(_ filter: LogQuestion, deliver: @escaping @Sendable ([UInt8]) -> Bool) -> (any FollowedLog)?
    func logLevels() -> Finding
    /// - Parameter category: nil for all that have no level of their own.
    func logLevel(of category: LogCategory?) -> LogLevel
    /// - Parameter category: nil for all that have no level of their own.
    func setLogLevel(_ level: LogLevel, for category: LogCategory?) -> Finding

    // MARK: TLS

    /// Reads the certificates again; `refused` with what is wrong with them.
    func reloadCertificates(by requester: Requester) -> Finding
}

/// A log that is being followed. Letting go of it ends that; so does `end`.
protocol FollowedLog: Sendable {
    func end()
    /// Lines that were lost because they were not taken.
    var lost: Int { get }
}

/// What a source has to say: a body, or why there is none.
enum Finding: Sendable {
    case found(status: Int = 200, type: String = "application/json", encoding: String? = nil, [UInt8])
    case notFound(String)
    /// Something stands against it; asking again may help once it is gone.
    case refused(String)
    case unavailable(String)
    /// This server has no such part.
    case absent(String)

    static func json(_ text: [UInt8]) -> Finding { .found(text) }
}

enum HealthForm: Sendable, Equatable { case own, draft }

struct CleanupOrder: Sendable {
    var olderThanHours: Int
    var isDryRun: Bool
    var now: Timestamp
    var requester: Requester
    var requestID: String
}

extension OperatorSources {
    func health(_ form: HealthForm, answer: @escaping @Sendable (Finding) -> Void) {
        answer(.absent("this server does not check its health"))
    }

    func health(of component: String, answer: @escaping @Sendable (Finding) -> Void) {
        answer(.absent("this server does not check its health"))
    }

    func healthHistory(
        _ resolution: HealthHistory.Resolution, after: Int?, limit: Int, answer: @escaping @Sendable (Finding) -> Void
    ) {
        answer(.absent("this server does not check its health"))
    }

    func resources(answer: @escaping @Sendable (Finding) -> Void) {
        answer(.absent("this server does not read its resources"))
    }

    func recoveryStatus(answer: @escaping @Sendable (Finding) -> Void) {
        answer(.absent("this server has no recovery procedures"))
    }

    func trigger(_ order: RecoveryTrigger, answer: @escaping @Sendable (Finding) -> Void) {
        answer(.absent("this server has no recovery procedures"))
    }

    func setProcedure(
        _ name: String, enabled: Bool, by requester: Requester, requestID: String,
        answer: @escaping @Sendable (Finding) -> Void
    ) {
        answer(.absent("this server has no recovery procedures"))
    }

    func storeStatistics(now: Timestamp, answer: @escaping @Sendable (Finding) -> Void) {
        answer(.absent("this server's store is not counted"))
    }

    func cleanup(_ order: CleanupOrder, answer: @escaping @Sendable (Finding) -> Void) {
        answer(.absent("this server's store is not cleaned up"))
    }

    func systemEvents(
        after number: Int, limit: Int, kind: String?, answer: @escaping @Sendable (Finding) -> Void
    ) {
        answer(.absent("this server keeps no events of its own"))
    }

    func note(_ action: OperatorAction) {}

    func reloadCertificates(by requester: Requester) -> Finding { .absent("this server has no certificates") }

    func logs(_ question: LogQuestion, answer: @escaping @Sendable (Finding) -> Void) {
        answer(.absent("this server's log is not searched"))
    }

    func tail(_ filter: LogQuestion, deliver: @escaping @Sendable ([UInt8]) -> Bool) -> (any FollowedLog)? { nil }
}
