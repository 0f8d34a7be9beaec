#if DEBUG
@testable import GameServer
import PluginAPI
import WebSocket

/// A player's client: it says what the test has it say, and books what it is told.
final class TestClient {
    let name: String
    /// Each holds the other until `World.end`.
    let world: World
    private(set) var outlet: ScriptedOutlet?
    /// Earlier connections that are still open.
    private(set) var older: [ScriptedOutlet] = []
    private(set) var places: [RoomID: Place] = [:]
    /// Each WebSocket message as the lines it held, on the newest connection.
    private(set) var messages: [[JSON]] = []
    /// The same lines, since they were last taken.
    private var fresh: [JSON] = []
    /// Whatever contradicted the protocol.
    private(set) var violations: [String] = []
    private(set) var lastClose: CloseCode?
    /// A simulation over thousands of steps keeps no history.
    var keepsMessages = true
    /// Told of each message that may be compressed on its way here.
    var compressible: (_ message: [UInt8]) -> Void = { _ in }
    /// Pings are answered a millisecond after they are read.
    var answersPings = true
    private var secrets: GameRandom

    init(_ name: String, world: World, secrets: GameRandom) {
        self.name = name
        self.world = world
        self.secrets = secrets
    }

    var isConnected: Bool { outlet.map { $0.closed == nil } ?? false }
    var session: Session? { outlet?.session }

    func freshSecret() -> String { SeatSecret(using: &secrets).text }

    // MARK: The connection

    func connect() {
        if let outlet { older.append(outlet) }
        let outlet = ScriptedOutlet(on: world.timeline)
        outlet.deliver = { [weak self, weak outlet] message in
            if let self, let outlet { receive(message, from: outlet) }
        }
        outlet.compressible = { [weak self] in self?.compressible($0) }
        self.outlet = outlet
        outlet.session = world.sessions.open(outlet, as: world.sessions.newClient(address: "127.0.0.1"))
    }

    /// The network takes the connection away without a word.
    func cut() {
        guard let outlet else { return }
        self.outlet = nil
        end(outlet, code: 1006)
    }

    func cutOlder() {
        for outlet in older { end(outlet, code: 1006) }
        older = []
    }

    private func end(_ outlet: ScriptedOutlet, code: UInt16) {
        outlet.cut()
        let session = outlet.session
        outlet.session = nil
        session?.closed(code: code)
        world.pump()
    }

    /// The close handshake of `outlet` is through.
    func closeArrived(from outlet: ScriptedOutlet) {
        guard let code = outlet.closed?.code else { return }
        older.removeAll { $0 === outlet }
        if self.outlet === outlet {
            self.outlet = nil
            lastClose = code
        }
        end(outlet, code: code.rawValue)
    }

    /// No close, no answer: the process at the other end is gone.
    func serverDied() {
        for outlet in older + [outlet].compactMap(\.self) {
            outlet.cut()
            outlet.session = nil
        }
        outlet = nil
        older = []
    }

    var outlets: [ScriptedOutlet] { older + [outlet].compactMap(\.self) }

    func stopReading() { outlet?.stopReading() }

    func resumeReading() {
        guard let outlet, outlet.readAgain() else { return }
        outlet.session?.drained()
        world.pump()
    }

    // MARK: Saying

    func send(text: String) {
        guard let outlet, !outlet.isCut else { return }
        outlet.lastReceived = world.timeline.now
        // After its close frame the transport takes nothing more in.
        if outlet.closed == nil { outlet.session?.receive(Array(text.utf8)) }
        world.pump()
    }

    func send(_ message: JSON) { send(text: String(decoding: message.encoded(), as: UTF8.self)) }

    /// Says something and hands over what has come since.
    @discardableResult
    func ask(_ message: JSON) -> [JSON] {
        _ = take()
        send(message)
        return take()
    }

    /// Lines that came since the last call.
    func take() -> [JSON] {
        defer { fresh = [] }
        return fresh
    }

    /// Connects and greets, with every room it knows to come back to unless told otherwise.
    @discardableResult
    func hello(resume: Bool = true) -> [JSON] {
        connect()
        let entries = resume ? places.values.filter { $0.over == nil }.sorted { $0.room.raw < $1.room.raw } : []
        return ask(["type": "hello", "client": ["name": "test", "version": "1"], "resume": .array(entries.map(entry))])
    }

    private func entry(_ place: Place) -> JSON {
        [
            "room": .string(place.room.description), "secret": place.secret.map { .string($0) } ?? nil,
            "epoch": .string(place.epoch), "seq": JSON(place.seq),
        ]
    }

    // MARK: Hearing

    private func receive(_ message: [UInt8], from outlet: ScriptedOutlet) {
        var lines: [JSON] = []
        for line in message.split(separator: UInt8(ascii: "\n")) {
            guard let json = try? JSON(parsing: Array(line)) else {  // a line that is no JSON is the violation
                violations.append("not JSON: \(String(decoding: line, as: UTF8.self))")
                continue
            }
            if json.type == "joined", let room = json["room"]?.string.flatMap({ RoomID($0) }) {
                outlet.joined(room, json)
            }
            world.onLine(self, outlet, Array(line), json)
            lines.append(json)
            if outlet === self.outlet { note(json) }
        }
        guard outlet === self.outlet, keepsMessages else { return }
        messages.append(lines)
        fresh += lines
    }

    private func note(_ line: JSON) {
        if line.type == "ping", answersPings { answerPing() }
        guard let room = line["room"]?.string.flatMap({ RoomID($0) }) else { return }
        let type = line.type
        guard type == "joined" || places[room] != nil else {
            if type != "no" { violations.append("\(type) of a room that was not joined") }
            return
        }
        if let fault = places[room, default: Place(room)].take(line) { violations.append("\(room): \(fault)") }
    }

    private func answerPing() {
        _ = world.timeline.alarm(at: world.timeline.now + .milliseconds(1)) { [weak self] in
            self?.send(["type": "pong"])
        }
    }

    func forget(_ room: RoomID) { places[room] = nil }
}
#endif
