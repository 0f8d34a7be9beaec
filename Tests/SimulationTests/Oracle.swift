@testable import GameServer
import Glibc
import PluginAPI

@testable import TestSupport

/// Reads the stored log for itself and judges by it whatever a client is told.
final class Oracle {
    /// One room as its log alone tells it.
    private struct Told {
        var state: RoomState
        var chain = RecordChain()
        var events: [RenderedEvent] = []
        var times: [Timestamp] = []
        /// The match as it was when its last event had the number that is the key.
        var matches: [Int: any HostedMatch] = [:]
        /// Commands that counted, by the player they counted for.
        var answers: [Digest: [Int: Int]] = [:]
        /// What a seat has ever been called, and who played it.
        var faces: Set<String> = []
        var hosts: Set<Int> = []
        var secrecy = Secrecy()
    }

    private unowned let world: World
    private var rooms: [RoomID: Told] = [:]
    private(set) var faults: [String] = []
    private(set) var linesJudged = 0
    /// Each room's record that was compared last.
    private var compared: [RoomID: Digest] = [:]

    init(_ world: World) { self.world = world }

    func state(of room: RoomID) -> RoomState? { rooms[room]?.state }

    func complain(_ fault: String) { faults.append(fault) }

    // MARK: The log

    /// Folds what the store has and this has not seen.
    func read(_ room: RoomID) {
        let log = world.log(of: room)
        guard let first = log.first else { return }
        do {
            var told = try rooms[room] ?? begin(room, first)
            for stored in log.dropFirst(told.state.number) { try take(stored, &told) }
            rooms[room] = told
        } catch {
            complain("\(room): the log cannot be folded: \(error)")
        }
    }

    private func begin(_ room: RoomID, _ first: StoredRecord) throws -> Told {
        let claim = Claim(term: 1, snapshot: nil, records: [first])
        return Told(state: try RoomState.restored(room, from: claim, games: world.games))
    }

    private func take(_ stored: StoredRecord, _ told: inout Told) throws {
        if !told.chain.accept(stored) { complain("record \(stored.number) does not continue the log") }
        let (record, events) = try Record.decode(stored.payload)
        let before = told.state.seats
        let rendered = try told.state.fold(stored)
        if let (seat, n) = Self.command(record), let player = before[seat.index].secret {
            let counted = told.answers[player, default: [:]].count
            if n != counted + 1 { complain("command \(n) counted as number \(counted + 1) of seat \(seat.index)") }
            told.answers[player, default: [:]][n] = record.answer?.seq ?? told.state.sequence
        }
        told.events += rendered.events
        told.times += rendered.events.map { _ in rendered.at }
        told.matches[told.state.sequence] = told.state.match
        for (index, seat) in told.state.seats.enumerated() {
            told.faces.insert("\(index) \(seat.name) \(seat.kind.rawValue)")
        }
        told.hosts.insert(told.state.host.index)
        for (index, event) in events.enumerated() { told.secrecy.note(event, number: record.firstSeq + index) }
    }

    /// A `leave` takes the seat's numbers with it, so only its cause tells.
    private static func command(_ record: Record) -> (Seat, Int)? {
        if case .leave(let seat, let n) = record.cause { return (seat, n) }
        return record.answer.map { ($0.seat, $0.n) }
    }

    // MARK: What a client is told

    func judge(_ client: TestClient, _ outlet: ScriptedOutlet, _ line: [UInt8], _ json: JSON) {
        linesJudged += 1
        guard let room = json["room"]?.string.flatMap({ RoomID($0) }), json.type != "no", json.type != "bye" else {
            return
        }
        let last = json.int("seq") ?? 0
        let tellsOfRecords = ["ok", "joined", "room"].contains(json.type)
        if tellsOfRecords || (rooms[room]?.state.sequence ?? -1) < last { read(room) }
        guard let told = rooms[room] else { return complain("\(json.type) of \(room) before its first record") }
        guard let seated = outlet.seated[room] else { return complain("\(json.type) of \(room) before joined") }
        if let fault = fault(in: json, line, told, seated.viewer, secret: seated.secret) {
            complain("\(client.name) in \(room): \(fault): \(String(decoding: line.prefix(300), as: UTF8.self))")
        }
        if told.state.game == "liap-tui", let fault = told.secrecy.fault(in: json, for: seated.viewer) {
            complain("\(client.name) in \(room) was told \(fault)")
        }
        judgeSecrets(client, line)
    }

    private func fault(
        in json: JSON, _ line: [UInt8], _ told: Told, _ viewer: Viewer, secret: String?
    ) -> String? {
        let last = json.int("seq") ?? 0
        guard last <= told.state.sequence else { return "event \(last) is not committed" }
        switch json.type {
        case "events":
            let count = json["events"]?.elements?.count ?? 0
            guard (1...last).contains(count) else { return "\(count) events up to \(last)" }
            let view = told.state.viewerIndex(of: viewer)
            let expected = ServerMessage.events(
                told.state.room, told.events[last - count..<last].map { $0.views[view] }, last: last,
                at: told.times[last - 1])
            return expected == line ? nil : "not what the log shows this viewer"
        case "snapshot": return viewFault(json, told, viewer, at: last)
        case "joined":
            if json["resume"] == "new", let fault = viewFault(json, told, viewer, at: last) { return fault }
            for answer in json["results"]?.elements ?? [] {
                if let fault = answerFault(answer, told, secret) { return fault }
            }
            return statusFault(json["status"] ?? nil, told)
        case "ok": return viewer == .watcher ? nil : answerFault(json, told, secret)
        case "room": return statusFault(json, told)
        default: return nil
        }
    }

    private func viewFault(_ json: JSON, _ told: Told, _ viewer: Viewer, at sequence: Int) -> String? {
        guard let match = told.matches[sequence] else { return "no record ends at \(sequence)" }
        let view = match.phase == .waiting ? Array("null".utf8) : match.view(for: viewer)
        guard let expected = try? JSON(parsing: view) else { return "the view is no JSON" }  // judged as a fault
        return json["view"] == expected ? nil : "not the view of \(sequence)"
    }

    private func answerFault(_ answer: JSON, _ told: Told, _ secret: String?) -> String? {
        guard let n = answer.int("n"), let secret else { return "an answer without a number or a seat" }
        let stored = told.answers[Digest(of: Array(secret.utf8))]?[n]
        return stored == answer.int("seq") ? nil : "command \(n) is stored with \(stored.map(String.init) ?? "nothing")"
    }

    private func statusFault(_ status: JSON, _ told: Told) -> String? {
        for seat in status["seats"]?.elements ?? [] {
            let face = "\(seat.int("seat") ?? -1) \(seat["name"]?.string ?? "") \(seat["kind"]?.string ?? "")"
            guard told.faces.contains(face) else { return "no record shows a seat as \(face)" }
        }
        return told.hosts.contains(status.int("host") ?? -1) ? nil : "no record has this host"
    }

    // MARK: Secrecy

    /// Nobody is told what opens somebody else's seat.
    private func judgeSecrets(_ client: TestClient, _ line: [UInt8]) {
        let line = line + [0]
        for other in world.clients where other !== client {
            for place in other.places.values {
                if let secret = place.secret, client.place(place.room).secret != secret, line.holds(secret) {
                    complain("\(client.name) was told a secret of \(other.name)")
                }
            }
        }
    }

    // MARK: The live rooms

    /// The log folded is the room as it runs.
    func compare(_ room: Room) {
        guard !room.isCommitting, room.state.number > 0, compared[room.id] != room.state.digest else { return }
        compared[room.id] = room.state.digest
        read(room.id)
        guard var told = rooms[room.id]?.state else { return complain("\(room.id) runs without a log") }
        told.term = room.state.term
        do {
            let (stored, live) = (try told.snapshot(), try room.state.snapshot())
            if stored != live { complain("\(room.id): the log folded is not the room at record \(live.number)") }
        } catch {
            complain("\(room.id): no snapshot: \(error)")
        }
    }
}

extension [UInt8] {
    /// Of a text that ends in a zero. The C library is many times faster than a build without optimization.
    fileprivate func holds(_ text: String) -> Bool {
        withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { $0.baseAddress.flatMap { strstr($0, text) } != nil }
        }
    }
}
