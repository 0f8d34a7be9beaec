import Foundation
import Observability
import PluginAPI
import WebSocket

@testable import GameServer
@testable import TestSupport

/// The whole HTTP surface on a loop of its own, with sources that are not there in production.
struct Surface {
    static let resources = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Resources").standardized.path

    let loop: LoopThread
    let sources: FakeSources
    let board = StatusBoard()
    let metrics: Metrics
    let logger: Logger
    private let desk = DeskThreads()
    private let admin = OnLoop()

    /// - Parameter isDraining: from the start.
    init(isDraining: Bool = false, _ configure: (inout Configuration) -> Void = { _ in }) throws {
        let files = try StaticFiles(Self.resources)
        var configuration = Configuration()
        configure(&configuration)
        let store = MemoryEventStore(retainedEvents: 300)
        let games = InstalledGames(Table.games)
        let metrics = Metrics(
            process: .init(version: "test", startSeconds: 0) { 0 }, routes: AdminRoutes.labels)
        self.metrics = metrics
        let origin = LogOrigin(version: "test", node: "test", processID: 1)
        let logger = Logger(level: .critical, sink: LogSink { _ in true }, origin: origin, metrics: metrics)
        self.logger = logger
        let sources = FakeSources(store: store, logger: logger)
        self.sources = sources
        let tokens = try AdminTokens(
            administrator: Secret("administrator"), operator: Secret("operator"), viewer: Secret("viewer"))
        let operators = Operators(
            tokens: tokens, addresses: ClientAddresses(trusting: try AddressList(configuration.http.trustedProxies)),
            desk: OperatorDesk(sources: sources, games: games, threads: desk, logger: logger), sources: sources,
            board: board, access: SharedAccess(configuration))
        desk.start()
        loop = try LoopThread { [configuration, admin = self.admin] loop in
            let admission = Admission(luck: .system)
            let services = LoopServices(
                timeline: LoopTimeline(loop), store: StoreClient(store: store) { _ in }, games: games,
                configuration: configuration,
                observer: ServerFacts(metrics, logger, writer: nil, board: LoopBoard { _ in }),
                middleware: Middlewares([]), admission: admission, luck: .system)
            services.isDraining = isDraining
            let rooms = RoomDirectory(services: services)
            let sessions = SessionDirectory(services: services, rooms: rooms)
            let surface = try AdminSurface.on(
                loop,
                residents: Residents(services: services, rooms: rooms, sessions: sessions, facts: StillFacts(loop)),
                operators: operators, ledger: AccessLedger(logger, metrics, writer: nil))
            admin.surface = surface
            return HTTPSurface(
                sockets: SocketEndpoint(
                    sessions: sessions, services: services, addresses: operators.addresses, selfTestKey: "self"),
                admin: surface, files: files)
        }
    }

    func stop() {
        loop.stop()
        desk.close()
    }

    /// Stops as a server does that has drained.
    func close() {
        loop.run { [admin] _ in
            admin.surface?.close()
            admin.surface = nil
        }
        stop()
    }

    /// What only the loop's thread touches.
    private final class OnLoop: @unchecked Sendable {
        var surface: AdminSurface?
    }

    struct Answer {
        let status: Int
        let head: String
        let body: String

        var json: JSON? { try? JSON(parsing: Array(body.utf8)) }
        var errorCode: String? { json?["error"]?["code"]?.string }

        func field(_ name: String) -> String? {
            for line in head.components(separatedBy: "\r\n") where line.lowercased().hasPrefix(name.lowercased() + ":")
            {
                return line.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
            }
            return nil
        }
    }

    /// - Parameters:
    ///   - line: method and target.
    ///   - token: of a role; nil for none.
    func ask(
        _ line: String, as token: String? = nil, fields: [String] = [], body: String? = nil
    ) throws -> Answer {
        let client = try RawClient(port: loop.port)
        var head = "\(line) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        for field in fields { head += field + "\r\n" }
        if let body { head += "Content-Length: \(body.utf8.count)\r\n" }
        try client.send(head + "\r\n" + (body ?? ""))
        let parts = String(decoding: try client.receiveToEnd(), as: UTF8.self)
            .split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let top = String(parts[0])
        return Answer(
            status: Int(top.dropFirst("HTTP/1.1 ".count).prefix(3)) ?? 0, head: top,
            body: parts.count > 1 ? String(parts[1]) : "")
    }
}

/// A loop nobody measures.
private final class StillFacts: LoopFacts {
    private let loop: EventLoop
    let uptime = Duration.zero
    var counters: TransportCounters { loop.counters }

    init(_ loop: EventLoop) { self.loop = loop }

    func publish() {}
}
