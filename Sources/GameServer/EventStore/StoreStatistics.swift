import PluginAPI

/// What is in the store, counted at one moment.
public struct StoreStatistics: Sendable, Equatable {
    public struct OfGame: Sendable, Equatable {
        public var rooms: Int
        public var records: Int
        public var events: Int

        public init(rooms: Int = 0, records: Int = 0, events: Int = 0) {
            self.rooms = rooms
            self.records = records
            self.events = events
        }
    }

    public var rooms: [RoomSummary.Status: Int] = [:]
    /// By the game's id; "?" for rooms whose summary does not read.
    public var games: [String: OfGame] = [:]
    /// Kept now: what a cleanup deleted is not counted.
    public var records = 0
    public var events = 0
    /// In records stored in the 24 hours before `at`.
    public var eventsLastDay = 0
    public var snapshots = 0
    public var systemEvents: [SystemEvent.Kind: Int] = [:]
    /// When the oldest record was made.
    public var oldestRecord: Timestamp?
    /// Of the database: pages in use and free ones.
    public var databaseBytes = 0
    public var freeBytes = 0
    public var walBytes = 0
    public var at: Timestamp

    public init(at: Timestamp) { self.at = at }

    public var totalRooms: Int { rooms.values.reduce(0, +) }

    /// Database in use per event; nil without events.
    public var bytesPerEvent: Double? {
        events > 0 ? Double(databaseBytes - freeBytes) / Double(events) : nil
    }
}

public enum StatisticsOutcome: Sendable, Equatable {
    case counted(StoreStatistics)
    case unavailable
}
