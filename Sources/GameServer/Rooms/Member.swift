import PluginAPI
import WebSocket

/// One session's place in one room: a seat, or a watcher's chair.
///
/// It keeps both alive, because a command may still be on its way to the store when either is over. The circle opens
/// when the connection closes, the player leaves or the room vanishes.
final class Member {
    let session: Session
    let room: Room
    let seat: Seat?
    /// Number of the last event this connection was sent.
    private(set) var sent: Int
    private(set) var acknowledged = 0
    /// When it last said so.
    private(set) var acknowledgedAt: MonotonicTime?
    /// The session lagged while there was something to tell: it gets the whole view instead.
    private(set) var needsSnapshot = false

    init(session: Session, room: Room, seat: Seat?, sent: Int) {
        self.session = session
        self.room = room
        self.seat = seat
        self.sent = sent
    }

    var viewer: Viewer { seat.map { .seat($0) } ?? .watcher }

    /// Sends what just happened, and behind it what only this member is told.
    ///
    /// - Parameters:
    ///   - shared: the message everybody with the same view gets; nil when there is nothing to tell.
    ///   - answer: this member's own line, such as `ok`.
    /// - Returns: false when the session lags: what it missed comes as a snapshot.
    func deliver(_ shared: Broadcast.Text?, answer: [UInt8]? = nil, sequence: Int) -> Bool {
        if session.isLagging {
            if shared != nil { needsSnapshot = true }
            if let answer { session.hold(answer) }
            return false
        }
        sent = sequence
        switch (shared, answer) {
        case (let shared?, nil): session.send(shared.message)
        case (let shared?, let answer?) where shared.isPublic: session.send(publicLines: shared.lines(with: answer))
        case (let shared?, let answer?): session.send(lines: shared.lines(with: answer))
        case (nil, let answer?): session.send(lines: [answer])
        case (nil, nil): break
        }
        return true
    }

    /// Sends the whole view; numbers up to `sequence` count as sent.
    func send(snapshot: [UInt8], status: [UInt8]? = nil, sequence: Int) {
        needsSnapshot = false
        sent = sequence
        let lines = [snapshot, status].compactMap(\.self)
        if seat == nil { session.send(publicLines: lines) } else { session.send(lines: lines) }
    }

    /// Asked for the view while lagging: it comes when the queue has drained.
    func owesSnapshot() { needsSnapshot = true }

    /// - Throws: `bad_request` for a number that was never sent.
    func acknowledge(_ sequence: Int) throws(Rejection) {
        guard (0...sent).contains(sequence) else {
            throw .badRequest("seq is \(sequence): \(sent) is the last one sent")
        }
        acknowledged = max(acknowledged, sequence)
        acknowledgedAt = session.services.timeline.now
        if !isBehind { isReportedBehind = false }
    }

    /// Events it was sent and has not applied; nil for a client that never says, which costs it nothing.
    var gap: Int? { acknowledgedAt == nil ? nil : sent - acknowledged }

    /// It says how far it is, and that is far behind.
    var isBehind: Bool { gap.map { $0 > session.services.configuration.slow.gapEvents } ?? false }

    /// Observers have been told that it is behind.
    var isReportedBehind = false

    /// Behind for so long that it will not catch up by itself, although it reads.
    func isOutOfStep(at now: MonotonicTime) -> Bool {
        guard isBehind, !session.isLagging, let last = acknowledgedAt else { return false }
        return now - last > .milliseconds(session.services.configuration.slow.gapMs)
    }

    var membership: Membership {
        Membership(client: session.client, room: room.id, game: room.state.game, seat: seat)
    }
}
