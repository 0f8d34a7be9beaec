import Foundation
import Observability
import PluginAPI
import WebSocket

/// Answers operators and probes. Lives on the loop; what needs the store is answered later.
final class AdminSurface {
    private let services: LoopServices
    private let rooms: RoomDirectory
    private let facts: ServerFacts
    private let token: Digest

    init(services: LoopServices, rooms: RoomDirectory, token: Secret, facts: ServerFacts) {
        self.services = services
        self.rooms = rooms
        self.facts = facts
        self.token = Digest(of: Array(token.reveal().utf8))
    }

    func answer(_ route: AdminRoute, _ request: Request, _ exchange: Exchange) {
        guard route.isOpen(metricsArePublic: services.configuration.metrics.isPublic) || isAuthorized(request) else {
            return exchange.respond(
                .problem(
                    401, "unauthorized", "this path needs the admin token as a bearer token",
                    [("WWW-Authenticate", "Bearer realm=\"gameserver\"")]))
        }
        switch route {
        case .health: exchange.respond(health())
        case .live: exchange.respond(.json(200, ["status": "alive"]))
        case .ready, .started: exchange.respond(ready())
        case .metrics: exchange.respond(metrics())
        case .rooms: exchange.respond(.json(200, list()))
        case .room(let id): withRoom(id, exchange) { self.detail(of: $0) }
        case .events(let id, let since): events(id, since: since, request, exchange)
        case .state(let id): state(id, request, exchange)
        }
    }

    /// Compared by digest, in constant time.
    private func isAuthorized(_ request: Request) -> Bool {
        guard let field = request.headers["Authorization"] else { return false }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        return Digest(of: Array(parts[1].utf8)).matches(token)
    }

    // MARK: Probes

    private func health() -> Response {
        let uptime = Int(facts.uptime.milliseconds / 1000)
        let isCritical = services.storeTrouble.isPresent(at: services.timeline.now)
        let formatted = [uptime / 3600, uptime / 60 % 60, uptime % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        let now = services.timeline.wallClock
        let date = Date(timeIntervalSince1970: Double(now.unixMilliseconds) / 1000)
        let body: JSON = [
            "status": isCritical ? "critical" : "healthy",
            "timestamp": .string(date.formatted(.iso8601)),
            "timestamp_unix": .integer(now.unixMilliseconds),
            "uptime_seconds": .integer(Int64(uptime)),
            "uptime_formatted": .string(formatted.joined(separator: ":")),
            "version": .string(Version.current),
            "service": "gameserver",
        ]
        return .json(isCritical ? 503 : 200, body)
    }

    private func ready() -> Response {
        services.isDraining
            ? .problem(503, "draining", "the server is shutting down") : .json(200, ["status": "ready"])
    }

    private func metrics() -> Response {
        Response(
            status: 200,
            headers: [
                ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store"),
            ],
            body: facts.exposition(of: rooms))
    }

    // MARK: Rooms

    private func list() -> [UInt8] {
        var text: [UInt8] = []
        let summaries = rooms.summaries()
        text.append(json: #"{"count":"#)
        text.append(jsonInteger: summaries.count)
        text.append(json: #","rooms":["#)
        for (index, summary) in summaries.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            append(summary, to: &text)
        }
        text.append(json: "]}")
        return text
    }

    /// The lobby's line, and what only operators are told.
    private func append(_ summary: RoomSummary, to text: inout [UInt8]) {
        ServerMessage.append(summary, to: &text)
        text.removeLast()
        text.append(json: #","visibility":"#)
        text.append(jsonString: summary.visibility.rawValue)
        ServerMessage.append("changed", Int(summary.changed.unixMilliseconds), to: &text)
        text.append(json: #","awake":"#)
        text.append(json: rooms[summary.room] == nil ? "false" : "true")
        text.append(json: "}")
    }

    private func detail(of room: Room) -> Response {
        var text: [UInt8] = []
        append(room.state.summary(lifetimes: services.lifetimes), to: &text)
        text.removeLast()
        ServerMessage.append("seq", room.state.sequence, to: &text)
        ServerMessage.append("record", room.state.number, to: &text)
        ServerMessage.append("connections", room.members.count, to: &text)
        text.append(json: #","epoch":"#)
        text.append(jsonString: room.state.epoch)
        text.append(json: #","status":"#)
        text.append(json: room.status.object(room.id, rev: room.rev, now: services.timeline.now))
        text.append(json: "}")
        return .json(200, text)
    }

    private func state(_ id: String, _ request: Request, _ exchange: Exchange) {
        let eyes = request.query.first { $0.name == "as" }?.value
        withRoom(id, exchange) { room in
            var viewer: Viewer?
            if let eyes {
                guard let found = Self.viewer(eyes, seats: room.state.seats.count) else {
                    return .problem(
                        400, "bad_request",
                        "as is \(eyes.prefix(20)): watcher or a seat from 0 to \(room.state.seats.count - 1)")
                }
                viewer = found
            }
            var text: [UInt8] = []
            text.append(json: #"{"room":"#)
            text.append(jsonString: room.id.description)
            ServerMessage.append("seq", room.state.sequence, to: &text)
            ServerMessage.append("record", room.state.number, to: &text)
            text.append(json: #","state_source":"live","status":"#)
            text.append(json: room.status.object(room.id, rev: room.rev, now: self.services.timeline.now))
            if let viewer {
                text.append(json: #","view":"#)
                text.append(json: room.view(for: viewer))
            } else {
                text.append(json: #","state":"#)
                text.append(json: room.state.match.truth())
            }
            text.append(json: "}")
            return .json(200, text)
        }
    }

    private static func viewer(_ text: String, seats: Int) -> Viewer? {
        if text == "watcher" { return .watcher }
        guard let index = Int(text), (0..<seats).contains(index) else { return nil }
        return .seat(Seat(index))
    }

    private func withRoom(_ text: String, _ exchange: Exchange, _ answer: @escaping (Room) -> Response) {
        guard let id = RoomID(text) else { return exchange.respond(.problem(Rejection.roomNotFound)) }
        rooms.find(id) { found in
            switch found {
            case .success(let room): exchange.respond(answer(room))
            case .failure(let rejection): exchange.respond(.problem(rejection))
            }
        }
    }

    // MARK: Events

    /// Most events of one answer; `recovery_info` says whether there are more.
    private static let maxEvents = 1000

    /// Reads the log itself, so closed rooms answer too. Raw: every hand is in it, for administrators only.
    private func events(_ text: String, since: String?, _ request: Request, _ exchange: Exchange) {
        guard let id = RoomID(text) else { return exchange.respond(.problem(Rejection.roomNotFound)) }
        let given = since ?? request.query.first { $0.name == "after" }?.value ?? "0"
        guard let after = Int(given), after >= 0 else {
            return exchange.respond(
                .problem(400, "bad_request", "after is \(given.prefix(20)): a sequence number from 0"))
        }
        services.store.read(id, after: after, limit: Self.maxEvents) { outcome in
            switch outcome {
            case .records(let records, let head):
                do throws(StoredFormError) {
                    exchange.respond(.json(200, try Self.events(of: records, room: id, after: after, head: head)))
                } catch {
                    exchange.respond(.problem(500, "internal", error.message))
                }
            case .notFound: exchange.respond(.problem(Rejection.roomNotFound))
            case .unavailable: exchange.respond(.problem(Rejection.storeUnavailable))
            }
        }
    }

    private static func events(
        of records: [StoredRecord], room: RoomID, after: Int, head: Int
    ) throws(StoredFormError) -> JSON {
        var events: [JSON] = []
        var last = after
        for stored in records where events.count < maxEvents {
            let (record, raw) = try Record.decode(stored.payload)
            for (index, event) in raw.enumerated() {
                let sequence = record.firstSeq + index
                guard sequence > after, events.count < maxEvents else { continue }
                last = sequence
                events.append([
                    "seq": .integer(Int64(sequence)), "at": .integer(record.at.unixMilliseconds),
                    "record": .integer(Int64(record.record)), "event": event,
                ])
            }
        }
        return [
            "room": .string(room.description), "event_count": .integer(Int64(events.count)), "events": .array(events),
            "recovery_info": [
                "latest_sequence": .integer(Int64(head)), "has_more_events": .bool(last < head),
            ],
        ]
    }
}

extension Response {
    /// A refusal of the wire as an HTTP error.
    static func problem(_ rejection: Rejection) -> Response {
        let status =
            switch rejection.refusal.code {
            case "room_not_found": 404
            case "room_gone": 410
            case "store_unavailable", "draining", "overloaded": 503
            case "internal": 500
            default: 400
            }
        return problem(status, rejection.refusal.code, rejection.refusal.message)
    }
}
