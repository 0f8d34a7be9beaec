/// Why a connection ended, as the wire's close code.
public enum CloseLabel: Int, MetricLabel {
    case normal, goingAway, protocolError, unsupported, noStatus, abnormal, badText, policy, tooBig, internalError
    case shutdown, moved, slow, heartbeat, resync, overloaded, serverFault
    case badToken, superseded, kicked, roomClosed, protocolMisuse, version, abuse, noHello
    case other

    public static var labelName: String { "code" }

    private static let codes: [UInt16] = [
        1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011,
        4001, 4002, 4003, 4004, 4005, 4006, 4007,
        4501, 4502, 4503, 4504, 4505, 4506, 4507, 4509,
    ]

    /// A code outside the set counts as `other`, so a peer cannot make up series.
    public init(code: UInt16) {
        self = Self.codes.firstIndex(of: code).flatMap(Self.init(rawValue:)) ?? .other
    }

    public var labelValue: String { self == .other ? "other" : String(Self.codes[rawValue]) }
}

/// Why a connection ended, in words that stay the same whichever side closed and with whichever code.
public enum CloseReasonLabel: Int, MetricLabel {
    case normal, goingAway, `protocol`, policy, tooBig, timeout, slowConsumer, drain, superseded, kicked, roomClosed
    case abuse, error, recovery, other
    public static var labelName: String { "reason" }

    /// The usual reason behind a close code, for a close whose reason nobody said.
    public init(code: UInt16) {
        self =
            switch CloseLabel(code: code) {
            case .normal, .noStatus: .normal
            case .goingAway: .goingAway
            case .protocolError, .unsupported, .badText, .protocolMisuse, .version: .protocol
            case .policy, .badToken: .policy
            case .tooBig: .tooBig
            case .heartbeat, .noHello: .timeout
            case .slow: .slowConsumer
            case .shutdown, .moved: .drain
            case .superseded: .superseded
            case .kicked: .kicked
            case .roomClosed: .roomClosed
            case .abuse: .abuse
            case .abnormal, .internalError, .serverFault, .overloaded: .error
            case .resync: .recovery
            case .other: .other
            }
    }
}

/// Why a connection was not let in.
public enum RejectionLabel: Int, MetricLabel {
    case limit, auth, origin, rate, draining, overload, badRequest
    case addressLimit, addressRate, descriptors, proxyHeader
    public static var labelName: String { "reason" }
}

/// What rule of the protocol a peer broke.
public enum ProtocolErrorLabel: Int, MetricLabel {
    case frame, text, tooBig, handshake, message, hello
    public static var labelName: String { "kind" }
}

/// How a client that came back was made whole; `refused` when it was not.
public enum ResumeLabel: Int, MetricLabel {
    case live, replayed, snapshot, refused
    public static var labelName: String { "result" }
}

public enum DirectionLabel: Int, MetricLabel {
    case `in`, out
    public static var labelName: String { "direction" }
}

/// What a message asks for, as the wire names it.
public enum OperationLabel: Int, MetricLabel {
    case hello, list, create, join, watch, act, host, ack, resync, leave, chat, report, ping, pong, other
    public static var labelName: String { "op" }

    private static let byType = Dictionary(uniqueKeysWithValues: allCases.map { ($0.labelValue, $0) })

    public init(type: String) { self = Self.byType[type] ?? .other }
}

/// Where the time of a message goes.
public enum StageLabel: Int, MetricLabel {
    case queue, decide, store, deliver
    public static var labelName: String { "stage" }
}

/// Whose mistake an error is; only the server's count against the service level.
public enum FaultLabel: Int, MetricLabel {
    case client, server
    public static var labelName: String { "fault" }
}

/// How a command was answered: `ok`, `ok` once more for a repeated number, a refusal's code, or a game's own refusal.
public enum CommandLabel: Int, MetricLabel {
    case ok, repeated
    case badRequest, unknownType, notJoined, badNumber, notHost, notYourTurn, wrongPhase, refused, roomFull
    case roomNotFound, roomGone, seatTaken, nameTaken, badSecret, badToken, rateLimited, tooLarge, draining
    case overloaded, storeUnavailable, poisoned, `internal`
    case game

    public static var labelName: String { "result" }

    private static let byCode = Dictionary(uniqueKeysWithValues: allCases.map { ($0.labelValue, $0) })

    /// - Parameter code: the `code` of a `no`; one that is not the server's own counts as `game`.
    public init(refusal code: String) { self = Self.byCode[code] ?? .game }
}

/// The `code` of a refusal; a game's own refusals are one.
public enum RefusalLabel: Int, MetricLabel {
    case badRequest, unknownType, notJoined, badNumber, notHost, notYourTurn, wrongPhase, refused, roomFull
    case roomNotFound, roomGone, seatTaken, nameTaken, badSecret, badToken, rateLimited, tooLarge, draining
    case overloaded, storeUnavailable, poisoned, `internal`
    case game

    public static var labelName: String { "code" }

    private static let byCode = Dictionary(uniqueKeysWithValues: allCases.map { ($0.labelValue, $0) })

    public init(refusal code: String) { self = Self.byCode[code] ?? .game }

    /// Whose fault it usually is.
    public var fault: FaultLabel {
        switch self {
        case .overloaded, .storeUnavailable, .poisoned, .internal: .server
        default: .client
        }
    }
}

/// Why a message was turned away before anybody looked at what it asks for.
public enum MessageRejectionLabel: Int, MetricLabel {
    case oversize, malformed, forbidden, rate, order
    public static var labelName: String { "reason" }

    /// Nil for a refusal that comes from what the message asks for.
    public init?(_ refusal: RefusalLabel) {
        switch refusal {
        case .tooLarge: self = .oversize
        case .badRequest, .unknownType: self = .malformed
        case .badSecret, .badToken, .notHost: self = .forbidden
        case .rateLimited: self = .rate
        case .badNumber: self = .order
        default: return nil
        }
    }
}

/// What a rate limit guards.
public enum RateScopeLabel: Int, MetricLabel {
    case connection, accept, http
    public static var labelName: String { "scope" }
}

public enum AuthLabel: Int, MetricLabel {
    case ok, failed
    public static var labelName: String { "result" }
}

/// The role of whom a route was refused to.
public enum RoleLabel: Int, MetricLabel {
    case none, viewer, `operator`
    public static var labelName: String { "role" }
}

/// What became of an event on its way to one receiver; `collapsed`: a snapshot took its place.
public enum DeliveryLabel: Int, MetricLabel {
    case ok, failed, collapsed
    public static var labelName: String { "result" }
}

public enum QueueLabel: Int, MetricLabel {
    case room, store, log, monitor
    public static var labelName: String { "queue" }
}
