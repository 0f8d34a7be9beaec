import PluginAPI
import WebSocket

/// The sessions of one loop.
final class SessionDirectory {
    private let services: LoopServices
    private let rooms: RoomDirectory
    private var sessions: [UInt64: Session] = [:]
    private var opened: UInt64 = 0

    init(services: LoopServices, rooms: RoomDirectory) {
        self.services = services
        self.rooms = rooms
    }

    var count: Int { sessions.count }

    /// A number and an address for somebody at the door.
    func newClient(address: String) -> Client {
        opened += 1
        return Client(id: opened, address: address)
    }

    func open(_ outlet: any Outlet, as client: Client) -> Session {
        let session = Session(client, outlet: outlet, services: services, directory: rooms, sessions: self)
        sessions[client.id] = session
        return session
    }

    subscript(id: UInt64) -> Session? { sessions[id] }

    var all: some Sequence<Session> { sessions.values }

    func remove(_ session: Session) { sessions[session.number] = nil }

    /// Sends everybody away, asking them to come back spread over `spread`.
    func sendAway(_ why: Disconnect, spreadMs: Int) {
        for session in sessions.values {
            let afterMs = spreadMs > 0 ? Int(services.luck.next() % UInt64(spreadMs)) : 0
            let said = ServerMessage.notice(.drain, text: "the server is stopping", afterMs: afterMs)
            if session.hasGreeted { session.send(lines: [said]) }
            session.close(why, afterMs: afterMs)
        }
    }
}
