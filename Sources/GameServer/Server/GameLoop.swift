import Observability
import PluginAPI
import WebSocket

/// Everything that lives on one event loop, from its first turn to its last.
///
/// Made on the loop's own thread, so that nothing of it can be touched from another.
final class GameLoop {
    /// What a loop is made from; all of it may cross threads.
    struct Plan: Sendable {
        /// Its number among the loops, and how many there are.
        var index: Int
        var placement: Placement
        var configuration: Configuration
        /// nil for no TLS.
        var tls: TLSServerContext?
        var games: InstalledGames
        var store: any EventStore
        var operators: Operators
        var files: StaticFiles
        /// All that are known, those of other loops too.
        var rooms: [RoomSummary]
        var logger: Logger
        var metrics: Observability.Metrics
        var middleware: [MiddlewarePlugin]
        var board: LoopBoard
        var doorkeeper: Doorkeeper
        var addresses: [ListenAddress]
        /// With TLS, where there is any.
        var secureAddresses: [ListenAddress]
        /// By which the server knows its own test.
        var selfTestKey: String
        var shared: SharedCeilings
        /// Called when nothing is being committed any more.
        var settled: @Sendable () -> Void
        /// Called when the loop has sent everybody away.
        var drained: @Sendable () -> Void
    }

    /// What the loops count together.
    struct SharedCeilings: Sendable {
        let rooms = RoomCeiling()
        let admission = Admission.Rules()
    }

    struct Started: Sendable {
        /// How the others reach it.
        var address: LoopAddress
        var orders: Mailbox<Order>
        var startedAt: MonotonicTime
    }

    /// Where clients of this machine reach the server.
    struct Served: Sendable {
        /// Without TLS, in the order of the plan.
        var plain: [ListenAddress]
        /// With TLS; nil for nowhere.
        var secure: ListenAddress?
    }

    enum Order: Sendable {
        /// Learn where the other loops are.
        case meet([LoopAddress], met: Latch<Void>)
        /// Take connections, and hand the others theirs. For one loop only, once all have met.
        case listen(Latch<Result<Served, StartError>>)
        /// Take no new commands, and answer those that are being committed.
        case drain
        /// All loops have: send everybody away.
        case sendAway
        /// Everybody has gone, on all loops.
        case stop
        /// Call back from the loop, as proof that it turns.
        case answer(@Sendable () -> Void)
        /// What recovery wants done here; the reply may be called on any thread.
        case act(LoopAction, ActionScope, @Sendable (ActionReport) -> Void)
    }

    private let loop: EventLoop
    private let services: LoopServices
    private let rooms: RoomDirectory
    private let sessions: SessionDirectory
    private let pulse: LoopPulse
    private let actions: LoopActions
    private let admin: AdminSurface
    private let configuration: Configuration
    private let logger: Logger
    private let surface: HTTPSurface
    private let settled: @Sendable () -> Void
    private let drained: @Sendable () -> Void
    private var drainedBy = MonotonicTime(nanoseconds: .max)
    private var hasSentAway = false
    /// What clients have at least to answer a farewell, and other loops to be done with theirs.
    private static let goodbyes = Duration.seconds(1)
    private let plan: Plan
    private var addresses: [LoopAddress] = []
    private var listeners: [Listener] = []

    /// Runs a loop on the calling thread until it has drained.
    ///
    /// - Parameter started: told once, when it serves or when it cannot.
    static func run(_ plan: Plan, _ started: (Result<Started, StartError>) -> Void) {
        let server: GameLoop
        do {
            server = try GameLoop(plan, started)
        } catch {
            return started(.failure(error))
        }
        // Mailboxes and timers refer back to it without keeping it.
        withExtendedLifetime(server) { server.loop.run() }
    }

    private init(_ plan: Plan, _ started: (Result<Started, StartError>) -> Void) throws(StartError) {
        configuration = plan.configuration
        logger = plan.logger
        settled = plan.settled
        drained = plan.drained
        self.plan = plan
        let writer = plan.metrics.makeWriter()
        let misnomer: String?
        do {
            loop = try EventLoop(limits: WebSocket.Limits(plan.configuration), doorkeeper: plan.doorkeeper)
            let replies = ReplyPort()
            // One append and one reading per room at most, and a few readings of operators.
            let mailbox = try loop.makeMailbox(capacity: 4 * plan.configuration.rooms.maxRooms + 1024) {
                replies.client?.deliver($0)
            }
            let client = StoreClient(store: plan.store) { reply in
                // What is asked is bounded below the capacity; an answer lost would freeze its room for ever. One that
                // comes after the loop has ended is nobody's any more.
                let posted = mailbox.post(reply)
                precondition(posted != .full, "the store's answers fit the mailbox")
            }
            replies.client = client
            let facts = ServerFacts(plan.metrics, plan.logger, writer: writer, board: plan.board)
            let admission = Admission(luck: .system, rules: plan.shared.admission)
            let domain = DomainCounts(
                plan.metrics.domain, writer: writer, games: plan.games, middleware: plan.middleware)
            domain?.onLost = { [logger] plugin, count in
                logger.log(
                    .warning, .business, "observations_lost", "\(count) of what \(plugin) counted does not fit",
                    ["plugin": .string(plugin), "count": .integer(count)])
            }
            let kit = MiddlewareKit(
                configuration: plan.configuration, metrics: plan.metrics, log: plan.logger.makeRing(), writer: writer,
                board: plan.board, admission: admission, domain: domain, now: { [loop] in loop.now })
            let own = plan.middleware
            let shipped = StandardMiddleware.all(kit)
            let added = own.enumerated().map { kit.make($1, place: $0) }
            misnomer = MiddlewarePlugin.fault(
                inNames: shipped.map(\.name) + own.map(\.name), ofThemselves: (shipped + added).map(\.name))
            let middleware = Middlewares(shipped + added)
            middleware.onFault = { facts.middlewareFault($0, hook: $1, $2) }
            middleware.onSample = { facts.middlewareSample($0, $1) }
            services = LoopServices(
                timeline: LoopTimeline(loop), store: client, games: plan.games, configuration: plan.configuration,
                observer: facts, middleware: middleware, admission: admission, luck: .system,
                neighbours: Neighbours(index: plan.index, placement: plan.placement), roomCeiling: plan.shared.rooms)
            services.domainMetrics = domain
            let (index, statusBoard) = (plan.index, plan.operators.board)
            services.storeTrouble.onChange = { statusBoard.put($0, of: index) }
            rooms = RoomDirectory(services: services)
            sessions = SessionDirectory(services: services, rooms: rooms)
            actions = LoopActions(
                services: services, sessions: sessions, rooms: rooms,
                restartable: Dictionary(
                    own.enumerated().map { place, plugin in (plugin.name, { kit.make(plugin, place: place) }) },
                    uniquingKeysWith: { first, _ in first }))
            pulse = LoopPulse(
                loop: loop, services: services, sessions: sessions, rooms: rooms, board: plan.board,
                metrics: plan.metrics, writer: writer)
        } catch {
            throw .loop(error)
        }
        if let misnomer { throw .plugin(misnomer) }
        rooms.restore(plan.rooms.filter { plan.placement.loop(of: $0.room) == plan.index })
        if plan.configuration.monitoring.isEnabled { pulse.start() }
        let residents = Residents(services: services, rooms: rooms, sessions: sessions, facts: pulse)
        do {
            admin = try AdminSurface.on(
                loop, residents: residents, operators: plan.operators,
                ledger: AccessLedger(plan.logger, plan.metrics, writer: writer))
            surface = HTTPSurface(
                sockets: SocketEndpoint(
                    sessions: sessions, services: services, addresses: plan.operators.addresses,
                    selfTestKey: plan.selfTestKey), admin: admin, files: plan.files)
            let sessions = sessions
            let address = LoopAddress(
                work: try loop.makeMailbox(capacity: Neighbours.maxWaiting) { $0(residents) },
                landing: try loop.makeLanding { Conversation(sessions, $0) },
                door: try loop.makeDoor(handler: surface))
            let inbox = OrderPort()
            let orders: Mailbox<Order> = try loop.makeMailbox(capacity: 1024) { inbox.receive?($0) }
            inbox.receive = { [unowned self] in obey($0) }
            started(.success(Started(address: address, orders: orders, startedAt: loop.now)))
        } catch {
            throw .loop(error)
        }
    }

    /// Takes connections for all loops.
    private func listen() throws(StartError) -> Served {
        let options = ListenOptions(configuration)
        for address in plan.addresses { try listen(at: address, options) }
        let served = listeners.map(\.reachable)
        var secure: Listener?
        if let tls = plan.tls {
            var options = options
            options.tls = tls
            for address in plan.secureAddresses {
                let listener = try listen(at: address, options)
                secure = secure ?? listener
            }
        }
        logger.log(
            .notice, .system, "started",
            "serves \(served.text)" + (secure.map { ", with TLS \($0.reachable)" } ?? ""),
            [
                "port": .integer(Int(served.port)), "rooms": .integer(plan.rooms.count),
                "loops": .integer(addresses.count), "max_connections": .integer(loop.limits.maxConnections),
                "descriptors": .integer(DescriptorLimit.current),
            ])
        return Served(plain: served, secure: secure?.reachable)
    }

    @discardableResult
    private func listen(at address: ListenAddress, _ options: ListenOptions) throws(StartError) -> Listener {
        do throws(SystemError) {
            let listener = try loop.listen(at: address, options: options, handler: surface)
            listener.share(with: addresses.dropFirst().map(\.door))
            listeners.append(listener)
            return listener
        } catch {
            throw .listen(address, error)
        }
    }

    private func obey(_ order: Order) {
        switch order {
        case .meet(let all, let met):
            addresses = all
            services.neighbours.meet(all)
            met.open(())
        case .listen(let answer):
            do throws(StartError) { answer.open(.success(try listen())) } catch { answer.open(.failure(error)) }
        case .drain: drain()
        case .sendAway: sendAway()
        case .stop: end()
        case .answer(let reply): reply()
        case .act(let action, let scope, let reply): actions.perform(action, scope) { reply($0) }
        }
    }

    // MARK: Draining

    /// No new commands; what is being committed is still answered; then everybody is sent away.
    private func drain() {
        guard !services.isDraining else { return }
        services.isDraining = true
        drainedBy = loop.now + .milliseconds(configuration.drain.timeoutMs)
        // Should another loop not turn: this one's clients are not to wait for it.
        loop.schedule(at: drainedBy) { [unowned self] in sendAway() }
        finishCommits()
    }

    private func finishCommits() {
        let isDone = services.store.appendsInFlight == 0 || loop.now >= drainedBy
        loop.schedule(at: loop.now + .milliseconds(10)) { [unowned self] in
            // One look later, so that what guests were told of the last commit has left for the loops of their connections.
            if isDone { settled() } else { finishCommits() }
        }
    }

    private func sendAway() {
        guard !hasSentAway else { return }
        hasSentAway = true
        for listener in listeners { listener.close() }
        logger.log(
            .notice, .system, "drained", "no command is left: \(sessions.count) clients are sent away",
            ["clients": .integer(sessions.count)])
        sessions.sendAway(.shutdown, spreadMs: configuration.drain.spreadMs)
        let endsBy = max(drainedBy, loop.now + Self.goodbyes)
        loop.schedule(at: endsBy + Self.goodbyes) { [unowned self] in end() }
        awaitGoodbyes(by: endsBy)
    }

    private func awaitGoodbyes(by deadline: MonotonicTime) {
        guard sessions.count > 0, loop.now < deadline else {
            // Others may still have players, and operators who ask about all of them.
            return drained()
        }
        loop.schedule(at: loop.now + .milliseconds(10)) { [unowned self] in awaitGoodbyes(by: deadline) }
    }

    /// Everybody has gone, on all loops, or another loop does not turn and is not waited for any longer.
    private func end() {
        admin.close()
        loop.stop()
    }
}

extension [ListenAddress] {
    var text: String { map { "\($0)" }.joined(separator: ", ") }

    /// The first port among them; 0 where there is none.
    var port: UInt16 {
        for case .port(let port, _) in map(\.place) { return port }
        return 0
    }
}

/// Breaks the circle of a mailbox that needs its receiver and a receiver that needs the mailbox.
private final class ReplyPort {
    var client: StoreClient?
}

private final class OrderPort {
    var receive: ((GameLoop.Order) -> Void)?
}
