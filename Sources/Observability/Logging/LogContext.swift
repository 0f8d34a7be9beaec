/// Whom a log line is about, passed along explicitly; it depends on no task or thread.
public struct LogContext: Sendable, Equatable {
    /// Ties together the lines of one operation; without one it is the trace's id.
    public var correlationID: String?
    public var traceID: String?
    public var spanID: String?
    public var requestID: String?
    public var connectionID: UInt64?
    /// The number or name of a session, never its secret.
    public var session: String?
    public var roomID: String?
    /// The room's sequence number: the same one as on the wire and in the store.
    public var roomSequence: Int?
    /// The seat a player sits on. A line calls a player by room and seat, never by the name the player chose.
    public var seat: Int?
    public var plugin: String?
    /// The type of the message that is handled.
    public var op: String?
    /// As the transport names the peer; what of it is written is up to `ClientAddressPrivacy`.
    public var clientAddress: String?
    public var userAgent: String?

    public init(
        correlationID: String? = nil, traceID: String? = nil, spanID: String? = nil, requestID: String? = nil,
        connectionID: UInt64? = nil, session: String? = nil, roomID: String? = nil, roomSequence: Int? = nil,
        seat: Int? = nil, plugin: String? = nil, op: String? = nil, clientAddress: String? = nil,
        userAgent: String? = nil
    ) {
        self.correlationID = correlationID
        self.traceID = traceID
        self.spanID = spanID
        self.requestID = requestID
        self.connectionID = connectionID
        self.session = session
        self.roomID = roomID
        self.roomSequence = roomSequence
        self.seat = seat
        self.plugin = plugin
        self.op = op
        self.clientAddress = clientAddress
        self.userAgent = userAgent
    }

    public static let none = LogContext()
}

extension LogContext {
    /// What lines call the player: the room and the seat.
    var playerID: String? {
        guard let seat else { return nil }
        return roomID.map { "\($0)/\(seat)" } ?? String(seat)
    }
}
