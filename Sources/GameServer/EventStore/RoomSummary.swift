import PluginAPI

/// What the directory knows of a room without reading its log: enough for the lobby, for a retried `create`, and to
/// wake the room when a timer is due.
public struct RoomSummary: Codable, Sendable, Hashable {
    public enum Visibility: String, Codable, Sendable {
        case `public`, `private`
    }

    public enum Status: String, Codable, Sendable {
        case waiting, playing, finished, closed
    }

    public var room: RoomID
    public var game: String
    public var visibility: Visibility
    public var status: Status
    public var created: Timestamp
    /// When the last record was made.
    public var changed: Timestamp
    /// The next instant at which the room has to be awake even if nobody touches it.
    public var nextDeadline: Timestamp?
    /// SHA-256 of the creator's secret in hexadecimal: a repeated `create` finds its room by it.
    public var creator: String?
    public var host: String
    public var humans: Int
    public var seats: Int
    public var bots: Int

    public init(
        room: RoomID, game: String, visibility: Visibility, status: Status, created: Timestamp, changed: Timestamp,
        nextDeadline: Timestamp? = nil, creator: String? = nil, host: String = "", humans: Int = 0, seats: Int = 0,
        bots: Int = 0
    ) {
        self.room = room
        self.game = game
        self.visibility = visibility
        self.status = status
        self.created = created
        self.changed = changed
        self.nextDeadline = nextDeadline
        self.creator = creator
        self.host = host
        self.humans = humans
        self.seats = seats
        self.bots = bots
    }
}
