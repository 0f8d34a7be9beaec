import Foundation
import Observability
import PluginAPI
import Testing
import WebSocket

@testable import GameServer
@testable import TestSupport

@Suite("Operations: endpoints") struct HTTPSurfaceTests {
    private static let resources = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Resources").standardized.path

    /// The whole surface on a loop of its own.
    private func server(isDraining: Bool = false) throws -> LoopThread {
        let files = try StaticFiles(Self.resources)
        return try LoopThread { loop in
            let metrics = Metrics(process: .init(version: "test", startSeconds: 0) { 0 })
            let origin = LogOrigin(version: "test", node: "test", processID: 1)
            let logger = Logger(level: .critical, sink: LogSink { _ in true }, origin: origin, metrics: metrics)
            let facts = ServerFacts(metrics, logger, loop: loop)
            let store = StoreClient(store: MemoryEventStore(retainedEvents: 300)) { _ in }
            let services = LoopServices(
                timeline: LoopTimeline(loop), store: store, games: InstalledGames(Table.games),
                configuration: Configuration(), observer: facts, luck: .system)
            services.isDraining = isDraining
            let rooms = RoomDirectory(services: services)
            let sessions = SessionDirectory(services: services, rooms: rooms)
            let admin = AdminSurface(services: services, rooms: rooms, token: Secret("token"), facts: facts)
            return HTTPSurface(
                sockets: SocketEndpoint(sessions: sessions, services: services), admin: admin, files: files)
        }
    }

    private func ask(_ line: String, _ fields: String = "Host: x\r\n", of server: LoopThread) throws -> (Int, String) {
        let client = try RawClient(port: server.port)
        try client.send("\(line) HTTP/1.1\r\n\(fields)Connection: close\r\n\r\n")
        let answer = String(decoding: try client.receiveToEnd(), as: UTF8.self)
        return (Int(answer.dropFirst("HTTP/1.1 ".count).prefix(3)) ?? 0, answer)
    }

    @Test(arguments: [
        ("GET /ws", 426, "upgrade_required"), ("GET nowhere", 400, "bad_request"),
        ("GET /api%2Frooms", 400, "bad_request"), ("PUT /ws", 405, "method_not_allowed"),
        ("GET /\(String(repeating: "a", count: 9000))", 414, "target_too_long"),
        ("GET /api/rooms", 401, "unauthorized"), ("GET /nothing", 404, "not_found"),
    ]) func `every error is JSON, also one that no handler saw`(line: String, status: Int, code: String) throws {
        let server = try server()
        let (found, answer) = try ask(line, of: server)
        #expect(found == status)
        #expect(answer.contains("\r\nContent-Type: application/json\r\n"))
        let body = try #require(answer.split(separator: "\r\n\r\n").last)
        #expect(try JSON(parsing: Array(body.utf8))["error"]?["code"] == .string(code))
        server.stop()
    }

    @Test func `a server that drains has started and is not ready`() throws {
        let server = try server(isDraining: true)
        for (path, status) in [("/startupz", 200), ("/livez", 200), ("/readyz", 503), ("/api/startupz", 200)] {
            #expect(try ask("GET \(path)", of: server).0 == status)
        }
        server.stop()
    }

    @Test func `rooms are told page by page to who has the token`() throws {
        let server = try server()
        let fields = "Host: x\r\nAuthorization: Bearer token\r\n"
        let (status, answer) = try ask("GET /api/rooms?limit=5", fields, of: server)
        #expect(status == 200 && answer.hasSuffix(#"{"count":0,"rooms":[],"has_more":false}"#))
        #expect(try ask("GET /rooms?limit=5000", fields, of: server).0 == 400)
        server.stop()
    }
}
