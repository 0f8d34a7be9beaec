import PluginAPI
import WebSocket

/// One client's conversation: it decodes and routes; rooms decide.
///
/// Lives on its connection's loop.
final class Session {
    /// A place kept for a room until it has answered.
    private struct Reservation {
        /// What was brought along; nil for a watcher's chair or a resume.
        var secret: Digest?
        /// Requests on their way: a refusal ends one of them.
        var requests = 1
    }

    let number: UInt64
    let services: LoopServices
    unowned let directory: RoomDirectory
    private unowned let sessions: SessionDirectory
    private let outlet: any Outlet
    private let opened: MonotonicTime
    private var helloAlarm: Alarm?
    private(set) var isOpen = true
    private(set) var hasGreeted = false
    private(set) var members: [Member] = []
    /// Rooms asked for that have not answered yet, each holding a place.
    private var pending: [RoomID: Reservation] = [:]
    /// How rooms were left, as many as a connection may hold: a repeated `leave` gets its answer again, and what was on
    /// its way to a room that is over is no mistake.
    private(set) var departed: [RoomID: CommandAnswer] = [:]
    private(set) var client = ""
    var limiter: RequestLimiter
    private var liveness: Liveness
    private var backlog = Backlog()

    init(
        _ number: UInt64, outlet: any Outlet, services: LoopServices, directory: RoomDirectory,
        sessions: SessionDirectory
    ) {
        let now = services.timeline.now
        let configuration = services.configuration
        self.number = number
        self.outlet = outlet
        self.services = services
        self.directory = directory
        self.sessions = sessions
        opened = now
        limiter = RequestLimiter(configuration.limits, at: now)
        liveness = Liveness(configuration.heartbeat)
        let helloBy = now + .milliseconds(configuration.heartbeat.helloMs)
        helloAlarm = services.timeline.alarm(at: helloBy) { [weak self] in self?.close(.noHello) }
        services.observer.sessionOpened()
    }

    /// What waits because the peer does not read.
    var unsentBytes: Int { outlet.unsentBytes }

    // MARK: From the connection

    /// One text message: a JSON object on every line.
    func receive(_ text: [UInt8]) {
        guard isOpen else { return }
        // Every message counts, be it empty or too large; then every further object in it.
        guard limiter.takeAny(at: services.timeline.now) else { return close(.abuse) }
        let limit = services.configuration.limits.messageBytes
        guard text.count <= limit else {
            guard hasGreeted else { return close(.protocolError) }
            return refuse(.tooLarge(text.count, limit: limit))
        }
        var isFirst = true
        for line in text.split(separator: UInt8(ascii: "\n")) where isOpen {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            guard isFirst || limiter.takeAny(at: services.timeline.now) else { return close(.abuse) }
            isFirst = false
            receive(line: Array(line))
        }
    }

    /// Binary messages are not part of the protocol.
    func receivedBinary() {
        guard isOpen else { return }
        shut(CloseCode(rawValue: 1003), reason: "text messages only")
    }

    /// What the kernel had refused is on its way: a client that lagged gets the whole view once.
    func drained() {
        guard isOpen, backlog.isLagging else { return }
        let held = backlog.caughtUp()
        for member in members where member.needsSnapshot { member.room.sendSnapshot(to: member, .lagging) }
        if !held.isEmpty { send(lines: held) }
    }

    /// The connection is gone; its seats wait for their players.
    func closed(code: UInt16) {
        isOpen = false
        stopClocks()
        let leaving = members
        members = []
        for member in leaving { member.room.disconnected(member) }
        services.observer.sessionClosed(code: code, lasted: services.timeline.now - opened)
        sessions.remove(self)
    }

    private func receive(line: [UInt8]) {
        let fields: MessageFields
        do {
            let json = try JSON(parsing: line, maxDepth: ClientMessage.maxDepth)
            guard json.members != nil else { throw Rejection.badRequest("a message is a JSON object") }
            fields = MessageFields(json)
        } catch {
            guard hasGreeted else { return close(.protocolError) }
            let rejection = error as? Rejection ?? .badRequest("not JSON: \(FlatDecoder.describe(error))")
            return refuse(rejection)
        }
        let type = fields["type"]?.string
        guard hasGreeted != (type == "hello") else { return close(.protocolError) }
        let echo = fields.echo
        if RequestLimiter.counts(type) {
            switch limiter.takeRequest(at: services.timeline.now) {
            case .granted: break
            case .wait(let ms, let isHalfway):
                refuse(.rateLimited(retryMs: ms), room: echo.room, n: echo.n, id: echo.id)
                if isHalfway { warnOfRate() }
                return
            case .abuse: return close(.abuse)
            }
        }
        do {
            try handle(try ClientMessage(fields))
        } catch {
            guard hasGreeted else { return close(.protocolError, detail: "hello: \(error.refusal.message)") }
            refuse(error, room: echo.room, n: echo.n, id: echo.id)
        }
    }

    // MARK: To the client

    func send(_ message: EncodedMessage) {
        guard isOpen else { return }
        outlet.send(message)
        noteBacklog()
    }

    /// One message of several JSON objects.
    func send(lines: [[UInt8]]) {
        guard isOpen else { return }
        outlet.send(text: joinedLines(lines))
        noteBacklog()
    }

    func refuse(
        _ rejection: Rejection, room: RoomID? = nil, n: Int? = nil, id: RequestID? = nil, ends asked: RoomID? = nil
    ) {
        if let asked { endRequest(for: asked) }
        services.observer.requestAnswered(code: rejection.refusal.code)
        let line = ServerMessage.no(rejection, room: room, n: n, id: id)
        answer(line)
    }

    /// Sends an answer, or keeps it until the client has caught up.
    func answer(_ line: [UInt8]) {
        if backlog.isLagging { hold(line) } else { send(lines: [line]) }
    }

    private func warnOfRate() {
        let limits = services.configuration.limits
        let text = "\(limits.ratePerS) requests a second: after \(limits.refusalsBeforeClose) refusals in a row it ends"
        answer(ServerMessage.notice(.rateLimited, text: text))
    }

    /// Ends the connection for a reason of the protocol's own.
    ///
    /// - Parameter detail: what exactly was wrong, in place of the usual reason of the close frame.
    func close(_ why: Disconnect, afterMs: Int? = nil, detail: String? = nil) {
        guard isOpen else { return }
        send(lines: [ServerMessage.bye(why, afterMs: afterMs)])
        shut(why.closeCode, reason: detail.map { Self.closeReason($0) } ?? why.reason)
    }

    /// As much of a sentence as a close frame holds: 123 bytes (RFC 6455 §5.5), in whole characters.
    private static func closeReason(_ sentence: String) -> String {
        var reason = ""
        for character in sentence {
            guard reason.utf8.count + character.utf8.count <= 123 else { break }
            reason.append(character)
        }
        return reason
    }

    private func shut(_ code: CloseCode, reason: String) {
        guard isOpen else { return }
        isOpen = false
        stopClocks()
        outlet.close(code, reason: reason)
    }

    private func stopClocks() {
        helloAlarm?.cancel()
        helloAlarm = nil
        liveness.stop()
        backlog.stop()
    }

    // MARK: Greeting

    func greeted(by client: String) {
        hasGreeted = true
        self.client = client
        helloAlarm?.cancel()
        helloAlarm = nil
        watchOver()
    }

    // MARK: Rooms

    func member(in room: RoomID) -> Member? { members.first { $0.room.id == room } }

    /// - Throws: `bad_request` when the connection holds as many rooms as it may, or this one already.
    func reserve(_ room: RoomID, for secret: Digest? = nil) throws(Rejection) {
        let limit = services.configuration.limits.roomsPerConnection
        if let asked = pending[room] {
            // The same request once more means the same seat; any other would be a second one.
            guard let secret, asked.secret == secret else {
                throw .badRequest("you are joining this room already")
            }
            pending[room]?.requests += 1
            return
        }
        guard members.count + pending.count < limit else {
            throw .badRequest("a connection holds up to \(limit) rooms")
        }
        pending[room] = Reservation(secret: secret)
        departed[room] = nil
    }

    private func endRequest(for room: RoomID) {
        pending[room]?.requests -= 1
        if pending[room]?.requests == 0 { pending[room] = nil }
    }

    func joined(_ member: Member) {
        pending.removeValue(forKey: member.room.id)
        members.removeAll { $0.room === member.room }
        members.append(member)
    }

    func left(_ member: Member, _ answer: CommandAnswer) {
        members.removeAll { $0 === member }
        depart(from: member.room.id, answer)
    }

    private func depart(from room: RoomID, _ answer: CommandAnswer) {
        let limit = services.configuration.limits.roomsPerConnection
        if departed[room] == nil, departed.count >= limit, let any = departed.keys.first { departed[any] = nil }
        departed[room] = answer
    }

    /// One room is over for this connection; the connection too when it was the last.
    func expelled(from room: Room, _ why: Disconnect) {
        members.removeAll { $0.room === room }
        guard isOpen else { return }
        // No command was answered by it; 0 is nobody's number.
        depart(from: room.id, CommandAnswer(n: 0, seq: room.state.sequence))
        send(lines: [ServerMessage.bye(why, room: room.id)])
        if members.isEmpty, pending.isEmpty { shut(why.closeCode, reason: why.reason) }
    }

    // MARK: Slow readers

    var isLagging: Bool { backlog.isLagging }

    /// Keeps an answer until the client has caught up: it must not overtake the snapshot before it.
    func hold(_ answer: [UInt8]) {
        if !backlog.hold(answer) { close(.slow) }
    }

    private func noteBacklog() {
        let slow = services.configuration.slow
        guard !backlog.isLagging, outlet.unsentBytes > slow.laggingBytes else { return }
        let by = services.timeline.now + .milliseconds(slow.laggingMs)
        backlog.fellBehind(services.timeline.alarm(at: by) { [weak self] in self?.close(.slow) })
    }

    // MARK: Liveness

    /// Looks again at when to ask for a sign of life: sooner while a room waits for this client.
    func watchOver() {
        guard isOpen, hasGreeted else { return }
        let waited = members.contains { member in
            member.seat.map { member.room.state.waiting?.seats.contains($0) ?? false } ?? false
        }
        liveness.watch(waited: waited, lastReceived: outlet.lastReceived, on: services.timeline) { [weak self] in
            self?.checkLife()
        }
    }

    private func checkLife() {
        guard isOpen else { return }
        switch liveness.check(at: services.timeline.now, lastReceived: outlet.lastReceived) {
        case .wait: break
        case .sendPing: send(lines: [ServerMessage.ping(now: services.timeline.wallClock)])
        case .drop: return close(.heartbeat)
        }
        watchOver()
    }
}
