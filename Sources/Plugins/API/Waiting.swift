/// Whom a game waits for, for what, and which timer ends the waiting.
public struct Waiting: Hashable, Sendable {
    /// Seats that may act now, ascending.
    public var seats: [Seat]
    /// The action's kind, such as `declare`; shown to players and operators.
    public var purpose: String
    /// Name of the timer whose deadline the players see; nil when nothing limits the wait.
    public var timer: String?

    public init(seats: [Seat], for purpose: String, timer: String? = nil) {
        self.seats = seats
        self.purpose = purpose
        self.timer = timer
    }
}

/// A timer a game has set.
public struct GameTimer: Hashable, Sendable, Codable {
    public var deadline: Timestamp
    /// The whole time it was set for, in milliseconds: the most that can remain after a restart.
    public var durationMs: Int64

    public init(deadline: Timestamp, durationMs: Int64) {
        self.deadline = deadline
        self.durationMs = durationMs
    }
}
