import PluginAPI

/// Public rooms that wait or play, newest first, and how many rooms there are of each kind.
struct Lobby {
    /// Ascending by creation, so that the newest stand at the end.
    private var listed: [RoomSummary] = []
    private var statuses: [RoomID: RoomSummary.Status] = [:]
    private var counts: [RoomSummary.Status: Int] = [:]

    func count(in status: RoomSummary.Status) -> Int { counts[status] ?? 0 }

    /// - Returns: newest first, at most `limit`.
    func newest(game: String?, limit: Int) -> [RoomSummary] {
        Array(listed.reversed().lazy.filter { game == nil || $0.game == game }.prefix(limit))
    }

    /// Takes a room's summary as it is now.
    mutating func note(_ summary: RoomSummary) {
        if let before = statuses[summary.room] { counts[before, default: 0] -= 1 }
        statuses[summary.room] = summary.status
        counts[summary.status, default: 0] += 1
        let place = place(of: summary)
        let isThere = place < listed.count && listed[place].room == summary.room
        let belongs = summary.visibility == .public && (summary.status == .waiting || summary.status == .playing)
        switch (isThere, belongs) {
        case (true, true): listed[place] = summary
        case (true, false): listed.remove(at: place)
        case (false, true): listed.insert(summary, at: place)
        case (false, false): break
        }
    }

    mutating func forget(_ summary: RoomSummary) {
        if let before = statuses.removeValue(forKey: summary.room) { counts[before, default: 0] -= 1 }
        let place = place(of: summary)
        if place < listed.count, listed[place].room == summary.room { listed.remove(at: place) }
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
