import PluginAPI

/// The rooms of one connection: those it is in, those it has asked for, and how it left others.
struct Places {
    /// A place kept for a room until it has answered.
    private struct Reservation {
        /// What was brought along; nil for a watcher's chair or a resume.
        var secret: Digest?
        /// Requests on their way: a refusal ends one of them.
        var requests = 1
    }

    private(set) var members: [Member] = []
    /// How rooms were left, as many as a connection may hold: a repeated `leave` gets its answer again, and what was on
    /// its way to a room that is over is no mistake.
    private(set) var departed: [RoomID: CommandAnswer] = [:]
    /// Rooms asked for that have not answered yet, each holding a place.
    private var pending: [RoomID: Reservation] = [:]
    /// Rooms of other loops.
    private var elsewhere: Set<RoomID> = []
    /// A room that another loop was asked to create.
    private struct Creation {
        /// Asked for and not answered yet.
        var requests = 0
        /// Which it is, as soon as that loop has said; until then it holds a place here.
        var room: RoomID?
    }

    /// By what they are created with.
    private var created: [Digest: Creation] = [:]
    private let limit: Int

    /// - Parameter limit: most rooms of one connection.
    init(limit: Int) { self.limit = limit }

    /// Whether it is in no room and waits for none.
    var isEmpty: Bool { members.isEmpty && pending.isEmpty && elsewhere.isEmpty && nameless == 0 }

    /// Whether there is a place for one room more.
    var hasRoom: Bool { members.count + pending.count + elsewhere.count + nameless < limit }
    private var nameless: Int { created.isEmpty ? 0 : created.values.count { $0.room == nil } }
    var full: Rejection { .badRequest("a connection holds up to \(limit) rooms") }

    subscript(room: RoomID) -> Member? { members.first { $0.room.id == room } }

    /// - Throws: `bad_request` when the connection holds as many rooms as it may, or this one already.
    mutating func reserve(_ room: RoomID, for secret: Digest?) throws(Rejection) {
        if let asked = pending[room] {
            // The same request once more means the same seat; any other would be a second one.
            guard let secret, asked.secret == secret else {
                throw .badRequest("you are joining this room already")
            }
            pending[room]?.requests += 1
            return
        }
        guard hasRoom else { throw full }
        pending[room] = Reservation(secret: secret)
        departed[room] = nil
    }

    // MARK: Rooms of other loops

    func isElsewhere(_ room: RoomID) -> Bool { elsewhere.contains(room) }

    mutating func joinedElsewhere(_ room: RoomID) {
        pending.removeValue(forKey: room)
        elsewhere.insert(room)
    }

    mutating func leftElsewhere(_ room: RoomID) {
        elsewhere.remove(room)
        forgetCreation(of: room)
    }

    /// Keeps a place for a room that another loop creates.
    ///
    /// - Throws: `bad_request` when the connection holds as many rooms as it may.
    mutating func reserve(createdWith secret: Digest) throws(Rejection) {
        // Whoever asks twice gets the same room.
        guard created[secret] != nil || hasRoom else { throw full }
        created[secret, default: Creation()].requests += 1
    }

    /// One request to create has its answer.
    ///
    /// - Parameter room: which it is; nil for none.
    mutating func endCreation(with secret: Digest, as room: RoomID?) {
        guard var creation = created[secret] else { return }
        creation.requests -= 1
        creation.room = room ?? creation.room
        created[secret] = creation.requests > 0 || creation.room != nil ? creation : nil
        guard let room, !elsewhere.contains(room) else { return }
        pending[room, default: Reservation(secret: secret, requests: 0)].requests += 1
    }

    /// It was left, or never joined: whoever asks with the same secret again asks for a room anew.
    private mutating func forgetCreation(of room: RoomID) {
        for (secret, creation) in created where creation.room == room {
            created[secret] = creation.requests > 0 ? Creation(requests: creation.requests) : nil
        }
    }

    // MARK: Requests

    /// A request was refused.
    mutating func endRequest(for room: RoomID) {
        pending[room]?.requests -= 1
        guard pending[room]?.requests == 0 else { return }
        pending[room] = nil
        forgetCreation(of: room)
    }

    /// - Returns: the member it was in that room until now.
    mutating func take(_ member: Member) -> Member? {
        pending.removeValue(forKey: member.room.id)
        let before = remove { $0.room === member.room }
        members.append(member)
        return before
    }

    /// - Returns: the member, if it was still there.
    mutating func leave(_ member: Member, _ answer: CommandAnswer) -> Member? {
        depart(from: member.room.id, answer)
        return remove { $0 === member }
    }

    /// - Returns: the member it was in that room.
    mutating func expel(from room: Room, _ answer: CommandAnswer) -> Member? {
        depart(from: room.id, answer)
        return remove { $0.room === room }
    }

    /// - Returns: whom the rooms are to be told of, now that the connection is gone.
    mutating func giveUpAll() -> [Member] {
        defer { members = [] }
        return members
    }

    private mutating func remove(_ isIt: (Member) -> Bool) -> Member? {
        members.firstIndex(where: isIt).map { members.remove(at: $0) }
    }

    private mutating func depart(from room: RoomID, _ answer: CommandAnswer) {
        if departed[room] == nil, departed.count >= limit, let any = departed.keys.first { departed[any] = nil }
        departed[room] = answer
    }
}
