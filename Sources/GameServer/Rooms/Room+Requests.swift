import PluginAPI
import WebSocket

// Requests, one by one, while no record is on its way.

extension Room {
    func handle(_ request: RoomRequest) {
        switch request {
        case .join(let join): handle(join)
        case .resume(let resume): handle(resume)
        case .watch(let session, _) where session.member(in: self.id) != nil: refuse(request, .alreadyInRoom)
        case .watch(let session, let id): admitWatcher(session, id: id, resume: nil)
        case .act(let member, let n, let base, let action):
            command(of: member, n, then: Completion.answer) { seat throws(Rejection) in
                try state.acted(action, by: seat, n: n, base: base, context())
            }
        case .order(let member, let n, let order):
            command(of: member, n, then: Completion.answer) { seat throws(Rejection) in
                try state.ordered(order, by: seat, n: n, context())
            }
        case .leave(let member, let n): leave(member, n)
        }
        if !isGone { rearm() }
    }

    /// Numbers a command, decides it and sends it to the store; or says no.
    private func command(
        of member: Member, _ n: Int, then completion: (Member, Int) -> Completion,
        decide: (Seat) throws(Rejection) -> Draft
    ) {
        guard let member = attached(member) else { return answerDeparted(member, n) }
        guard let seat = member.seat else { return refuse(member, n, .notJoined) }
        if let known = settled(seat, n) {
            switch known {
            case .success(let answer): repeated(member, answer)
            case .failure(let rejection): refuse(member, n, rejection)
            }
            return
        }
        do {
            commit(try decide(seat), then: completion(member, n))
        } catch {
            refuse(member, n, error)
        }
    }

    /// What is already known of a command number; nil for the next one.
    private func settled(_ seat: Seat, _ n: Int) -> Result<CommandAnswer, Rejection>? {
        let known = state.seats[seat.index]
        if n == known.lastN + 1 { return nil }
        if let answer = known.answers.first(where: { $0.n == n }) { return .success(answer) }
        return .failure(.badNumber(n, expected: known.lastN + 1))
    }

    private func leave(_ member: Member, _ n: Int) {
        guard let member = attached(member) else { return answerDeparted(member, n) }
        guard member.seat != nil else {
            member.session.send(lines: [ServerMessage.ok(id, n: n, seq: state.sequence)])
            services.observer.requestAnswered(code: nil)
            return detach(member, n: n)
        }
        command(of: member, n, then: Completion.leave) { seat throws(Rejection) in
            try state.left(seat, n: n, connected: attendance.connected.subtracting([seat]), context())
        }
    }

    /// A command queued behind the `leave` of its own connection. What a superseded connection asked for is settled by
    /// the newer one.
    private func answerDeparted(_ member: Member, _ n: Int) {
        guard let answer = member.session.departed[id] else { return }
        guard answer.n == n else { return member.session.refuse(.notJoined, room: id, n: n) }
        services.observer.requestAnswered(code: "repeated")
        member.session.answer(ServerMessage.ok(id, n: n, seq: answer.seq))
    }

    private func handle(_ join: JoinRequest) {
        guard join.session.isOpen else { return }
        let known = state.seat(openedBy: join.secret.digest)
        // It may have come in by another request since it asked.
        if let member = join.session.member(in: id), known == nil || member.seat != known {
            return refuse(.join(join), .alreadyInRoom)
        }
        if let known { return arrive(.repeated(join), known) }
        do {
            let (seat, draft) = try state.joined(
                name: join.name, secret: join.secret.digest, wish: join.wish, context())
            commit(draft, then: .seat(join, seat))
        } catch {
            refuse(.join(join), error)
        }
    }

    private func handle(_ resume: ResumeRequest) {
        guard resume.session.isOpen else { return }
        guard let secret = resume.secret else { return admitWatcher(resume.session, id: nil, resume: resume) }
        guard let seat = state.seat(openedBy: secret.digest) else { return refuse(.resume(resume), .badSecret) }
        arrive(.resumed(resume), seat)
    }

    /// A known player comes back. Where that changes something durable, it waits for its record.
    private func arrive(_ arrival: Arrival, _ seat: Seat) {
        let context = context()
        let afterPause = attendance.isPaused ? timers.timersAfterPause(wallClock: context.at) : nil
        guard afterPause?.isEmpty == false || state.returnIsRecorded(seat) else {
            arrived(seat)
            return admit(arrival, seat)
        }
        do {
            commit(try state.returned(seat, timers: afterPause, context), then: .return(arrival, seat))
        } catch {
            if let fault = error.fault { self.fault(fault) }
            refuse(arrival, error)
        }
    }

    // MARK: After the commit

    func complete(_ completion: Completion) {
        switch completion {
        case .nothing, .answer: break  // told together with the events
        case .created(let join): admit(.repeated(join), 0)
        case .seat(let join, let seat): admit(.repeated(join), seat)
        case .return(let arrival, let seat): admit(arrival, seat)
        case .leave(let member, let n): detach(member, n: n)
        }
    }

    // MARK: Saying no

    func refuse(_ completion: Completion, _ rejection: Rejection) {
        switch completion {
        case .nothing: break
        case .answer(let member, let n), .leave(let member, let n): refuse(member, n, rejection)
        case .seat(let join, _), .created(let join): refuse(.join(join), rejection)
        case .return(let arrival, _): refuse(arrival, rejection)
        }
    }

    func refuse(_ request: RoomRequest, _ rejection: Rejection) {
        switch request {
        case .join(let join): join.session.refuse(rejection, room: id, id: join.id, ends: id)
        case .resume(let resume):
            services.middleware.resume(
                Resumption(client: resume.session.client, room: id, verdict: .refused, missed: 0))
            resume.session.refuse(rejection, room: id, ends: id)
        case .watch(let session, let request): session.refuse(rejection, room: id, id: request, ends: id)
        case .act(let member, let n, _, _), .order(let member, let n, _), .leave(let member, let n):
            refuse(member, n, rejection)
        }
    }

    private func refuse(_ arrival: Arrival, _ rejection: Rejection) {
        switch arrival {
        case .repeated(let join): refuse(.join(join), rejection)
        case .resumed(let resume): refuse(.resume(resume), rejection)
        }
    }

    private func refuse(_ member: Member, _ n: Int, _ rejection: Rejection) {
        if let fault = rejection.fault { self.fault(fault) }
        guard let member = attached(member) else { return }  // its session is gone, or belongs to nobody here any more
        member.session.refuse(rejection, room: id, n: n)
    }

    private func repeated(_ member: Member, _ answer: CommandAnswer) {
        services.observer.requestAnswered(code: "repeated")
        _ = member.deliver(nil, answer: ServerMessage.ok(id, n: answer.n, seq: answer.seq), sequence: member.sent)
    }
}
