import PluginAPI

/// Closed rooms, remembered for a while: who comes late hears `room_gone` and not that there never was such a room.
struct GoneRooms {
    /// Most rooms remembered. Above it the oldest is forgotten and answers `room_not_found`.
    static let maxRooms = 100_000

    private var until: [RoomID: Timestamp] = [:]
    private var order: [RoomID] = []
    private var first = 0

    var count: Int { until.count }

    func contains(_ room: RoomID, at now: Timestamp) -> Bool { until[room].map { now < $0 } ?? false }

    mutating func add(_ room: RoomID, until instant: Timestamp, now: Timestamp) {
        if until.updateValue(instant, forKey: room) == nil { order.append(room) }
        while first < order.count, until.count > Self.maxRooms || until[order[first]].map({ $0 <= now }) ?? true {
            until[order[first]] = nil
            first += 1
        }
        if first > 1024, first > order.count / 2 {
            order.removeFirst(first)
            first = 0
        }
    }
}
