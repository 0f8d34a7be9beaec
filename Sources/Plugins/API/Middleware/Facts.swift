// What observers are told. Plain values: building one allocates nothing, and none holds a secret, a hand or a name.

/// A connection and its place in a room.
public struct Membership {
    public let client: Client
    public let room: RoomID
    public let game: String
    /// Nil for a watcher.
    public let seat: Seat?

    public init(client: Client, room: RoomID, game: String, seat: Seat?) {
        self.client = client
        self.room = room
        self.game = game
        self.seat = seat
    }
}

/// A record and what the store made of it.
public struct Commit {
    public enum Outcome: String, Sendable, CaseIterable { case committed, conflict, fenced, unavailable, unknown }
    public enum Cause: String, Sendable, CaseIterable {
        case create, join, act, host, leave, bot, timer, tick, presence, admin
    }
    /// What the record did to the room as a whole.
    public enum Turn: Sendable, Equatable {
        case none, opened, started, finished
        /// - Parameters:
        ///   - reason: `finished`, `abandoned` or `host`.
        ///   - age: since it was opened, on the wall clock.
        case closed(reason: String, age: Elapsed)
    }

    public let room: RoomID
    public let game: String
    /// Number of the record.
    public let record: Int
    /// Number of its last event.
    public let sequence: Int
    public let events: Int
    /// Length of the record as it is stored.
    public let bytes: Int
    public let cause: Cause
    public let outcome: Outcome
    public let turn: Turn
    /// From its arrival until the room took it up.
    public let queued: Elapsed
    /// What deciding took.
    public let decided: Elapsed
    /// From offering it to the store until the answer.
    public let stored: Elapsed

    public init(
        room: RoomID, game: String, record: Int, sequence: Int, events: Int, bytes: Int, cause: Cause,
        outcome: Outcome, turn: Turn, queued: Elapsed, decided: Elapsed, stored: Elapsed
    ) {
        self.room = room
        self.game = game
        self.record = record
        self.sequence = sequence
        self.events = events
        self.bytes = bytes
        self.cause = cause
        self.outcome = outcome
        self.turn = turn
        self.queued = queued
        self.decided = decided
        self.stored = stored
    }
}

/// One commit told to a room.
public struct Delivery {
    public let room: RoomID
    public let game: String
    /// Number of the last event told.
    public let sequence: Int
    public let events: Int
    /// Connections it was handed to.
    public let receivers: Int
    /// Connections that read too slowly and get a snapshot instead.
    public let collapsed: Int
    /// Of the receivers, those that have left a ping unanswered although nothing waits for them: it will hardly arrive.
    public let unanswering: Int
    /// From the durable commit until it was handed over.
    public let delay: Elapsed
    /// From the arrival of the command that caused it; nil when nobody asked for it.
    public let sinceAsked: Elapsed?

    public init(
        room: RoomID, game: String, sequence: Int, events: Int, receivers: Int, collapsed: Int, unanswering: Int,
        delay: Elapsed, sinceAsked: Elapsed?
    ) {
        self.room = room
        self.game = game
        self.sequence = sequence
        self.events = events
        self.receivers = receivers
        self.collapsed = collapsed
        self.unanswering = unanswering
        self.delay = delay
        self.sinceAsked = sinceAsked
    }
}

/// How far a client has come.
public struct Acknowledgement {
    public let client: Client
    public let room: RoomID
    public let game: String
    /// What it acknowledged.
    public let sequence: Int
    /// What it was sent.
    public let sent: Int
    /// From the commit of that event until now; nil when that was too long ago to know.
    public let delay: Elapsed?

    public init(client: Client, room: RoomID, game: String, sequence: Int, sent: Int, delay: Elapsed?) {
        self.client = client
        self.room = room
        self.game = game
        self.sequence = sequence
        self.sent = sent
        self.delay = delay
    }
}

/// A slow reader.
public struct Lag {
    public enum Phase: Sendable, Equatable {
        case began
        /// It has caught up.
        case ended
    }

    public let client: Client
    public let phase: Phase
    public let unsentBytes: Int

    public init(client: Client, phase: Phase, unsentBytes: Int) {
        self.client = client
        self.phase = phase
        self.unsentBytes = unsentBytes
    }
}

/// A client that came back.
public struct Resumption {
    public enum Verdict: String, Sendable, CaseIterable { case live, replayed, snapshot, refused }

    public let client: Client
    /// Nil when what was asked for is no room's id.
    public let room: RoomID?
    public let verdict: Verdict
    /// Events between what it had and the head; 0 when refused.
    public let missed: Int

    public init(client: Client, room: RoomID?, verdict: Verdict, missed: Int) {
        self.client = client
        self.room = room
        self.verdict = verdict
        self.missed = missed
    }
}

/// Something that should move and does not.
public enum Stall {
    /// A connection was silent and has been asked for a sign of life.
    case silent(Client, for: Elapsed)
    /// It gave none: its connection is closed.
    case unanswered(Client)
    /// A client applies events far behind what it was sent.
    case behind(Client, RoomID, game: String, by: Int)
    /// A room's commands cannot be stored.
    case store(RoomID, game: String)
    /// A room could not do what it had to; one sentence, without secrets.
    case fault(RoomID, game: String, Fault, String)
    /// A stored room cannot be read back.
    case unreadable(RoomID, game: String, String)

    /// Whose fault it is that a room could not.
    public enum Fault: String, Sendable, CaseIterable {
        /// Its game refused what it may not refuse, or failed.
        case exception
        /// Its game would have contradicted itself; the step was undone.
        case invariant
        /// Its log is not what the room had reason to believe.
        case log
    }
}

/// Something that moves again.
public enum Recovery {
    /// A connection that had been asked spoke.
    case answered(Client, after: Elapsed)
    /// A client got the whole view in place of what it had missed.
    case snapshot(Client, RoomID, reason: String)
    /// A room's commands are stored again.
    case store(RoomID, game: String)
    /// A room was read back from the store.
    case restored(RoomID, game: String, records: Int, took: Elapsed)
    /// A recovery procedure mended a room.
    case mended(RoomID, game: String, procedure: String)
    /// A room that was to be read back is not in the store any more: nothing is left of it that could be in trouble.
    case vanished(RoomID, game: String)
}

/// A connection that is over.
public struct Departure {
    public let client: Client
    /// The close code of RFC 6455 §7.4 or of the protocol; 1006 without a close frame.
    public let code: UInt16
    /// Whether close frames went both ways.
    public let isClean: Bool
    /// What the peer broke, for a protocol fault.
    public let fault: String?
    public let lasted: Elapsed
    public let messagesIn: Int
    public let messagesOut: Int
    /// Payload of those messages.
    public let bytesIn: Int
    public let bytesOut: Int
    /// Whether it greeted.
    public let greeted: Bool

    public init(
        client: Client, code: UInt16, isClean: Bool, fault: String?, lasted: Elapsed, messagesIn: Int,
        messagesOut: Int, bytesIn: Int, bytesOut: Int, greeted: Bool
    ) {
        self.client = client
        self.code = code
        self.isClean = isClean
        self.fault = fault
        self.lasted = lasted
        self.messagesIn = messagesIn
        self.messagesOut = messagesOut
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.greeted = greeted
    }
}
