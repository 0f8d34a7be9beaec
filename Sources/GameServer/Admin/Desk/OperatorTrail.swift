import Observability
import PluginAPI

/// Where it is kept what operators do: the audit trail of the log, and the store's own events.
struct OperatorTrail: Sendable {
    let logger: Logger
    let sources: any OperatorSources

    /// False while the trail cannot be written and much waits: what would have to be kept is refused.
    var isKeeping: Bool { logger.isKeepingAudit }

    /// Whatever came of it, an action leaves a line and a system event.
    func keep(_ action: OperatorAction) {
        logger.audit(action)
        sources.note(action)
    }
}

extension Logger {
    func audit(_ action: OperatorAction) {
        let asked = action.arguments.compactMap { member in
            LogValue(argument: member.value).map { (member.key, $0) }
        }
        audit(
            LogAudit(
                actor: action.actor, action: action.action, target: action.target,
                before: action.change.map { .string($0.before) }, after: action.change.map { .string($0.after) }),
            "operator_action", "\(action.actor): \(action.action) of \(action.target): \(action.status)",
            LogFields([("status", .integer(action.status))] + asked),
            in: LogContext(correlationID: action.requestID, requestID: action.requestID))
    }
}

extension LogValue {
    /// Nil for what no argument is.
    fileprivate init?(argument json: JSON) {
        switch json {
        case .string(let text): self = .string(text)
        case .integer(let number): self = .integer(Int(number))
        case .bool(let flag): self = .boolean(flag)
        default: return nil
        }
    }
}

/// What an operator changed, or tried to.
struct OperatorAction: Sendable {
    /// How something was, and how it is.
    struct Change: Sendable, Equatable {
        var before: String
        var after: String
    }

    var at: Timestamp
    /// `operator:1a2b3c4d`.
    var actor: String
    /// The endpoint: `recoveryTrigger`.
    var action: String
    /// A procedure, a category of the log, or what there is one of.
    var target: String
    /// What was asked for, as far as it makes sense: texts, whole numbers, true and false.
    var arguments: [JSON.Member]
    var change: Change?
    var status: Int
    var requestID: String
}

extension OperatorAction {
    /// Most bytes of a caller's own word.
    private static let maxBytes = 64

    /// What is asked for, before anything came of it.
    init(
        _ endpoint: Endpoint, _ given: RouteArguments, _ body: JSON?, by requester: Requester, at: Timestamp,
        requestID: String
    ) {
        var arguments: [JSON.Member] = []
        func add(_ name: String, _ value: JSON?) {
            if let value { arguments.append(.init(name, value)) }
        }
        let name = given.text("name").map(Self.cut) ?? ""
        switch endpoint {
        case .recoveryTrigger:
            target = name
            let scope = given.text("scope") ?? body?["scope"]?.string
            add("scope", scope.map { .string(Self.cut($0)) })
            add("dry_run", .bool(given.given("dry_run") ?? body?["dry_run"]?.bool ?? false))
        case .storeCleanup:
            target = "store"
            add("older_than_hours", given.integer("older_than_hours").map { .integer(Int64($0)) })
            add("dry_run", .bool(given.flag("dry_run")))
        case .setLogLevel:
            target = body?["category"]?.string.flatMap { LogCategory(rawValue: $0)?.rawValue } ?? "log"
            add("level", body?["level"]?.string.flatMap { LogLevel(name: $0) }.map { .string($0.name) })
        case .tlsReload: target = "certificates"
        default: target = name
        }
        self.arguments = arguments
        self.at = at
        actor = requester.actor
        action = endpoint.rawValue
        status = 0
        self.requestID = requestID
    }

    /// What was refused before anybody looked at what it was asked with.
    ///
    /// - Parameter target: what the path names, if anything.
    init(
        refused endpoint: Endpoint, of target: String?, with status: Int, by requester: Requester, at: Timestamp,
        requestID: String
    ) {
        self.init(endpoint, RouteArguments(), nil, by: requester, at: at, requestID: requestID)
        if let target { self.target = Self.cut(target) }
        arguments = []
        self.status = status
    }

    /// So many bytes, without half a character.
    static func cut(_ text: String) -> String {
        var bytes = 0
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix { scalar in
                    bytes += scalar.utf8.count
                    return bytes <= maxBytes
                }))
    }
}
