/// A part of a line with members of its own, which the schema knows.
public struct LogPart: Sendable {
    enum Kind: Sendable {
        case http(LogHTTP)
        case error(LogError)
        case audit(LogAudit)
    }

    let kind: Kind

    public static func http(_ exchange: LogHTTP) -> LogPart { LogPart(kind: .http(exchange)) }
    public static func error(_ error: LogError) -> LogPart { LogPart(kind: .error(error)) }
    static func audit(_ audit: LogAudit) -> LogPart { LogPart(kind: .audit(audit)) }
}

/// One HTTP exchange.
public struct LogHTTP: Sendable, Equatable {
    public var method: String
    /// The path's pattern as the route table has it, never the path with its ids.
    public var route: String
    public var status: Int
    /// Of the answer's body.
    public var bytes: Int

    public init(method: String, route: String, status: Int, bytes: Int) {
        self.method = method
        self.route = route
        self.status = status
        self.bytes = bytes
    }
}

/// What an operator did.
public struct LogAudit: Sendable, Equatable {
    /// Who: a role or the name of a token, never the token.
    public var actor: String
    public var action: String
    public var target: String?
    public var before: LogValue?
    public var after: LogValue?

    public init(
        actor: String, action: String, target: String? = nil, before: LogValue? = nil, after: LogValue? = nil
    ) {
        self.actor = actor
        self.action = action
        self.target = target
        self.before = before
        self.after = after
    }
}
