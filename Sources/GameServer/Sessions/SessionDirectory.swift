import PluginAPI
import WebSocket

/// The sessions of one loop.
final class SessionDirectory {
    let services: LoopServices
    let rooms: RoomDirectory
    private var sessions: [UInt64: Session] = [:]
    /// Sessions of other loops' connections that are in rooms of this one.
    private var guests: [UInt64: Session] = [:]
    private var opened: UInt64 = 0
    private var isSendingAway = false

    init(services: LoopServices, rooms: RoomDirectory) {
        self.services = services
        self.rooms = rooms
    }

    var count: Int { sessions.count }

    /// A number, that no loop gives another, and an address for somebody at the door.
    func newClient(address: String) -> Client {
        let neighbours = services.neighbours
        let id = opened * UInt64(neighbours.placement.loops) + UInt64(neighbours.index) + 1
        opened += 1
        return Client(id: id, address: address)
    }

    func open(_ outlet: any Outlet, as client: Client) -> Session {
        keep(Session(client, outlet: outlet, in: self))
    }

    /// Goes on with a session of another loop.
    func take(_ ticket: SessionTicket, _ outlet: any Outlet) -> Session {
        keep(Session(ticket, outlet: outlet, in: self))
    }

    private func keep(_ session: Session) -> Session {
        sessions[session.number] = session
        // It was on its way while the others were told.
        if isSendingAway { session.close(.shutdown) }
        return session
    }

    // MARK: Guests

    func openGuest(of number: UInt64, address: String, software: String, home: Int, _ bridge: Bridge) {
        let client = Client(id: number, address: address)
        client.introduced(as: software)
        let link = HomeLink(client: number, home: home, bridge: bridge, services: services)
        guests[number] = Session(guest: client, link, in: self)
    }

    func guest(_ number: UInt64) -> Session? { guests[number] }
    func removeGuest(_ session: Session) { guests[session.number] = nil }

    // MARK: All

    /// The session whose connection is on this loop.
    func home(_ number: UInt64) -> Session? { sessions[number] }

    /// What of a client is on this loop: its session, or its guest.
    subscript(id: UInt64) -> Session? { sessions[id] ?? guests[id] }

    var all: some Sequence<Session> { sessions.values }

    func remove(_ session: Session) { sessions[session.number] = nil }

    /// Sends everybody away, asking them to come back spread over `spread`.
    func sendAway(_ why: Disconnect, spreadMs: Int) {
        isSendingAway = true
        for session in sessions.values {
            let afterMs = spreadMs > 0 ? Int(services.luck.next() % UInt64(spreadMs)) : 0
            let said = ServerMessage.notice(.drain, text: "the server is stopping", afterMs: afterMs)
            if session.hasGreeted { session.send(lines: [said]) }
            session.close(why, afterMs: afterMs)
        }
    }
}
