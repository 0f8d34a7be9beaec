#if DEBUG
@testable import GameServer
import PluginAPI
import WebSocket

/// A whole server and its clients on one thread: the code of production over time, luck, a store and connections that
/// the test holds in its hands.
final class World {
    let configuration: Configuration
    let games: InstalledGames
    let timeline = ManualTimeline()
    private(set) var facts = FactLog()
    private(set) var memory: MemoryEventStore
    private(set) var services: LoopServices
    private(set) var rooms: RoomDirectory
    private(set) var sessions: SessionDirectory
    private(set) var clients: [TestClient] = []

    /// Questions to the store; held, nothing is decided about them yet.
    var questions = Passage<StagedStore.Question>()
    /// Its answers; held, everything asked is stored and nobody knows.
    var answers = Passage<StoreReply>()
    /// How long a peer takes to let the server close.
    var closeDelay: () -> Duration = { .zero }
    /// Called with every line a client gets, and the connection it came on.
    var onLine: (TestClient, ScriptedOutlet, _ line: [UInt8], JSON) -> Void = { _, _, _, _ in }

    /// What a test puts behind the server's own.
    private let middleware: [any Middleware]
    private var staged: StagedStore
    private var replies = ReplyBox()
    private var random: GameRandom
    private var isPumping = false

    init(
        seed: UInt64 = 1, games: [InstalledGame], configuration: Configuration = Configuration(),
        memory: MemoryEventStore? = nil, middleware: [any Middleware] = []
    ) {
        self.configuration = configuration
        self.middleware = middleware
        self.games = InstalledGames(games)
        random = GameRandom(seed: seed)
        self.memory = memory ?? MemoryEventStore(retainedEvents: configuration.rooms.retentionEvents)
        staged = StagedStore(self.memory)
        services = Self.services(
            timeline, staged, replies, self.games, configuration, facts, middleware, Self.luck(&random))
        rooms = RoomDirectory(services: services)
        sessions = SessionDirectory(services: services, rooms: rooms)
        timeline.afterAlarm = { [unowned self] in pump() }
    }

    /// The server's own luck, apart from the test's.
    private static func luck(_ random: inout GameRandom) -> Luck {
        let state = LuckState(GameRandom(seed: random.next()))
        return Luck { state.random.next() }
    }

    private static func services(
        _ timeline: ManualTimeline, _ store: StagedStore, _ replies: ReplyBox, _ games: InstalledGames,
        _ configuration: Configuration, _ facts: FactLog, _ middleware: [any Middleware], _ luck: Luck
    ) -> LoopServices {
        let admission = Admission(luck: luck)
        return LoopServices(
            timeline: timeline, store: StoreClient(store: store) { replies.put($0) }, games: games,
            configuration: configuration, observer: facts,
            middleware: Middlewares(
                [
                    RateLimiting(
                        configuration.limits, position: 0, admission: admission, now: { timeline.now }),
                    facts,
                ] + middleware), admission: admission, luck: luck)
    }

    // MARK: Clients

    /// A client that has not connected yet.
    func client(_ name: String) -> TestClient {
        let client = TestClient(name, world: self, secrets: GameRandom(seed: random.next()))
        clients.append(client)
        return client
    }

    /// Lets go of the clients, which hold the world.
    func end() {
        for client in clients { client.serverDied() }
        clients = []
    }

    // MARK: Time

    func advance(by span: Duration) {
        pump()
        timeline.advance(by: span)
    }

    /// Lets pass what may pass: questions into the store, answers out of it, closes to their sessions.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        var moved = true
        while moved {
            moved = false
            for question in staged.takeAsked() { wake(questions.enter(question, at: timeline.now)) }
            while let question = questions.takeDue(at: timeline.now) {
                question()
                moved = true
            }
            for reply in replies.take() { wake(answers.enter(reply.known(at: timeline.now), at: timeline.now)) }
            while let reply = answers.takeDue(at: timeline.now) {
                services.store.deliver(reply)
                moved = true
            }
            for client in clients where finishClose(of: client) { moved = true }
        }
    }

    private func wake(_ due: MonotonicTime?) {
        if let due { _ = timeline.alarm(at: due) {} }
    }

    /// The transport tells the session of its end once the peer has answered the close.
    private func finishClose(of client: TestClient) -> Bool {
        guard let outlet = client.outlets.first(where: { $0.closed != nil && !$0.isEnding }) else { return false }
        outlet.isEnding = true
        let delay = closeDelay()
        if delay == .zero {
            client.closeArrived(from: outlet)
        } else {
            _ = timeline.alarm(at: timeline.now + delay) { [weak client] in client?.closeArrived(from: outlet) }
        }
        return true
    }

    // MARK: The store

    /// Keeps questions outside until `releaseStore`: decided, not committed.
    func holdStore() { questions.pace = .held }

    /// Lets the oldest question in that is held.
    func passOneQuestion() {
        questions.passOne()
        pump()
    }

    /// Keeps answers back until `releaseStore`: committed, not delivered.
    func holdAnswers() { answers.pace = .held }

    func releaseStore() {
        questions.pace = .atOnce
        answers.pace = .atOnce
        pump()
    }

    /// Everything in memory is gone, as after `kill -9`; the store stays. A new server takes its rooms over.
    func crash() {
        timeline.forgetAlarms()
        questions = Passage(pace: questions.pace)
        answers = Passage(pace: answers.pace)
        for client in clients { client.serverDied() }
        memory = memory.afterCrash()
        staged = StagedStore(memory)
        replies = ReplyBox()
        facts = FactLog()
        services = Self.services(
            timeline, staged, replies, games, configuration, facts, middleware, Self.luck(&random))
        rooms = RoomDirectory(services: services)
        sessions = SessionDirectory(services: services, rooms: rooms)
        let kept = Duration.milliseconds(configuration.rooms.goneMs)
        let since = Timestamp(unixMilliseconds: timeline.wallClock.unixMilliseconds - kept.milliseconds)
        memory.directory(closedAfter: since) { [replies] in replies.put(.directory(0, $0)) }
        for case .directory(_, .rooms(let summaries)) in replies.take() { rooms.restore(summaries) }
        pump()
    }

    /// Every record of a room, as the store has it. Claimed from a copy, so that nobody is fenced.
    func log(of room: RoomID) -> [StoredRecord] {
        let found = Reply<ClaimOutcome>()
        memory.afterCrash().claim(room, retaining: .max) { found($0) }
        guard case .claimed(let claim)? = found.now else { return [] }
        return claim.records
    }
}

extension StoreReply {
    /// The same answer, known to the store at an instant of the world's own.
    fileprivate func known(at now: MonotonicTime) -> StoreReply {
        if case .append(let number, let outcome, _) = self { .append(number, outcome, at: now) } else { self }
    }
}

/// The generator behind a `Luck`.
private final class LuckState {
    var random: GameRandom
    init(_ random: GameRandom) { self.random = random }
}

extension Passage {
    init(pace: Pace) {
        self.init()
        self.pace = pace
    }
}
#endif
