import PluginAPI
import WebSocket

/// What operators are told of rooms. Lives on the loop; what needs the store is answered later.
struct RoomReports {
    typealias Query = [(name: String, value: String)]
    typealias Answer = (Response) -> Void

    /// Most rooms of one answer; `has_more` says whether there are more.
    private static let maxRooms = 1000

    let services: LoopServices
    let rooms: RoomDirectory

    // MARK: All of them

    /// Rooms by id, behind the one named by `after`, at most `limit` of them.
    func list(_ query: Query) -> Response {
        do throws(Rejection) {
            let limit = try Self.limit(query)
            let after = try Self.room("after", query)
            let behind = rooms.summaries().drop { summary in after.map { summary.room.raw <= $0.raw } ?? false }
            var report = ObjectText()
            report.add("count", min(behind.count, limit))
            report.add("rooms", json: behind.prefix(limit).map { line($0).closed() })
            report.add("has_more", behind.count > limit)
            return .json(200, report.closed())
        } catch {
            return .problem(error)
        }
    }

    private static func limit(_ query: Query) throws(Rejection) -> Int {
        guard let given = query.first(where: { $0.name == "limit" })?.value else { return maxRooms }
        guard let limit = Int(given), (1...maxRooms).contains(limit) else {
            throw .badRequest("limit is \(given.prefix(20)): 1 to \(maxRooms)")
        }
        return limit
    }

    private static func room(_ name: String, _ query: Query) throws(Rejection) -> RoomID? {
        guard let given = query.first(where: { $0.name == name })?.value else { return nil }
        guard let room = RoomID(given) else { throw .badRequest("\(name) is \(given.prefix(20)): a room's id") }
        return room
    }

    /// The lobby's line, and what only operators are told.
    private func line(_ summary: RoomSummary) -> ObjectText {
        var text: [UInt8] = []
        ServerMessage.append(summary, to: &text)
        var line = ObjectText(extending: text)
        line.add("visibility", summary.visibility.rawValue)
        line.add("changed", Int(summary.changed.unixMilliseconds))
        line.add("awake", rooms[summary.room] != nil)
        return line
    }

    // MARK: One of them

    func detail(of id: String, _ answer: @escaping Answer) {
        withRoom(id, answer) { room in
            var report = line(room.state.summary(lifetimes: services.lifetimes))
            report.add("seq", room.state.sequence)
            report.add("record", room.state.number)
            report.add("connections", room.members.count)
            report.add("epoch", room.state.epoch)
            report.add("status", json: status(of: room))
            return .json(200, report.closed())
        }
    }

    /// The truth, or what a viewer may see with `as`: a seat's number or `watcher`.
    func state(of id: String, _ query: Query, _ answer: @escaping Answer) {
        let eyes = query.first { $0.name == "as" }?.value
        withRoom(id, answer) { room in
            var report = ObjectText()
            report.add("room", room.id.description)
            report.add("seq", room.state.sequence)
            report.add("record", room.state.number)
            report.add("state_source", "live")
            report.add("status", json: status(of: room))
            guard let eyes else {
                report.add("state", json: room.state.match.truth())
                return .json(200, report.closed())
            }
            let seats = room.state.seats.count
            guard let viewer = Self.viewer(eyes, seats: seats) else {
                return .problem(.badRequest("as is \(eyes.prefix(20)): watcher or a seat from 0 to \(seats - 1)"))
            }
            report.add("view", json: room.view(for: viewer))
            return .json(200, report.closed())
        }
    }

    private func status(of room: Room) -> [UInt8] {
        room.status.object(room.id, rev: room.rev, now: services.timeline.now)
    }

    private static func viewer(_ text: String, seats: Int) -> Viewer? {
        if text == "watcher" { return .watcher }
        guard let index = Int(text), (0..<seats).contains(index) else { return nil }
        return .seat(Seat(index))
    }

    private func withRoom(_ text: String, _ answer: @escaping Answer, _ report: @escaping (Room) -> Response) {
        guard let id = RoomID(text) else { return answer(.problem(.roomNotFound)) }
        rooms.find(id) { found in
            switch found {
            // Until its first record is stored a room has never been.
            case .success(let room) where room.state.number == 0: answer(.problem(.roomNotFound))
            case .success(let room): answer(report(room))
            case .failure(let rejection): answer(.problem(rejection))
            }
        }
    }
}
