import PluginAPI
import WebSocket

// What a room tells, and whom: all of it after the commit.

extension Room {
    func isAttached(_ member: Member) -> Bool { members.contains { $0 === member } }

    /// The member itself, or the one its session became by joining again; nil when neither is in the room.
    func attached(_ member: Member) -> Member? {
        members.first { $0 === member } ?? members.first { $0.session === member.session && $0.seat == member.seat }
    }

    func member(in seat: Seat) -> Member? { members.first { $0.seat == seat } }

    /// Tells everybody what just happened; whoever asked for it gets the `ok` behind the events, in one message.
    ///
    /// - Returns: to how many it was handed.
    func tell(_ events: [RenderedEvent], at: Timestamp, _ completion: Completion) -> Told {
        // That a room is closed is said by `bye`.
        let changed = !state.isClosed && refreshStatus()
        let line = changed ? status.message(id, rev: rev, now: services.timeline.now) : nil
        var broadcast = Broadcast(room: id, events: events, at: at, status: line)
        var told = Told()
        for member in members {
            let answer = answer(to: member, completion)
            let isHanded = member.deliver(
                broadcast.text(for: state.viewerIndex(of: member.viewer)), answer: answer, sequence: state.sequence)
            told.receivers += isHanded ? 1 : 0
            told.collapsed += isHanded ? 0 : 1
            // What waits with us has not failed yet: it is pending, and counted as that.
            if isHanded, member.session.isUnanswering, !member.session.isHeldUp { told.unanswering += 1 }
            if member.isBehind { services.behind.note(member) }
        }
        return told
    }

    /// Whom a broadcast reached.
    struct Told {
        var receivers = 0
        /// They lag and get a snapshot later.
        var collapsed = 0
        /// Receivers that have left a ping unanswered.
        var unanswering = 0
    }

    func delivered(
        _ told: Told, _ events: Int, upTo sequence: Int, durable: MonotonicTime, arrived: MonotonicTime?
    ) {
        let now = services.timeline.exactNow
        services.middleware.deliver(
            Delivery(
                room: id, game: state.game, sequence: sequence, events: events, receivers: told.receivers,
                collapsed: told.collapsed, unanswering: told.unanswering, delay: Elapsed(from: durable, to: now),
                sinceAsked: arrived.map { Elapsed(from: $0, to: now) }))
    }

    /// A member applied events up to `sequence`.
    func acknowledged(_ member: Member, _ sequence: Int) {
        let now = services.timeline.now
        if !member.isBehind { services.behind.forget(member) }
        services.middleware.acknowledge(
            Acknowledgement(
                client: member.session.client, room: id, game: state.game, sequence: sequence, sent: member.sent,
                delay: commitTimes[sequence].map { Elapsed(from: $0, to: now) }))
    }

    private func answer(to member: Member, _ completion: Completion) -> [UInt8]? {
        switch completion {
        case .answer(let actor, let n) where actor === member, .leave(let actor, let n) where actor === member:
            services.observer.requestAnswered(code: nil)
            return ServerMessage.ok(id, n: n, seq: state.sequence)
        default: return nil
        }
    }

    /// - Returns: whether there is something new to tell.
    func refreshStatus() -> Bool {
        let new = RoomStatus(of: state, attendance: attendance, timers: timers)
        guard new != status else { return false }
        status = new
        rev += 1
        return true
    }

    /// Tells a change of what is not stored: somebody shown as away, or back.
    func tellStatus() {
        if refreshStatus() { tellStatusLine() }
    }

    private func tellStatusLine(except newcomer: Member? = nil) {
        let text = Broadcast.Text(
            events: nil, status: status.message(id, rev: rev, now: services.timeline.now), isPublic: true)
        for member in members where member !== newcomer { _ = member.deliver(text, sequence: member.sent) }
    }

    func chat(_ text: String, by seat: Seat) {
        let line = ServerMessage.chat(
            id, seat: seat, name: state.seats[seat.index].name, text: text, at: services.timeline.wallClock)
        let message = EncodedMessage(text: line)
        for member in members where !member.session.isLagging { member.session.send(message) }
    }

    func notify(_ kind: NoticeKind, _ text: String) {
        guard !members.isEmpty else { return }
        let message = EncodedMessage(text: ServerMessage.notice(kind, text: text))
        for member in members where !member.session.isLagging { member.session.send(message) }
    }

    func sendSnapshot(to member: Member, _ reason: SnapshotReason) {
        let withStatus =
            reason == .lagging || reason == .recovered ? status.message(id, rev: rev, now: services.timeline.now) : nil
        member.send(snapshot: snapshotLine(for: member.viewer, reason), status: withStatus, sequence: state.sequence)
        services.middleware.recover(.snapshot(member.session.client, id, reason: reason.rawValue))
    }

    private func snapshotLine(for viewer: Viewer, _ reason: SnapshotReason) -> [UInt8] {
        ServerMessage.snapshot(id, seq: state.sequence, view: view(for: viewer), reason: reason)
    }

    /// Null before the start: there is nothing to see yet.
    func view(for viewer: Viewer) -> [UInt8] {
        state.match.phase == .waiting ? Array("null".utf8) : state.match.view(for: viewer)
    }

    // MARK: Coming

    /// Seats a player's connection: the newest wins, the older one is told to stay away.
    func admit(_ arrival: Arrival, _ seat: Seat) {
        let session = arrival.session
        guard session.isOpen else {
            // Gone again before the answer: the seat waits for its player like after any drop.
            if member(in: seat) == nil { absent(seat) }
            tellStatus()
            return
        }
        let older = member(in: seat)
        members.removeAll { $0 === older || $0.session === session }
        let member = Member(session: session, room: self, seat: seat, sent: state.sequence)
        members.append(member)
        session.joined(member)
        let othersLearn = refreshStatus()
        switch arrival {
        case .repeated(let join):
            session.send(lines: [joined(member, .new, id: join.id, secret: join.secret)])
            services.observer.requestAnswered(code: nil)
        case .resumed(let resume): welcomeBack(member, resume)
        }
        if othersLearn { tellStatusLine(except: member) }
        if let older, older.session !== session { older.session.expelled(from: self, .superseded) }
        attendance.arrived(seat)
        session.watchOver()
    }

    func admitWatcher(_ session: Session, id request: RequestID?, resume: ResumeRequest?) {
        guard session.isOpen else { return }
        members.removeAll { $0.session === session }
        let member = Member(session: session, room: self, seat: nil, sent: state.sequence)
        members.append(member)
        session.joined(member)
        if let resume { return welcomeBack(member, resume) }
        session.send(lines: [joined(member, .new, id: request, secret: nil)])
        services.observer.requestAnswered(code: nil)
    }

    /// The one verdict of a resume, and exactly what follows from it.
    private func welcomeBack(_ member: Member, _ resume: ResumeRequest) {
        let sameHistory =
            resume.epoch == state.epoch && state.status != .finished
            && (distrustedUpTo == 0 || resume.sequence > distrustedUpTo)
        let missed = sameHistory ? resync.missed(after: resume.sequence, head: state.sequence) : nil
        let verdict: ResumeVerdict = missed.map { $0.isEmpty ? .live : .replayed } ?? .snapshot
        services.middleware.resume(
            Resumption(
                client: member.session.client, room: id, verdict: verdict.word,
                missed: max(0, state.sequence - resume.sequence)))
        var lines = [joined(member, verdict, id: nil, secret: resume.secret)]
        switch verdict {
        case .new, .live: break
        case .replayed: lines += replay(missed ?? [], for: member.viewer)
        case .snapshot: lines.append(snapshotLine(for: member.viewer, .resume))
        }
        member.session.send(lines: lines)
    }

    /// Missed events as they were told then: one message per record.
    private func replay(_ missed: ArraySlice<Resync.Kept>, for viewer: Viewer) -> [[UInt8]] {
        let view = state.viewerIndex(of: viewer)
        var lines: [[UInt8]] = []
        var batch = missed
        while let first = batch.first {
            let together = batch.prefix { $0.at == first.at }
            guard let last = together.last else { break }
            lines.append(
                ServerMessage.events(
                    id, together.map { $0.event.views[view] }, last: last.event.sequence, at: first.at))
            batch = batch.dropFirst(together.count)
        }
        return lines
    }

    private func joined(
        _ member: Member, _ verdict: ResumeVerdict, id request: RequestID?, secret: SeatSecret?
    ) -> [UInt8] {
        var text = ServerMessage.start("joined", room: id)
        ServerMessage.append(request, to: &text)
        text.append(json: #","game":{"id":"#)
        text.append(jsonString: state.match.manifest.id)
        ServerMessage.append("version", state.match.manifest.version, to: &text)
        text.append(json: #"},"seat":"#)
        if let seat = member.seat { text.append(jsonInteger: seat.index) } else { text.append(json: "null") }
        text.append(json: #","secret":"#)
        if let secret { text.append(jsonString: secret.text) } else { text.append(json: "null") }
        text.append(json: #","epoch":"#)
        text.append(jsonString: state.epoch)
        ServerMessage.append("seq", state.sequence, to: &text)
        text.append(json: #","resume":"#)
        text.append(jsonString: verdict.rawValue)
        let seat = member.seat.map { state.seats[$0.index] }
        ServerMessage.append("last_n", seat?.lastN ?? 0, to: &text)
        text.append(json: #","results":["#)
        for (index, answer) in (seat?.answers ?? []).enumerated() {
            text.append(json: index == 0 ? #"{"n":"# : #",{"n":"#)
            text.append(jsonInteger: answer.n)
            ServerMessage.append("seq", answer.seq, to: &text)
            text.append(json: "}")
        }
        text.append(json: "]")
        if verdict == .new {
            text.append(json: #","view":"#)
            text.append(json: view(for: member.viewer))
        }
        text.append(json: #","status":"#)
        text.append(json: status.object(id, rev: rev, now: services.timeline.now))
        text.append(json: "}")
        return text
    }

    // MARK: Going

    /// Takes a member out; what it means for its seat is not decided here.
    func detach(_ member: Member, n: Int) {
        members.removeAll { $0 === member }
        member.session.left(member, CommandAnswer(n: n, seq: state.sequence))
    }

    /// The connection is gone. The seat is not: its player has time to come back.
    func disconnected(_ member: Member) {
        guard isAttached(member) else { return }
        members.removeAll { $0 === member }
        services.middleware.detach(member.membership)
        if member.seat != nil { services.middleware.drop(member.membership) }
        if let seat = member.seat, state.seats[seat.index].occupant == .human { absent(seat) }
        rearm()
    }

    func absent(_ seat: Seat) {
        let rooms = services.configuration.rooms
        let grace: Int? =
            switch state.status {
            case .waiting: rooms.waitingGraceMs
            case .playing: rooms.graceMs
            case .finished, .closed: nil
            }
        attendance.dropped(
            seat, at: services.timeline.now, quiet: .milliseconds(rooms.quietDropMs),
            grace: grace.map { .milliseconds($0) })
    }

    /// Seats that changed hands: whoever sat there is told that the room is over for them.
    ///
    /// - Parameter before: the room until now, where it did not come here step by step; then a seat may be another
    ///   person's all at once.
    func evictStrangers(since before: RoomState? = nil) {
        for member in members {
            guard let seat = member.seat else { continue }
            let isTheirs = before.map { $0.seats[seat.index].secret == state.seats[seat.index].secret } ?? true
            guard state.seats[seat.index].occupant != .human || !isTheirs else { continue }
            members.removeAll { $0 === member }
            member.session.expelled(from: self, .kicked)
        }
    }
}
