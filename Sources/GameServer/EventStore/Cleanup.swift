import PluginAPI

/// What is to be deleted.
///
/// Closed rooms whose last change is older go whole, unless they still answer `room_gone`. Living rooms lose older
/// records that no returning client and no restart needs. Damaged records and what comes after them stay: they are
/// evidence.
public struct CleanupRequest: Sendable, Equatable {
    /// Age in the eyes of `now`.
    public var olderThan: Duration
    /// Reports the same numbers and deletes nothing.
    public var dryRun: Bool
    public var now: Timestamp
    /// Size of the database in use above which younger closed rooms go too, oldest first, and then younger records of
    /// living rooms; nil for no such limit.
    public var maxBytes: Int?
    /// Who asked.
    public var actor: String
    public var correlationID: String?

    /// The actor of cleanups that come by themselves.
    public static let scheduler = "scheduler"

    public init(
        olderThan: Duration, dryRun: Bool, now: Timestamp, maxBytes: Int? = nil, actor: String = "server",
        correlationID: String? = nil
    ) {
        self.olderThan = olderThan
        self.dryRun = dryRun
        self.now = now
        self.maxBytes = maxBytes
        self.actor = actor
        self.correlationID = correlationID
    }
}

/// What a cleanup deleted, or would delete.
public struct CleanupReport: Sendable, Equatable {
    public var isDryRun: Bool
    /// Rooms that went whole.
    public var rooms = 0
    /// Living rooms that lost their oldest records.
    public var trimmedRooms = 0
    public var records = 0
    public var events = 0
    /// Payload of the records and snapshots deleted.
    public var bytes = 0
    public var systemEvents = 0
    /// Rooms that were left alone because their records are damaged.
    public var damagedRooms = 0
    public var took = Duration.zero

    public init(isDryRun: Bool) { self.isDryRun = isDryRun }
}

extension CleanupReport {
    /// What the store keeps of a cleanup; nil for one that nobody asked for and that found nothing.
    func event(for request: CleanupRequest) -> SystemEvent? {
        guard request.actor != CleanupRequest.scheduler || rooms + records + systemEvents > 0 else { return nil }
        let numbers = [
            ("rooms", rooms), ("trimmed_rooms", trimmedRooms), ("records", records), ("events", events),
            ("bytes", bytes), ("system_events", systemEvents), ("damaged_rooms", damagedRooms),
            ("older_than_ms", Int(request.olderThan.milliseconds)),
        ]
        let body = numbers.map { "\"\($0)\":\($1)" }.joined(separator: ",")
        return SystemEvent(
            at: request.now, kind: .cleanup, subject: "store", actor: request.actor,
            correlationID: request.correlationID, body: "{\(body)}")
    }
}

extension Timestamp {
    /// The instant so long before this one.
    func before(_ age: Duration) -> Timestamp {
        Timestamp(unixMilliseconds: unixMilliseconds.subtractingReportingOverflow(age.milliseconds).partialValue)
    }
}

public enum CleanupOutcome: Sendable, Equatable {
    case done(CleanupReport)
    /// Another cleanup is at work: one at a time.
    case busy
    /// Broken off; what was deleted until then stays deleted, whole records at a time.
    case unavailable
}
