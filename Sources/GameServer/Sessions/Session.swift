import PluginAPI
import WebSocket

/// One client's conversation: it decodes and routes; rooms decide.
///
/// Lives on its connection's loop.
final class Session {
    let services: LoopServices
    unowned let sessions: SessionDirectory
    let outlet: any Outlet
    /// The way to its home, for a session on a loop that is not its connection's.
    let link: HomeLink?
    let opened: MonotonicTime
    var flow = Flow()
    private(set) var isOpen = true
    private(set) var hasGreeted = false
    var places: Places
    /// Where it is a guest itself; nil while it needs no other loop.
    var branches: Branches?
    private var itinerary: Itinerary?
    /// The connection as middleware knows it.
    let client: Client
    /// What came and went so far: messages, and the bytes in them.
    var traffic = Traffic()
    var liveness = Liveness()
    var backlog = Backlog()

    private init(
        _ client: Client, outlet: any Outlet, link: HomeLink? = nil, opened: MonotonicTime, hasGreeted: Bool,
        in sessions: SessionDirectory
    ) {
        self.client = client
        self.outlet = outlet
        self.link = link
        self.opened = opened
        self.hasGreeted = hasGreeted
        self.sessions = sessions
        services = sessions.services
        places = Places(limit: services.configuration.limits.roomsPerConnection)
    }

    convenience init(_ client: Client, outlet: any Outlet, in sessions: SessionDirectory) {
        self.init(
            client, outlet: outlet, opened: sessions.services.timeline.now, hasGreeted: false, in: sessions)
        awaitHello()
        services.observer.sessionOpened()
    }

    /// One that comes from another loop.
    convenience init(_ ticket: SessionTicket, outlet: any Outlet, in sessions: SessionDirectory) {
        self.init(
            ticket.client.value, outlet: outlet, opened: ticket.opened, hasGreeted: ticket.hasGreeted, in: sessions)
        traffic = ticket.traffic
        liveness = ticket.liveness
        backlog.takeUp(ticket.backlog)
        if !hasGreeted { awaitHello() }
        if backlog.since != nil { services.backlogged.note(self) }
        if isAsked { services.asked.note(self) }
        watchOver()
    }

    /// A guest, which speaks through its home.
    convenience init(guest client: Client, _ link: HomeLink, in sessions: SessionDirectory) {
        self.init(
            client, outlet: link, link: link, opened: sessions.services.timeline.now, hasGreeted: true, in: sessions)
    }

    private func awaitHello() {
        outlet.wake(at: opened + .milliseconds(services.configuration.heartbeat.helloMs))
    }

    var directory: RoomDirectory { sessions.rooms }
    var number: UInt64 { client.id }

    // MARK: From the connection

    /// One text message: a JSON object on every line.
    func receive(_ text: [UInt8]) {
        guard isOpen else { return }
        received(bytes: text.count)
        let limit = services.configuration.limits.messageBytes
        guard text.count <= limit else { return refuseTooLarge(text.count, limit: limit) }
        if !receive(linesOf: text) { _ = admit(.empty, bytes: text.count) }
    }

    /// - Parameter isAdmitted: whether the guards have let the first line in already.
    /// - Returns: whether there was any.
    private func receive(linesOf text: [UInt8], isAdmitted: Bool = false) -> Bool {
        var isAdmitted = isAdmitted
        var isEmpty = true
        for line in text.split(separator: UInt8(ascii: "\n")) where isOpen {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            isEmpty = false
            receive(line: Array(line), isAdmitted: isAdmitted)
            isAdmitted = false
            if let itinerary, itinerary.destination != nil {
                itinerary.rest = Array(text[line.startIndex...])
                break
            }
        }
        return !isEmpty
    }

    // MARK: To and from other loops

    /// Has the message at hand, and all that follows, handled on another loop.
    func depart(to loop: Int) { plan { $0.destination = loop } }

    /// The loop it has to go on at.
    var destination: Int? { itinerary?.destination }
    /// What it has not handled there of the message at hand.
    var rest: [UInt8] { itinerary?.rest ?? [] }
    /// Whether another loop owes it an answer.
    var awaitsLists: Bool { itinerary.map { $0.openLists > 0 } ?? false }

    func plan(_ change: (Itinerary) -> Void) {
        let itinerary = itinerary ?? Itinerary()
        self.itinerary = itinerary
        change(itinerary)
    }

    /// The connection goes; what is left of it here is forgotten.
    func departed(from sessions: SessionDirectory) {
        end()
        services.backlogged.forget(self)
        services.asked.forget(self)
        sessions.remove(self)
    }

    /// Goes on with what was not handled where it came from.
    func goOn(with rest: [UInt8]) { _ = receive(linesOf: rest, isAdmitted: true) }

    // MARK: The end

    private func received(bytes: Int) {
        traffic.received(bytes)
        services.traffic.received(bytes)
        if liveness.isUnheard { heardAgain() }
    }

    private func refuseTooLarge(_ bytes: Int, limit: Int) {
        guard admit(.tooLarge, bytes: bytes) else { return }
        guard hasGreeted else { return close(.protocolError) }
        refuse(.tooLarge(bytes, limit: limit))
    }

    /// Asks the guards.
    ///
    /// - Returns: whether the message may be acted on; if not, the client has been told.
    private func admit(
        _ form: InboundMessage.Form, type: String = "", bytes: Int, body: JSON = .null, roundTrip: Elapsed? = nil,
        echo: MessageFields.Echo = (nil, nil, nil)
    ) -> Bool {
        let now = Elapsed(nanoseconds: services.timeline.now.nanoseconds)
        let message = InboundMessage(
            client: client, form: form, type: type, bytes: bytes, body: body, roundTrip: roundTrip, now: now)
        switch services.middleware.receive(message) {
        case .pass: return true
        case .refuse(let refusal, let retryMs, let warning):
            guard hasGreeted else {
                close(.protocolError, detail: "hello: \(refusal.message)")
                return false
            }
            refuse(Rejection(refusal, retryMs: retryMs), room: echo.room, n: echo.n, id: echo.id)
            if let warning { answer(ServerMessage.notice(.rateLimited, text: warning)) }
        case .close(.abuse): close(.abuse)
        case .close(.badToken): close(.badToken)
        }
        return false
    }

    /// Binary messages are not part of the protocol.
    func receivedBinary(_ bytes: Int) {
        guard isOpen else { return }
        received(bytes: bytes)
        shut(CloseCode(rawValue: 1003), reason: "text messages only")
    }

    /// What the kernel had refused is on its way: a client that lagged gets the whole view once.
    func drained() {
        services.backlogged.forget(self)
        let hasLagged = backlog.isLagging
        let held = backlog.caughtUp()
        guard hasLagged else { return }
        if link == nil {
            services.middleware.lag(Lag(client: client, phase: .ended, unsentBytes: outlet.unsentBytes))
            orderGuests(.catchUp)
        }
        guard isOpen else { return }
        for member in members where member.needsSnapshot { member.room.sendSnapshot(to: member, .lagging) }
        if !held.isEmpty { send(lines: held) }
    }

    /// The connection is gone; its seats wait for their players.
    func closed(code: UInt16, isClean: Bool = false, fault: String? = nil) {
        end()
        endGuests()
        services.backlogged.forget(self)
        services.asked.forget(self)
        if backlog.isLagging {
            _ = backlog.caughtUp()
            services.middleware.lag(Lag(client: client, phase: .ended, unsentBytes: 0))
        }
        for member in places.giveUpAll() { member.room.disconnected(member) }
        services.middleware.close(
            Departure(
                client: client, code: code, isClean: isClean, fault: fault,
                lasted: Elapsed(services.timeline.now - opened), messagesIn: traffic.messagesIn,
                messagesOut: traffic.messagesOut, bytesIn: traffic.bytesIn, bytesOut: traffic.bytesOut,
                greeted: hasGreeted))
        services.observer.sessionClosed()
        sessions.remove(self)
    }

    private func receive(line: [UInt8], isAdmitted: Bool) {
        let sample = services.samples.next() ? services.timeline.exactNow : nil
        let fields: MessageFields
        do {
            let json = try JSON(parsing: line, maxDepth: ClientMessage.maxDepth)
            guard json.members != nil else { throw Rejection.badRequest("a message is a JSON object") }
            fields = MessageFields(json)
        } catch {
            guard admit(.malformed, bytes: line.count) else { return }
            guard hasGreeted else { return close(.protocolError) }
            let rejection = error as? Rejection ?? .badRequest("not JSON: \(FlatDecoder.describe(error))")
            return refuse(rejection)
        }
        let type = fields["type"]?.string
        let echo = fields.echo
        let roundTrip = type == "pong" ? liveness.answered(at: services.timeline.exactNow).map { Elapsed($0) } : nil
        if let roundTrip { services.observer.pongReceived(after: roundTrip) }
        guard
            isAdmitted
                || admit(
                    .object, type: type ?? "", bytes: line.count, body: fields.json, roundTrip: roundTrip, echo: echo)
        else { return }
        guard hasGreeted != (type == "hello") else { return close(.protocolError) }
        do {
            let message = try ClientMessage(fields)
            if services.neighbours.isAlone { try handle(message) } else { try route(message, line) }
        } catch {
            guard hasGreeted else { return close(.protocolError, detail: "hello: \(error.refusal.message)") }
            refuse(error, room: echo.room, n: echo.n, id: echo.id)
        }
        if let sample { services.observer.messageHandled(type ?? "", Elapsed(services.timeline.exactNow - sample)) }
    }

    /// From now on nothing is said or heard.
    func end() {
        isOpen = false
        stopClocks()
    }

    private func stopClocks() {
        outlet.wake(at: nil)
        backlog.stop()
    }

    // MARK: Greeting

    func greeted(by client: String) {
        hasGreeted = true
        self.client.introduced(as: client)
        watchOver()
    }

    // MARK: Rooms

    var members: [Member] { places.members }
    var departed: [RoomID: CommandAnswer] { places.departed }

    func member(in room: RoomID) -> Member? { places[room] }

    /// - Throws: `bad_request` when the connection holds as many rooms as it may, or this one already.
    func reserve(_ room: RoomID, for secret: Digest? = nil) throws(Rejection) { try places.reserve(room, for: secret) }

    func joined(_ member: Member) {
        let before = places.take(member)
        link?.tell(.joined(member.room.id))
        // Who joins again where it sits has the place it had.
        if let before, before.seat == member.seat { return }
        if let before { services.middleware.detach(before.membership) }
        services.middleware.attach(member.membership)
    }

    func left(_ member: Member, _ answer: CommandAnswer) {
        // The connection may have gone while the `leave` was being stored; then its place was given up with it.
        guard let left = places.leave(member, answer) else { return }
        services.middleware.detach(left.membership)
        link?.tell(.left(member.room.id))
    }

    /// One room is over for this connection; the connection too when it was the last.
    func expelled(from room: Room, _ why: Disconnect) {
        // No command was answered by it; 0 is nobody's number.
        let member = places.expel(from: room, CommandAnswer(n: 0, seq: room.state.sequence))
        if let member { services.middleware.detach(member.membership) }
        guard isOpen else { return }
        send(lines: [ServerMessage.bye(why, room: room.id)])
        // Whether it was the last, the home knows.
        if let link { return link.tell(.expelled(room.id, why)) }
        if places.isEmpty { shut(why.closeCode, reason: why.reason) }
    }
}
