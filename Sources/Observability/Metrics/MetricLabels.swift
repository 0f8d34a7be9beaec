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

/// The life of a room, as the wire names it.
public enum RoomStateLabel: Int, MetricLabel {
    case waiting, playing, finished
    public static var labelName: String { "state" }
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

/// What the event store said to a record.
public enum CommitLabel: Int, MetricLabel {
    case committed, conflict, fenced, unavailable, unknown
    public static var labelName: String { "outcome" }
}

/// How a client that came back was made whole; `refused` when it was not.
public enum ResumeLabel: Int, MetricLabel {
    case live, replayed, snapshot, refused
    public static var labelName: String { "verdict" }
}
