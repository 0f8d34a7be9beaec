import PluginAPI

/// A `no` as it goes to the client: the refusal, and whether trying again makes sense.
///
/// - Source: docs/PROTOCOL.md, "Refusals".
public struct Rejection: Error, Hashable, Sendable {
    public var refusal: Refusal
    /// Milliseconds after which the same request may succeed; nil for never.
    public var retryMs: Int?
    /// The command number that would have been right (`bad_number`).
    public var expected: Int?
    /// What operators are told besides; never sent.
    var fault: RoomFault?

    init(_ refusal: Refusal, retryMs: Int? = nil, expected: Int? = nil) {
        self.refusal = refusal
        self.retryMs = retryMs
        self.expected = expected
    }

    private init(_ code: String, _ message: String, retryMs: Int? = nil, expected: Int? = nil) {
        self.init(Refusal(code: code, message: message), retryMs: retryMs, expected: expected)
    }

    // Every code of the server's own, once. Games add theirs as `<game>/<code>`.

    static func badRequest(_ message: String) -> Rejection { Rejection("bad_request", message) }
    static let alreadyInRoom = Rejection("bad_request", "you are in this room already")
    static func unknownType(_ type: String) -> Rejection {
        Rejection("unknown_type", "there is no message of type \(type.prefix(40))")
    }
    static let notJoined = Rejection("not_joined", "you are not seated in this room")
    static func badNumber(_ given: Int, expected: Int) -> Rejection {
        Rejection("bad_number", "n is \(given): the next command is \(expected)", expected: expected)
    }
    static let notHost = Rejection("not_host", "only the host may do that")
    static func wrongPhase(_ message: String) -> Rejection { Rejection("wrong_phase", message) }
    static func refused(_ message: String) -> Rejection { Rejection("refused", message) }
    static let roomFull = Rejection("room_full", "every seat is taken")
    static let roomNotFound = Rejection("room_not_found", "there is no such room")
    static let roomGone = Rejection("room_gone", "the room is closed")
    static let seatTaken = Rejection("seat_taken", "the seat is taken")
    static let nameTaken = Rejection("name_taken", "somebody in the room has this name")
    static let badSecret = Rejection("bad_secret", "the secret does not open this seat")
    static func rateLimited(retryMs: Int) -> Rejection {
        Rejection("rate_limited", "too many requests: wait \(retryMs) ms", retryMs: retryMs)
    }
    static func tooLarge(_ bytes: Int, limit: Int) -> Rejection {
        Rejection("too_large", "message of \(bytes) bytes exceeds the limit of \(limit)")
    }
    static let draining = Rejection("draining", "the server is shutting down: come back in a moment", retryMs: 2000)
    static func overloaded(_ message: String, retryMs: Int = 500) -> Rejection {
        Rejection("overloaded", message, retryMs: retryMs)
    }
    static let storeUnavailable = Rejection(
        "store_unavailable", "the command could not be stored and has not counted", retryMs: 1000)
    static let unreadable = Rejection("internal", "the room cannot be read back")
    static func `internal`(_ message: String) -> Rejection { Rejection("internal", message) }
}
