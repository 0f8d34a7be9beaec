@testable import GameServer
import LiapTui
import PluginAPI
import TicTacToe

@testable import TestSupport

/// A player who follows the protocol over a bad network: repeats what was not answered, comes back where it was, and
/// now and then sends what makes no sense.
final class SimulatedPlayer {
    let client: TestClient
    /// Commands on their way, by room and number.
    private var pending: [RoomID: [Int: JSON]] = [:]
    /// How often each command went out on this connection without an answer yet.
    private var owed: [RoomID: [Int: Int]] = [:]
    /// Rooms left for good: their secret is never used again.
    private var left: Set<RoomID> = []
    /// Rooms joined since the last resend.
    private var resends: Set<RoomID> = []
    /// Chosen for rooms that were asked for.
    private var secrets: [RoomID: String] = [:]
    private(set) var commandsSent = 0
    private(set) var commandsAnswered = 0

    init(_ client: TestClient) { self.client = client }

    var unanswered: Int { owed.values.reduce(0) { $0 + $1.values.reduce(0, +) } }

    func hear(_ json: JSON) -> String? {
        guard let room = json["room"]?.string.flatMap({ RoomID($0) }) else { return nil }
        switch json.type {
        case "ok", "no":
            guard let n = json.int("n") else {
                // What a resume asked for is not there any more.
                if ["bad_secret", "room_gone", "room_not_found"].contains(json.code) { forget(room) }
                return nil
            }
            commandsAnswered += 1
            if json.type == "ok", pending[room]?[n]?["type"] == "leave" { left.insert(room) }
            // A refused number is used again for something else.
            pending[room]?[n] = nil
            owed[room]?[n, default: 0] -= 1
            if owed[room]?[n] ?? 0 < 0 { return "command \(n) was answered more often than sent" }
        case "joined": resends.insert(room)
        case "bye": owed[room] = [:]
        default: break
        }
        return nil
    }

    func connectionLost() { owed = [:] }

    /// Comes back; what is unanswered above `last_n` goes out again, in order.
    func greet() {
        connectionLost()
        goFromLeftRooms()
        client.hello()
        resend()
    }

    func goFromLeftRooms() {
        for room in left { forget(room) }
        left = []
    }

    /// Says again what had no answer when a room was joined.
    func resend() {
        let joined = resends
        resends = []
        for (room, commands) in pending.sorted(by: { $0.key.raw < $1.key.raw }) where joined.contains(room) {
            let last = client.place(room).lastN
            pending[room] = commands.filter { $0.key > last }
            if client.places[room] == nil || client.place(room).over != nil { pending[room] = nil }
            for (n, command) in (pending[room] ?? [:]).sorted(by: { $0.key < $1.key }) { send(command, room, n) }
        }
    }

    /// The same one until the seat is had and lost again: a `join` without an answer is repeated.
    func secret(for room: RoomID) -> String {
        let secret = secrets[room] ?? client.freshSecret()
        secrets[room] = secret
        return secret
    }

    func forget(_ room: RoomID) {
        secrets[room] = nil
        pending[room] = nil
        owed[room] = nil
        client.forget(room)
    }

    // MARK: Commands

    /// The next command of a room; while one is unanswered nothing new is said.
    func command(_ room: RoomID, _ fields: [JSON.Member]) {
        guard client.isHearing, client.session?.member(in: room) != nil, pending[room]?.isEmpty ?? true else { return }
        let n = client.place(room).lastN + 1
        let head: [JSON.Member] = [.init("room", .string(room.description)), .init("n", JSON(n))]
        let message = JSON.object(head + fields)
        pending[room, default: [:]][n] = message
        send(message, room, n)
    }

    /// A number that counted long ago or cannot be next, with whatever was said last.
    func sendOddNumber(_ room: RoomID, _ n: Int) {
        guard client.isHearing, client.session?.member(in: room) != nil, n >= 1 else { return }
        let next = client.place(room).lastN + 1
        guard n != next else { return }
        let message: JSON = [
            "type": "act", "room": .string(room.description), "n": JSON(n), "action": ["kind": "mark", "field": 0],
        ]
        send(message, room, n)
    }

    private func send(_ message: JSON, _ room: RoomID, _ n: Int) {
        guard client.isConnected else { return }
        commandsSent += 1
        owed[room, default: [:]][n, default: 0] += 1
        client.send(message)
    }

    /// A legal action of this seat, in the form of the wire.
    static func legalAction(_ match: any HostedMatch, _ seat: Seat, using random: inout GameRandom) -> JSON? {
        if let box = match as? MatchBox<LiapTui> {
            return LiapTui.legalActions(for: seat, in: box.match.state).randomElement(using: &random).flatMap(json)
        }
        if let box = match as? MatchBox<TicTacToe> {
            return TicTacToe.legalActions(for: seat, in: box.match.state).randomElement(using: &random).flatMap(json)
        }
        return nil
    }

    private static func json(_ action: some Encodable) -> JSON? {
        try? JSON(parsing: FlatEncoder.encode(action))  // an action of the game itself encodes
    }
}

extension TestClient {
    /// Connected, and not behind in reading.
    var isHearing: Bool { isConnected && outlet?.isReading ?? false }
}
