import PluginAPI

/// Public rooms that wait or play, newest first, and how many rooms there are of each kind.
struct Lobby {
    /// Ascending by creation, so that the newest stand at the end.
    private var listed: [RoomSummary] = []
    /// Every room's summary as it was noted last: what is listed is found by it.
    private var noted: [RoomID: RoomSummary] = [:]
    private var counts: [RoomSummary.Status: Int] = [:]

    func count(in status: RoomSummary.Status) -> Int { counts[status] ?? 0 }

    /// - Returns: newest first, at most `limit`.
    func newest(game: String?, limit: Int) -> [RoomSummary] {
        Array(listed.reversed().lazy.filter { game == nil || $0.game == game }.prefix(limit))
    }

    /// Takes a room's summary as it is now.
    mutating func note(_ summary: RoomSummary) {
        forget(summary.room)
        noted[summary.room] = summary
        counts[summary.status, default: 0] += 1
        if Self.lists(summary) { listed.insert(summary, at: place(of: summary)) }
    }

    mutating func forget(_ room: RoomID) {
        guard let before = noted.removeValue(forKey: room) else { return }
        counts[before.status, default: 0] -= 1
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
