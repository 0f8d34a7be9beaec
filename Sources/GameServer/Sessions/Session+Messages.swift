import PluginAPI
import WebSocket

// What each message leads to. Anything thrown here becomes a `no`.

extension Session {
    func handle(_ message: ClientMessage) throws(Rejection) {
        switch message {
        case .hello(let hello): greet(hello)
        case .list(let id, let game):
            list(game: game, id: id)
        case .create(let create): try self.create(create)
        case .join(let join): try self.join(join)
        case .watch(let id, let room): try watch(room, id)
        case .act(let room, let n, let base, let action):
            let member = try seated(room)
            member.room.submit(.act(member, n: n, base: base, action: action))
        case .host(let room, let n, let order):
            let member = try seated(room)
            member.room.submit(.order(member, n: n, order))
        case .leave(let room, let n): try leave(room, n)
        case .ack(let room, let sequence):
            // One for a room that was left just now is no mistake.
            if let id = RoomID(room), member(in: id) == nil, departed[id] != nil { return }
            let member = try attached(room)
            try member.acknowledge(sequence)
            member.room.acknowledged(member, sequence)
        case .resync(let room): try resync(room)
        case .chat(let room, let text): try chat(room, text)
        case .ping(let t): send(lines: [ServerMessage.pong(t, now: services.timeline.wallClock)])
        case .pong: break
        }
    }

    private func greet(_ hello: ClientMessage.Hello) {
        greeted(by: hello.client)
        send(lines: [ServerMessage.welcome(session: number, services)])
        for entry in hello.resume { resume(entry: entry) }
    }

    func resume(entry: MessageFields) {
        do {
            try resume(try ClientMessage.Resume(entry), entry)
        } catch {
            refuseResume(error, room: entry.echo.room)
        }
    }

    private func resume(_ resume: ClientMessage.Resume, _ entry: MessageFields) throws(Rejection) {
        guard let id = RoomID(resume.room) else { return refuseResume(.roomNotFound, room: nil) }
        if let loop = services.neighbours.elsewhere(id) { return self.resume(id, entry: entry, on: loop) }
        let secret = resume.secret.flatMap { SeatSecret($0) }
        if resume.secret != nil, secret == nil { return refuseResume(.badSecret, room: id) }
        guard member(in: id) == nil else {
            return refuseResume(.alreadyInRoom, room: id)
        }
        do {
            try reserve(id)
        } catch {
            // What is reserved belongs to another entry of the same room.
            return refuseResume(error, room: id)
        }
        let request = ResumeRequest(session: self, secret: secret, epoch: resume.epoch, sequence: resume.seq)
        directory.find(id) { [weak self] found in
            switch found {
            case .success(let room): room.submit(.resume(request))
            case .failure(let rejection): self?.refuseResume(rejection, room: id, ends: id)
            }
        }
    }

    func refuseResume(_ rejection: Rejection, room: RoomID?, ends reserved: RoomID? = nil) {
        services.middleware.resume(Resumption(client: client, room: room, verdict: .refused, missed: 0))
        // The home keeps a place for a guest's room, whether the guest has come to keep one or not.
        if reserved == nil, let room { link?.tell(.refused(room)) }
        refuse(rejection, room: room, ends: reserved)
    }

    private func create(_ create: ClientMessage.Create) throws(Rejection) {
        guard !services.isDraining else { throw .draining }
        guard let game = services.games[create.game] else {
            throw .badRequest("game: there is no game \(create.game.prefix(40))")
        }
        let name = try checked(name: create.name)
        let secret = create.secret ?? ownSecret()
        if let id = directory.room(createdWith: secret.digest) {
            return repeated(create, name: name, secret: secret, in: id)
        }
        guard services.admission.takesRooms(at: services.timeline.now) else {
            throw .overloaded("no rooms are opened until the load falls", retryMs: 10_000)
        }
        if let until = services.quarantined[create.game], services.timeline.now < until {
            throw .overloaded("\(create.game) has faults: no new rooms of it for a while", retryMs: 30_000)
        }
        let (seed, given) = try seed(in: create.options)
        let (match, options) = try game.newMatch(options: given)
        let opening = Record.Opening(
            visibility: create.visibility, options: options, seed: seed, seats: game.manifest.seats.upperBound)
        let state = RoomState(
            room: directory.freshID(createdWith: secret.digest), game: game.manifest.id,
            epoch: SeatSecret(using: &services.luck).text,
            created: services.timeline.wallClock, opening: opening, creator: secret.digest, match: match)
        try reserve(state.room, for: secret.digest)
        link?.tell(.creates(state.room, secret.digest))
        do {
            let room = try directory.open(state)
            let join = JoinRequest(session: self, id: create.id, name: name, wish: nil, secret: secret)
            room.commit(
                state.opened(opening, name: name, secret: secret.digest, room.context()), then: .created(join))
        } catch {
            refuse(error, id: create.id, ends: state.room)
        }
    }

    /// Whoever asks for a room twice wants the one that is there.
    private func repeated(_ create: ClientMessage.Create, name: String, secret: SeatSecret, in room: RoomID) {
        link?.tell(.creates(room, secret.digest))
        do {
            try join(room, JoinRequest(session: self, id: create.id, name: name, wish: nil, secret: secret))
        } catch {
            link?.tell(.refused(room))
            refuse(error, id: create.id)
        }
    }

    /// A secret whose rooms belong to this loop.
    private func ownSecret() -> SeatSecret {
        while true {
            let secret = SeatSecret(using: &services.luck)
            if services.neighbours.elsewhere(ofCreator: secret.digest) == nil { return secret }
        }
    }

    /// Rooms of all loops.
    private func list(game: String?, id: RequestID?) {
        let limit = services.configuration.rooms.lobbyRooms
        guard !services.neighbours.isAlone else {
            return send(publicLines: [ServerMessage.rooms(directory.list(game: game, limit: limit), id: id)])
        }
        plan { $0.openLists += 1 }
        services.neighbours.askAll { there, answer in
            answer(there.rooms.list(game: game, limit: limit))
        } then: { [weak self] lists in
            guard let self else { return }
            plan { $0.openLists -= 1 }
            guard let lists else { return refuse(.overloaded("a loop of this server does not answer"), id: id) }
            let all = lists.joined().sorted { ($1.created, $1.room.raw) < ($0.created, $0.room.raw) }
            send(publicLines: [ServerMessage.rooms(Array(all.prefix(limit)), id: id)])
        }
    }

    /// A fixed shuffle is the server's to allow, whatever the game.
    private func seed(in options: JSON) throws(Rejection) -> (seed: UInt64?, rest: JSON) {
        guard let given = options["seed"] else { return (nil, options) }
        guard services.configuration.games.allowSeeds else {
            throw .badRequest("options.seed: this server does not allow seeds")
        }
        guard let seed = given.integer, seed >= 0 else { throw .badRequest("options.seed: a whole number from 0") }
        return (UInt64(seed), .object((options.members ?? []).filter { $0.key != "seed" }))
    }

    private func join(_ join: ClientMessage.Join) throws(Rejection) {
        guard !services.isDraining else { throw .draining }
        guard let id = RoomID(join.room) else { throw .roomNotFound }
        let name = try checked(name: join.name)
        let secret = join.secret ?? SeatSecret(using: &services.luck)
        try self.join(id, JoinRequest(session: self, id: join.id, name: name, wish: join.seat, secret: secret))
    }

    /// Goes into a room to sit there. Who is in it already may only repeat what seated them.
    private func join(_ id: RoomID, _ request: JoinRequest) throws(Rejection) {
        if let member = member(in: id) {
            guard let seat = member.seat, member.room.state.seat(openedBy: request.secret.digest) == seat else {
                throw .alreadyInRoom
            }
            return member.room.submit(.join(request))
        }
        try enter(id, id: request.id, secret: request.secret.digest) { $0.submit(.join(request)) }
    }

    private func watch(_ room: String, _ request: RequestID?) throws(Rejection) {
        guard let id = RoomID(room) else { throw .roomNotFound }
        guard member(in: id) == nil else { throw .alreadyInRoom }
        try enter(id, id: request) { $0.submit(.watch(self, id: request)) }
    }

    /// Finds a room to go into; what happens there is the room's to say.
    private func enter(
        _ id: RoomID, id request: RequestID?, secret: Digest? = nil, _ go: @escaping (Room) -> Void
    ) throws(Rejection) {
        try reserve(id, for: secret)
        directory.find(id) { [weak self] found in
            switch found {
            case .success(let room): go(room)
            case .failure(let rejection): self?.refuse(rejection, room: id, id: request, ends: id)
            }
        }
    }

    private func leave(_ room: String, _ n: Int) throws(Rejection) {
        if let id = RoomID(room), member(in: id) == nil, let answer = departed[id], answer.n == n {
            services.observer.requestAnswered(code: "repeated")
            return self.answer(ServerMessage.ok(id, n: n, seq: answer.seq))
        }
        let member = try attached(room)
        member.room.submit(.leave(member, n: n))
    }

    private func resync(_ room: String) throws(Rejection) {
        let member = try attached(room)
        if isLagging { return member.owesSnapshot() }
        member.room.sendSnapshot(to: member, .resync)
    }

    private func chat(_ room: String, _ text: String) throws(Rejection) {
        let member = try seated(room)
        let limit = services.configuration.limits.chatCharacters
        let count = text.unicodeScalars.count
        guard (1...limit).contains(count) else { throw .badRequest("text of \(count) characters: 1 to \(limit)") }
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar.properties.generalCategory != .control || scalar == "\n" || scalar == "\t"
        }
        guard isPlain else { throw .badRequest("text: no control characters but line feed and tab") }
        if let seat = member.seat { member.room.chat(text, by: seat) }
    }

    private func attached(_ room: String) throws(Rejection) -> Member {
        guard let id = RoomID(room), let member = member(in: id) else { throw .notJoined }
        return member
    }

    private func seated(_ room: String) throws(Rejection) -> Member {
        let member = try attached(room)
        guard member.seat != nil else { throw .notJoined }
        return member
    }

    private func checked(name: String) throws(Rejection) -> String {
        try PlayerName.checked(name, limit: services.configuration.limits.nameCharacters)
    }
}
