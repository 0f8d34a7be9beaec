import PluginAPI

/// Public rooms that wait or play, newest first, and how many rooms there are of each kind.
struct Lobby {
    /// What there is of one game.
    struct Tally: Sendable, Equatable {
        var rooms: [RoomSummary.Status: Int] = [:]
        var humans = 0
        var bots = 0

        fileprivate mutating func count(_ summary: RoomSummary, _ amount: Int) {
            rooms[summary.status, default: 0] += amount
            humans += amount * summary.humans
            bots += amount * summary.bots
        }
    }

    /// Ascending by creation, so that the newest stand at the end.
    private var listed: [RoomSummary] = []
    /// Every room's summary as it was noted last: what is listed is found by it.
    private var noted: [RoomID: RoomSummary] = [:]
    /// By game.
    private(set) var tallies: [String: Tally] = [:]

    func count(in status: RoomSummary.Status) -> Int { tallies.values.reduce(0) { $0 + $1.rooms[status, default: 0] } }

    /// - Returns: newest first, at most `limit`.
    func newest(game: String?, limit: Int) -> [RoomSummary] {
        Array(listed.reversed().lazy.filter { game == nil || $0.game == game }.prefix(limit))
    }

    /// Takes a room's summary as it is now.
    mutating func note(_ summary: RoomSummary) {
        forget(summary.room)
        noted[summary.room] = summary
        tallies[summary.game, default: Tally()].count(summary, 1)
        if Self.lists(summary) { listed.insert(summary, at: place(of: summary)) }
    }

    mutating func forget(_ room: RoomID) {
        guard let before = noted.removeValue(forKey: room) else { return }
        tallies[before.game]?.count(before, -1)
        if Self.lists(before) { listed.remove(at: place(of: before)) }
    }

    private static func lists(_ summary: RoomSummary) -> Bool {
        summary.visibility == .public && (summary.status == .waiting || summary.status == .playing)
    }

    /// Where the room stands, or would.
    private func place(of summary: RoomSummary) -> Int {
        var low = 0
        var high = listed.count
        while low < high {
            let middle = (low + high) / 2
            if (listed[middle].created, listed[middle].room.raw) < (summary.created, summary.room.raw) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
