import PluginAPI

/// What a session asks of a room. Requests wait in the room's queue while a record is on its way.
enum RoomRequest {
    case join(JoinRequest)
    case resume(ResumeRequest)
    case watch(Session, id: RequestID?)
    case act(Member, n: Int, base: Int?, action: JSON)
    case order(Member, n: Int, HostOrder)
    case leave(Member, n: Int)

    /// Commands count against the queue's ceiling; coming and going does not, or nobody could return to a busy room.
    var isCommand: Bool {
        switch self {
        case .act, .order, .leave: true
        case .join, .resume, .watch: false
        }
    }

    /// Whose command it is; nil for an arrival.
    var commander: Session? {
        switch self {
        case .act(let member, _, _, _), .order(let member, _, _), .leave(let member, _): member.session
        case .join, .resume, .watch: nil
        }
    }

    /// Whether it is an arrival whose connection has gone.
    var isFromNobody: Bool {
        switch self {
        case .join(let join): !join.session.isOpen
        case .resume(let resume): !resume.session.isOpen
        case .watch(let session, _): !session.isOpen
        case .act, .order, .leave: false
        }
    }
}

struct JoinRequest {
    let session: Session
    let id: RequestID?
    let name: String
    let wish: Int?
    let secret: SeatSecret
}

struct ResumeRequest {
    let session: Session
    /// Nil for a watcher.
    let secret: SeatSecret?
    let epoch: String
    let sequence: Int
}
