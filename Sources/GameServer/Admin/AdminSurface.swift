import Foundation
import Observability
import PluginAPI
import WebSocket

/// Lets in who may ask, and answers probes; what is asked about rooms goes to `RoomReports`. Lives on the loop.
final class AdminSurface {
    private let services: LoopServices
    private let rooms: RoomDirectory
    private let facts: ServerFacts
    private let reports: RoomReports
    private let token: Digest

    init(services: LoopServices, rooms: RoomDirectory, token: Secret, facts: ServerFacts) {
        self.services = services
        self.rooms = rooms
        self.facts = facts
        reports = RoomReports(services: services, rooms: rooms)
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
        case .ready: exchange.respond(ready())
        // Who asks is answered, so it has started; that it drains is readiness.
        case .started: exchange.respond(.json(200, ["status": "started"]))
        case .metrics: exchange.respond(metrics())
        case .rooms: exchange.respond(reports.list(request.query))
        case .room(let id): reports.detail(of: id) { exchange.respond($0) }
        case .state(let id): reports.state(of: id, request.query) { exchange.respond($0) }
        case .events(let id, let since): reports.events(of: id, since: since, request.query) { exchange.respond($0) }
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
                ("Content-Type", ExpositionFormat.text.contentType), ("Cache-Control", "no-store"),
            ],
            body: facts.exposition(of: rooms))
    }
}
