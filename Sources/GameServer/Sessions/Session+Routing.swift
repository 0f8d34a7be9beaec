import PluginAPI
import WebSocket

// Rooms of other loops. A client that is in no room yet goes to the loop of the first it names; from then on rooms of
// other loops are reached through a guest there.

extension Session {
    /// Nothing of it is bound to this loop: it has never been in a room, waits for no answer from elsewhere, and reads.
    private var canMove: Bool {
        link == nil && branches == nil && places.isEmpty && departed.isEmpty && !awaitsLists && !isLagging
    }

    /// Handles a message where its room is.
    ///
    /// - Parameter line: the message as it came.
    func route(_ message: ClientMessage, _ line: [UInt8]) throws(Rejection) {
        switch message {
        case .hello(let hello):
            let rooms = hello.resume.lazy.compactMap { $0["room"]?.string.flatMap { RoomID($0) } }
            if let loop = rooms.first.flatMap({ services.neighbours.elsewhere($0) }), canMove {
                return depart(to: loop)
            }
        case .create(let create):
            if let secret = create.secret, let loop = services.neighbours.elsewhere(ofCreator: secret.digest) {
                if canMove { return depart(to: loop) }
                try places.reserve(createdWith: secret.digest)
                return order(.line(line), on: loop)
            }
        case .join(let join): if try enters(join.room, secret: join.secret, line) { return }
        case .watch(_, let room): if try enters(room, secret: nil, line) { return }
        case .act(let room, _, _, _), .host(let room, _, _), .ack(let room, _), .resync(let room), .leave(let room, _),
            .chat(let room, _):
            if let loop = elsewhere(room), branches?[loop] != nil { return order(.line(line), on: loop) }
        case .list, .ping, .pong: break
        }
        try handle(message)
    }

    private func elsewhere(_ room: String) -> Int? { RoomID(room).flatMap { services.neighbours.elsewhere($0) } }

    /// - Returns: false for a room of this loop.
    private func enters(_ room: String, secret: SeatSecret?, _ line: [UInt8]) throws(Rejection) -> Bool {
        guard let id = RoomID(room), let loop = services.neighbours.elsewhere(id) else { return false }
        if canMove {
            depart(to: loop)
        } else {
            if !places.isElsewhere(id) { try reserve(id, for: secret?.digest) }
            order(.line(line), on: loop)
        }
        return true
    }

    /// Comes back to a room of another loop.
    func resume(_ room: RoomID, entry: MessageFields, on loop: Int) {
        do {
            if !places.isElsewhere(room) { try reserve(room) }
            order(.resume(entry.json), on: loop)
        } catch {
            refuseResume(error, room: room)
        }
    }

    // MARK: To guests

    /// Has the guest on another loop do something; the first time, it comes to be.
    private func order(_ order: GuestOrder, on loop: Int) {
        let branches = branches ?? Branches()
        self.branches = branches
        if branches[loop] == nil {
            let bridge = Bridge()
            branches[loop] = bridge
            let (number, address, software) = (number, client.address, client.software)
            let home = services.neighbours.index
            tell(loop) { $0.openGuest(of: number, address: address, software: software, home: home, bridge) }
            if isLagging { tell(loop) { $0.guest(number)?.obey(.fallBehind) } }
        }
        let number = number
        tell(loop) { $0.guest(number)?.obey(order) }
    }

    func orderGuests(_ order: GuestOrder) {
        let number = number
        for loop in branches?.loops ?? [] { tell(loop) { $0.guest(number)?.obey(order) } }
    }

    private func tell(_ loop: Int, _ work: @escaping @Sendable (SessionDirectory) -> Void) {
        if services.neighbours.send(to: loop, { work($0.sessions) }) { return }
        // Nothing may be lost between what was sent and what follows: the client comes back and resumes.
        close(.overloaded)
    }

    /// The connection is over, and every guest has to hear it: its seats wait for their players from then on.
    func endGuests() {
        for loop in branches?.loops ?? [] { services.courier.end(number, on: loop) }
    }

    // MARK: From guests

    func heard(_ news: GuestNews, from loop: Int) {
        branches?[loop]?.taken(news.bytes)
        switch news {
        case .message(let message): send(message)
        case .text(let text): send(lines: [text])
        case .publicText(let text): send(publicLines: [text])
        case .joined(let room): places.joinedElsewhere(room)
        case .left(let room): places.leftElsewhere(room)
        case .refused(let room): places.endRequest(for: room)
        case .creates(let room, let secret): places.endCreation(with: secret, as: room)
        case .createsNone(let secret): places.endCreation(with: secret, as: nil)
        case .expelled(let room, let why):
            // The guest has said so; the connection ends when that was its last room.
            places.leftElsewhere(room)
            if places.isEmpty { shut(why.closeCode, reason: why.reason) }
        case .awaited(let isAwaited):
            branches?.set(isAwaited: isAwaited, on: loop)
            watchOver()
        case .crowded(let isCrowded):
            branches?.set(isCrowded: isCrowded, on: loop)
            settleReading()
        case .end(let why): close(why)
        case .close(let code, let reason): shut(code, reason: reason)
        }
    }
}
