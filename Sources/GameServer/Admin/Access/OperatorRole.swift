/// What an operator may do; each role may do what those below it may.
enum OperatorRole: String, Sendable, CaseIterable, Comparable {
    /// Reads numbers, health, rooms as a watcher sees them.
    case viewer
    /// Also reads the log and mends: recovery, log levels.
    case `operator`
    /// Also reads the truth of every room, every hand included, and deletes what is old.
    case administrator

    static func < (left: OperatorRole, right: OperatorRole) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .administrator: 2
        }
    }
}

/// Who asks: a role, and which of its tokens.
struct Requester: Sendable, Equatable {
    var role: OperatorRole
    /// The first 8 hexadecimal digits of the token's SHA-256: tells tokens apart in the audit trail, opens nothing.
    var fingerprint: String

    /// As the audit trail and system events name it: `operator:1a2b3c4d`.
    var actor: String { "\(role.rawValue):\(fingerprint)" }
}
