import PluginAPI

/// Something the server itself did or noticed, kept for ever beside the rooms: a start, a recovery run, an operator's
/// action, a changed setting, a cleanup, a damaged record.
public struct SystemEvent: Sendable, Equatable {
    /// What sort of event it is; stored as text, so that one of a later version still reads.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        public static let serverStart = Kind(rawValue: "server_start")
        public static let recoveryRun = Kind(rawValue: "recovery_run")
        public static let adminAction = Kind(rawValue: "admin_action")
        public static let configurationChange = Kind(rawValue: "configuration_change")
        public static let cleanup = Kind(rawValue: "cleanup")
        /// A record that is not what was written; `subject` is the room.
        public static let chainBreak = Kind(rawValue: "chain_break")
        /// A room whose log was damaged and is whole again.
        public static let chainMended = Kind(rawValue: "chain_mended")
        /// The database was opened anew or written back.
        public static let storeRepair = Kind(rawValue: "store_repair")
        /// Somebody else wrote to the database.
        public static let foreignWrite = Kind(rawValue: "foreign_write")
    }

    public var at: Timestamp
    public var kind: Kind
    /// What it is about: a room, a component, a setting.
    public var subject: String
    /// Who caused it: a role, a trigger, a run, the server.
    public var actor: String
    public var correlationID: String?
    /// One JSON object as text.
    public var body: String

    /// Most bytes of all texts together. A longer event is answered `tooLarge`.
    public static let maxBytes = 65_536

    public init(
        at: Timestamp, kind: Kind, subject: String, actor: String, correlationID: String? = nil, body: String = "{}"
    ) {
        self.at = at
        self.kind = kind
        self.subject = subject
        self.actor = actor
        self.correlationID = correlationID
        self.body = body
    }

    var bytes: Int {
        [kind.rawValue, subject, actor, correlationID ?? "", body].reduce(0) { $0 + $1.utf8.count }
    }
}

/// A system event as it is stored: numbered from 1, each digest continuing the one before.
public struct StoredSystemEvent: Sendable, Equatable {
    public var number: Int
    public var event: SystemEvent
    /// Of the event before; `.zero` for the first.
    public var previous: Digest
    /// SHA-256 over the number, every field and `previous`.
    public var digest: Digest

    init(number: Int, event: SystemEvent, previous: Digest, digest: Digest) {
        self.number = number
        self.event = event
        self.previous = previous
        self.digest = digest
    }

    init(number: Int, event: SystemEvent, continuing previous: Digest) {
        self.init(
            number: number, event: event, previous: previous,
            digest: Self.digest(number: number, event: event, continuing: previous))
    }

    /// Whether it is what was written, as far as it can tell by itself.
    var isWhole: Bool { digest == Self.digest(number: number, event: event, continuing: previous) }

    /// Every field with its length before it, so that no two events have the same bytes.
    private static func digest(number: Int, event: SystemEvent, continuing previous: Digest) -> Digest {
        var bytes: [UInt8] = []
        let correlationID = event.correlationID.map { "+" + $0 } ?? "-"
        for field in [
            String(number), String(event.at.unixMilliseconds), event.kind.rawValue, event.subject, event.actor,
            correlationID, event.body,
        ] {
            bytes += Array("\(field.utf8.count):".utf8)
            bytes += Array(field.utf8)
        }
        return Digest(of: bytes, continuing: previous)
    }
}

/// The server's own events checked one after the other. The oldest kept is believed about what came before it.
struct SystemEventChain {
    /// Of the last event that fitted.
    private(set) var number: Int?
    private var digest: Digest?
    private(set) var count = 0

    /// - Returns: whether the event continues the chain; one that does not leaves it as it was.
    mutating func accept(_ stored: StoredSystemEvent) -> Bool {
        let isNext = number.map { stored.number == $0 + 1 } ?? (stored.number != 1 || stored.previous == .zero)
        guard isNext, stored.previous == digest ?? stored.previous, stored.isWhole else { return false }
        number = stored.number
        digest = stored.digest
        count += 1
        return true
    }
}

public enum NoteOutcome: Sendable, Equatable {
    /// Durable, under this number.
    case stored(number: Int)
    /// Longer than `SystemEvent.maxBytes`: never stored.
    case tooLarge(bytes: Int, limit: Int)
    /// Certainly not written; worth trying again later.
    case unavailable
    /// Written or not.
    case unknown
}

public enum SystemEventsOutcome: Sendable, Equatable {
    /// Oldest first; `last` is the number of the newest there is.
    case events([StoredSystemEvent], last: Int)
    case unavailable
}
