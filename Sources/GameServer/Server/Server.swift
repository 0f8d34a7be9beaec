import Foundation
import Observability
import WebSocket

/// A game server: a data directory, a store, an event loop and the games it serves.
public final class Server: Sendable {
    /// The port that is served, also when 0 was asked for.
    public let port: UInt16
    /// The admin token, if this start made it; the operator has to be told once.
    public let generatedToken: Secret?
    private let directory: DataDirectory
    private let store: SQLiteEventStore
    private let orders: Mailbox<GameLoop.Order>
    private let ended: Latch<Void>
    private let desk = DeskThread()

    /// Takes the data directory, reads which rooms there are, and begins to serve.
    ///
    /// - Throws: `StartError`; nothing is left running.
    public init(
        configuration: Configuration, games: [InstalledGame], logger: Logger, metrics: Observability.Metrics
    ) throws(StartError) {
        let path = configuration.server.dataDirectory
        do {
            directory = try DataDirectory(path)
            // What an earlier run left says nothing of this one.
            unlink(directory.path + "/port")
            var options = SQLiteOptions(durability: configuration.store.durability == .power ? .power : .process)
            options.retainedEvents = configuration.rooms.retentionEvents
            store = try SQLiteEventStore(in: directory, options: options, observer: StoreLog(logger))
        } catch {
            throw .store(error)
        }
        let token: AdminToken
        let tokens: AdminTokens
        do {
            token = try AdminToken(configured: configuration.admin.token, dataDirectory: path)
            tokens = try AdminTokens(
                administrator: token.secret, operator: configuration.admin.operatorToken,
                viewer: configuration.admin.viewerToken)
        } catch {
            store.close()
            throw .adminToken(error)
        }
        generatedToken = token.isNew ? token.secret : nil
        do {
            let files = try StaticFiles(configuration.http.resourcesDirectory)
            let installed = InstalledGames(games)
            let sources = ServerSources(store: store, metrics: metrics, logger: logger)
            let operators = Operators(
                tokens: tokens, desk: OperatorDesk(sources: sources, games: installed, thread: desk, logger: logger),
                sources: sources, board: StatusBoard())
            let plan = GameLoop.Plan(
                configuration: configuration, games: installed, store: store, operators: operators,
                files: files, rooms: try Self.rooms(of: store, configuration), logger: logger, metrics: metrics)
            let started = Latch<Result<GameLoop.Started, StartError>>()
            let ended = Latch<Void>()
            let thread = Thread {
                GameLoop.run(plan) { started.open($0) }
                ended.open(())
            }
            thread.name = "loop-0"
            thread.stackSize = 8 << 20
            thread.start()
            let loop = try started.wait().get()
            port = loop.port
            orders = loop.orders
            self.ended = ended
            desk.start()
        } catch {
            store.close()
            throw error
        }
        do { try writePort() } catch {
            drain()
            run()
            throw error
        }
    }

    /// Returns when the server has drained.
    public func run() {
        ended.wait()
        desk.close()
        store.close()
    }

    /// Asks everybody to come back later, finishes what is being committed, and ends. Any thread may call it.
    public func drain() {
        orders.post(.drain)
    }

    private func writePort() throws(StartError) {
        let path = directory.path + "/port"
        do {
            try Data("\(port)\n".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } catch {
            throw .portFile(path: path, reason: error.localizedDescription)
        }
    }

    private static func rooms(
        of store: SQLiteEventStore, _ configuration: Configuration
    ) throws(StartError) -> [RoomSummary] {
        let answer = Latch<DirectoryOutcome>()
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let since = now - Int64(configuration.rooms.goneMs)
        store.directory(closedAfter: .init(unixMilliseconds: since)) { answer.open($0) }
        guard case .rooms(let rooms) = answer.wait() else {
            throw .directory(path: configuration.server.dataDirectory)
        }
        return rooms
    }
}
