import PluginAPI
import WebSocket

/// `/api/logs/tail`: log lines as they are written, over a WebSocket. Lives on the loop.
final class TailEndpoint {
    /// Name and version of what is sent: one line of the log in each text message.
    static let subprotocol = "gameserver.logs"
    /// Most that follow the log at once.
    static let maxTails = 8
    /// Lines that wait for the loop, all tails together; more are lost, and the tail says how many.
    static let maxWaiting = 4096

    /// One line on its way to one tail.
    struct Parcel: Sendable {
        var tail: Int
        var line: [UInt8]
    }

    private let sources: any OperatorSources
    private let timeline: any Timeline
    private let heartbeat: Heartbeat
    private let post: @Sendable (Parcel) -> Bool
    private let shared: SharedAccess
    private var tails: [Int: TailConversation] = [:]
    private var opened = 0

    /// - Parameter post: carries a line to the loop, which hands it to `deliver`; false when it had to be left behind.
    init(
        _ sources: any OperatorSources, shared: SharedAccess, heartbeat: Configuration.Heartbeat,
        timeline: any Timeline, post: @escaping @Sendable (Parcel) -> Bool
    ) {
        self.shared = shared
        self.sources = sources
        self.timeline = timeline
        self.heartbeat = Heartbeat(idle: .milliseconds(heartbeat.idleMs), answer: .milliseconds(heartbeat.answerMs))
        self.post = post
    }

    // MARK: Tickets

    func ticket(for inquiry: Inquiry) -> Response {
        let now = timeline.now
        guard let requester = inquiry.requester,
            let ticket = shared.tickets({ $0.issue(to: requester, at: now) })
        else { return .problem(.overloaded("\(LogTickets.maxTickets) tickets wait to be used"), id: inquiry.id) }
        return .json(
            201,
            [
                "ticket": .string(ticket), "expires_in_seconds": .integer(Int64(LogTickets.seconds)),
                "path": "/api/logs/tail",
            ])
    }

    func redeem(_ ticket: String) -> Requester? {
        let now = timeline.now
        return shared.tickets { $0.redeem(ticket, at: now) }
    }

    // MARK: Tails

    func open(_ inquiry: Inquiry) {
        guard inquiry.request.headers.hasToken("websocket", in: "Upgrade") else {
            return inquiry.refuse(426, "upgrade_required", "this path is a WebSocket", [("Upgrade", "websocket")])
        }
        let offered = inquiry.request.offeredSubprotocols
        guard offered.isEmpty || offered.contains(Self.subprotocol) else {
            return inquiry.refuse(400, "bad_request", "none of the subprotocols offered is \(Self.subprotocol)")
        }
        guard shared.openTail() else {
            return inquiry.refuse(.overloaded("\(Self.maxTails) follow the log already"))
        }
        opened += 1
        let number = opened
        let followed = sources.tail(LogQuestion(inquiry.arguments)) { [post] line in
            post(Parcel(tail: number, line: line))
        }
        guard let followed else {
            shared.closeTail()
            return inquiry.answer(Response(.absent("this server's log is not followed"), id: inquiry.id))
        }
        let conversation = TailConversation(followed, heartbeat, timeline) { [weak self, shared] in
            shared.closeTail()
            self?.tails[number] = nil
        }
        tails[number] = conversation
        inquiry.exchange.upgrade(subprotocol: offered.isEmpty ? nil : Self.subprotocol, handler: conversation)
        inquiry.noteUpgrade(granted: conversation.isOpen)
        // The handshake was refused, or the client has gone meanwhile.
        if !conversation.isOpen { conversation.end() }
    }

    /// Hands a line to its tail; on the loop.
    func deliver(_ parcel: Parcel) { tails[parcel.tail]?.send(parcel.line) }
}

/// One client that follows the log.
private final class TailConversation: ConnectionHandler {
    /// Unsent bytes above which lines are lost.
    private static let maxUnsentBytes = 1 << 20

    private let followed: any FollowedLog
    private let timeline: any Timeline
    private var heartbeat: Heartbeat
    private let ended: () -> Void
    private var connection: Connection?
    private var isOver = false
    /// Lines this reader was too slow for.
    private var skipped = 0
    /// Lost lines that have been told.
    private var told = 0

    init(
        _ followed: any FollowedLog, _ heartbeat: Heartbeat, _ timeline: any Timeline, ended: @escaping () -> Void
    ) {
        self.followed = followed
        self.heartbeat = heartbeat
        self.timeline = timeline
        self.ended = ended
    }

    deinit { followed.end() }

    var isOpen: Bool { connection != nil }

    func end() {
        guard !isOver else { return }
        isOver = true
        connection = nil
        followed.end()
        ended()
    }

    func send(_ line: [UInt8]) {
        guard let connection, connection.isOpen else { return }
        guard connection.unsentBytes < Self.maxUnsentBytes else {
            skipped += 1
            return
        }
        let lost = followed.lost + skipped
        if lost > told {
            connection.send(text: JSON.object([.init("lost", .integer(Int64(lost - told)))]).encoded())
            told = lost
        }
        connection.send(text: line)
    }

    // MARK: From the connection

    func opened(_ connection: Connection) {
        self.connection = connection
        woken(connection)
    }

    /// Who follows says nothing, and a log may say nothing for days: whether anybody is there has to be asked.
    func woken(_ connection: Connection) {
        switch heartbeat.timerFired(at: timeline.now, lastReceived: connection.lastReceived) {
        case .wait(let until): connection.wake(at: until)
        case .sendPing(let next):
            connection.ping()
            connection.wake(at: next)
        case .drop: connection.close(Disconnect.heartbeat.closeCode, reason: Disconnect.heartbeat.reason)
        }
    }

    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection) {}
    func drained(_ connection: Connection) {}
    func closed(_ connection: Connection, _ closure: Closure) { end() }
}
