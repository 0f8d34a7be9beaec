import PluginAPI
import WebSocket

/// What a loop hands the desk of its rooms: values, as few as were asked for, encoded by nobody yet.
struct RoomReports {
    /// Rooms a survey looks at in one turn of the loop.
    private static let roomsPerTurn = 256
    /// The time over which the rate of events is told.
    private static let rateWindow = Duration.seconds(60)

    let services: LoopServices
    let rooms: RoomDirectory

    /// Rooms by id, behind the one named by `after`.
    func page(after: RoomID?, limit: Int) -> (rooms: [RoomLine], hasMore: Bool) {
        var lines: [RoomLine] = []
        var last = after
        while let id = rooms.index.first(after: last) {
            last = id
            guard let glimpse = rooms.glimpse(id) else { continue }
            if lines.count == limit { return (lines, true) }
            lines.append(Self.line(glimpse))
        }
        return (lines, false)
    }

    private static func line(_ glimpse: RoomDirectory.Glimpse) -> RoomLine {
        switch glimpse {
        case .awake(let room): RoomLine(summary: RoomSummary(listing: room.state), isAwake: true)
        case .asleep(let summary): RoomLine(summary: summary, isAwake: false)
        }
    }

    /// One room, read from the store first if it sleeps.
    func picture(of id: RoomID, _ answer: @escaping (Result<RoomPicture, Rejection>) -> Void) {
        rooms.find(id) { found in
            switch found {
            // Until its first record is stored a room has never been.
            case .success(let room) where room.state.number == 0: answer(.failure(.roomNotFound))
            case .success(let room):
                let status = room.status.object(room.id, rev: room.rev, now: services.timeline.now)
                answer(
                    .success(
                        RoomPicture(
                            state: room.state, status: status, connections: room.members.count, isAwake: true)))
            case .failure(let rejection): answer(.failure(rejection))
            }
        }
    }

    /// Looks at every open room, a few in each turn, so that games go on in between.
    func survey(_ answer: @escaping ([RoomFigures], [RoomSummary]) -> Void) {
        continueSurvey(after: nil, [], [], answer)
    }

    private func continueSurvey(
        after: RoomID?, _ awake: [RoomFigures], _ asleep: [RoomSummary],
        _ answer: @escaping ([RoomFigures], [RoomSummary]) -> Void
    ) {
        var awake = awake
        var asleep = asleep
        var last = after
        for _ in 0..<Self.roomsPerTurn {
            guard let id = rooms.index.first(after: last) else { return answer(awake, asleep) }
            last = id
            switch rooms.glimpse(id) {
            case .awake(let room): awake.append(figures(of: room))
            case .asleep(let summary): asleep.append(summary)
            case nil: break
            }
        }
        _ = services.timeline.alarm(at: services.timeline.now) { [self] in
            continueSurvey(after: last, awake, asleep, answer)
        }
    }

    private func figures(of room: Room) -> RoomFigures {
        let state = room.state
        let recent = room.resync.count(since: services.timeline.wallClock + (.zero - Self.rateWindow))
        return RoomFigures(
            room: room.id, game: state.game, status: state.status, members: room.members.count,
            humans: state.seats.count { $0.occupant == .human }, bots: state.seats.count { $0.occupant == .bot },
            seq: state.sequence, record: state.number,
            eventsPerSecond: Double(recent) / Double(Self.rateWindow.milliseconds) * 1000,
            pending: room.members.reduce(0) { $0 + max(0, $1.sent - $1.acknowledged) },
            lagging: room.members.count { $0.session.isLagging },
            unsentBytes: room.members.reduce(0) { $0 + $1.session.unsentBytes }, queued: room.waitingRequests,
            created: state.created, changed: state.changed, waiting: state.waiting, waitingSince: state.waitingSince)
    }
}

extension RoomSummary {
    /// What a list shows; what only a restart needs is left out.
    init(listing state: RoomState) {
        self.init(
            room: state.room, game: state.game, visibility: state.visibility, status: state.status,
            created: state.created, changed: state.changed, host: state.seats[state.host.index].name,
            humans: state.seats.count { $0.occupant == .human }, seats: state.seats.count,
            bots: state.seats.count { $0.occupant == .bot })
    }
}
