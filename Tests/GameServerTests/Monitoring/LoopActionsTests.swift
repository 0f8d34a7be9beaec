@testable import GameServer
import Observability
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

@Suite("What recovery does on a loop") struct LoopActionsTests {
    let log = HookLog()

    /// Answers to an order, however late.
    final class Reports {
        var all: [ActionReport] = []
    }

    func perform(
        _ action: LoopAction, in world: World, radius: Double = 1, isDryRun: Bool = false, text: String? = nil,
        restartable: [String: () -> any Middleware] = [:]
    ) -> Reports {
        let reports = Reports()
        let actions = LoopActions(
            services: world.services, sessions: world.sessions, rooms: world.rooms, restartable: restartable)
        kept.all.append(actions)
        actions.perform(action, ActionScope(isDryRun: isDryRun, blastRadius: radius, playerText: text)) {
            reports.all.append($0)
        }
        world.pump()
        return reports
    }

    /// An order may be answered later by the actions that took it.
    private final class Kept { var all: [LoopActions] = [] }
    private let kept = Kept()

    // MARK: Stale connections

    /// Ten clients; the last `dead` of them give no sign of life and have been silent for a while.
    private func crowd(dead: Int) -> (World, [TestClient]) {
        let world = Table.world({ $0.heartbeat.answerMs = 60_000 }, middleware: [log])
        let clients = (1...10).map { world.client("C\($0)") }
        for client in clients { client.hello() }
        for client in clients.suffix(dead) { client.answersPings = false }
        world.advance(by: .seconds(14))
        for client in clients.dropLast(dead) { client.send(["type": "pong"]) }
        world.advance(by: .seconds(2))
        return (world, clients)
    }

    @Test func `a sweep closes those who do not answer, and only those`() {
        let (world, clients) = crowd(dead: 3)
        for client in clients { _ = client.take() }
        let reports = perform(.sweepStale, in: world)
        #expect(reports.all == [], "everybody has time to answer")
        world.advance(by: .seconds(6))
        let report = reports.all.first
        #expect(report?.outcome == .done)
        #expect((report?.touched, report?.eligible, report?.repaired) == (3, 10, 3))
        #expect(clients.map(\.isConnected) == Array(repeating: true, count: 7) + [false, false, false])
        #expect(clients.suffix(3).allSatisfy { $0.lastClose?.rawValue == 4004 })
        #expect(log.stallWords.filter { $0 == "unanswered" }.count == 3)
    }

    @Test func `a silent connection that answers is left alone`() {
        let (world, clients) = crowd(dead: 2)
        clients[9].answersPings = true
        let reports = perform(.sweepStale, in: world)
        clients[9].send(["type": "pong"])
        world.advance(by: .seconds(6))
        #expect(reports.all.map(\.touched) == [1])
        #expect(clients[9].isConnected && !clients[8].isConnected)
    }

    @Test func `a sweep never goes beyond its radius, and a dry run touches nothing`() {
        let (world, clients) = crowd(dead: 5)
        let said = clients.map { $0.messages.count }
        #expect(perform(.sweepStale, in: world, radius: 0.2, isDryRun: true).all.map(\.touched) == [2])
        #expect(clients.map { $0.messages.count } == said)
        let reports = perform(.sweepStale, in: world, radius: 0.2)
        world.advance(by: .seconds(6))
        #expect(reports.all.map(\.touched) == [2])
        #expect(clients.filter { !$0.isConnected }.count == 2)
    }

    @Test func `a sweep with nobody silent has nothing to do`() {
        let (world, _) = crowd(dead: 0)
        let reports = perform(.sweepStale, in: world)
        #expect(reports.all.map(\.outcome) == [.nothingToDo])
        #expect(reports.all.map(\.eligible) == [10])
    }

    // MARK: Pending messages

    /// A game with watchers that do not read; each has so many broadcasts waiting.
    private func backlog(watchers: Int, moves: Int = 4) throws -> (Table, [TestClient]) {
        let table = try Table.playing({ $0.limits.burst = 1000 }, middleware: [log])
        let slow = (0..<watchers).map { table.world.client("W\($0)") }
        for client in slow {
            client.hello()
            client.watch(table.room)
            client.stopReading()
        }
        for field in [0, 3, 1, 4].prefix(moves) { table.mark(field) }
        table.world.advance(by: .milliseconds(5100))
        for client in slow { _ = client.take() }
        return (table, slow)
    }

    @Test func `collapsing takes back what waits, and says how much`() throws {
        let (table, slow) = try backlog(watchers: 2)
        let report = try #require(perform(.collapsePending, in: table.world).all.first)
        #expect(report.outcome == .done)
        #expect((report.touched, report.eligible, report.repaired) == (2, 4, 2))
        #expect(report.details["messages"] == "6")
        for client in slow {
            client.resumeReading()
            #expect(client.place(table.room).seq == table.state?.sequence)
        }
        #expect(table.violations == [])
    }

    @Test func `collapsing keeps to its radius, and a dry run touches nothing`() throws {
        let (table, slow) = try backlog(watchers: 6)
        let waiting = slow.map { $0.outlet?.unsentBytes }
        #expect(perform(.collapsePending, in: table.world, radius: 0.25, isDryRun: true).all.map(\.touched) == [2])
        #expect(slow.map { $0.outlet?.unsentBytes } == waiting)
        #expect(perform(.collapsePending, in: table.world, radius: 0.25).all.map(\.touched) == [2])
        #expect(zip(slow, waiting).filter { $0.0.outlet?.unsentBytes != $0.1 }.count == 2)
    }

    @Test func `those left alone are measured beside those that were touched, until the run is judged`() throws {
        let (table, slow) = try backlog(watchers: 5)
        let report = try #require(perform(.collapsePending, in: table.world, radius: 0.3).all.first)
        let before = try #require(report.cohorts)
        #expect((before.touched.objects, before.control.objects) == (2, 3))
        #expect(before.touched.sum == 8 && before.control.sum == 12)
        let trial = try #require(table.world.services.trial)
        func cohorts() -> RecoveryCohorts { trial.cohorts(table.world.sessions, at: table.world.timeline.now) }
        #expect(cohorts().touched.sum == 2, "three of four are taken back")
        #expect(cohorts().control.sum == 12)
        for client in slow { client.resumeReading() }
        #expect(cohorts().touched.sum == 0 && cohorts().control.sum == 0)
    }

    @Test func `where nothing can be taken back, nobody is touched and nothing is called a success`() throws {
        let (table, slow) = try backlog(watchers: 1, moves: 1)
        let report = try #require(perform(.collapsePending, in: table.world).all.first)
        #expect(report.outcome == .nothingToDo)
        #expect((report.touched, report.repaired) == (0, 0))
        #expect(slow[0].session?.isLagging == false)
        table.mark(3)
        slow[0].resumeReading()
        #expect(slow[0].take().filter { $0.type == "events" }.count == 2)
    }

    @Test func `who has waited for a moment only is left alone`() throws {
        let table = try Table.playing()
        table.other.stopReading()
        table.mark(0)
        table.mark(1)
        #expect(perform(.collapsePending, in: table.world).all.map(\.outcome) == [.nothingToDo])
    }

    // MARK: Clients out of step

    /// Ana acknowledged the start and nothing after it, for longer than a client may take.
    private func outOfStep(rooms: Int = 1, isWatched: Bool = true) throws -> Table {
        let table = try Table.playing(
            {
                $0.slow.gapEvents = 2
                $0.slow.gapMs = 1000
                $0.monitoring.isEnabled = isWatched
            }, middleware: [log])
        for _ in 1..<rooms {
            let room = try table.ana.create("tic-tac-toe")
            table.ben.join(room)
            table.ana.host(room, "start")
        }
        for room in table.world.rooms.roomsAtWork {
            table.ana.send(["type": "ack", "room": .string(room.id.description), "seq": 1])
            for field in [0, 3, 1, 4] {
                let turn = room.state.waiting?.seats.first == 1 ? table.ben : table.ana
                turn.act(room.id, Table.mark(field))
            }
        }
        table.world.advance(by: .milliseconds(1100))
        _ = table.ana.take()
        return table
    }

    @Test func `a client out of step gets the whole view and a word, and proves itself by its ack`() throws {
        let table = try outOfStep()
        let reports = perform(.sync(client: 1), in: table.world, text: "you were out of step")
        #expect(reports.all == [])
        let lines = table.ana.take()
        #expect(lines.types == ["snapshot", "room", "notice"])
        #expect(lines.first?["reason"] == "recovered")
        #expect(lines.last?["text"] == "you were out of step")
        table.ana.send(["type": "ack", "room": .string(table.room.description), "seq": 5])
        table.world.advance(by: .seconds(4))
        #expect(reports.all.map(\.repaired) == [1])
        #expect(reports.all.map(\.touched) == [1])
        #expect(table.violations == [])
    }

    @Test func `a client that does not acknowledge the view is not called repaired`() throws {
        let table = try outOfStep()
        let reports = perform(.sync(client: 1), in: table.world)
        table.world.advance(by: .seconds(4))
        #expect(reports.all.map(\.repaired) == [0])
        #expect(reports.all.map(\.outcome) == [.done])
    }

    @Test func `a client behind in several rooms is one client, and repaired when all of them are proven`() throws {
        for confirmed in [1, 2] {
            let table = try outOfStep(rooms: 2)
            let rooms = table.world.rooms.roomsAtWork.map(\.id)
            let dry = perform(.sync(client: 1), in: table.world, radius: 0.2, isDryRun: true).all
            #expect(dry.map { [$0.touched, $0.eligible] } == [[1, 1]])
            let reports = perform(.sync(client: 1), in: table.world, radius: 0.2)
            for room in rooms.prefix(confirmed) {
                table.ana.send(["type": "ack", "room": .string(room.description), "seq": 5])
            }
            table.world.advance(by: .seconds(4))
            let report = try #require(reports.all.first)
            #expect([report.touched, report.eligible, report.repaired] == [1, 1, confirmed == 2 ? 1 : 0])
            #expect(report.details == ["rooms": "2", "acknowledged": String(confirmed)])
        }
    }

    @Test func `who is out of step is remembered only where somebody looks`() throws {
        for isWatched in [true, false] {
            let table = try outOfStep(isWatched: isWatched)
            #expect(table.world.services.behind.current().count == (isWatched ? 1 : 0))
        }
    }

    @Test func `a dry run sends nothing; one who is in step or gone is nothing to do`() throws {
        let table = try outOfStep()
        #expect(perform(.sync(client: 1), in: table.world, isDryRun: true).all.map(\.touched) == [1])
        #expect(table.ana.take().isEmpty)
        #expect(perform(.sync(client: 2), in: table.world).all.map(\.outcome) == [.nothingToDo])
        #expect(perform(.sync(client: 77), in: table.world).all.map(\.outcome) == [.nothingToDo])
    }

    // MARK: The door, and middleware

    @Test func `the door closes, is narrowed and opens, and a dry run leaves it`() {
        let world = Table.world()
        let door = world.services.admission
        let now = world.timeline.now
        #expect(perform(.protect(forMs: 5000), in: world, isDryRun: true).all.map(\.outcome) == [.done])
        #expect(door.mode(at: now) == .open)
        _ = perform(.protect(forMs: 5000), in: world)
        #expect(door.mode(at: now) == .protected(until: now + .seconds(5)))
        _ = perform(.admit(perSecond: 7, forMs: 9000), in: world)
        #expect(door.mode(at: now) == .protected(until: now + .seconds(5)), "the stricter one decides")
        _ = perform(.unprotect, in: world)
        #expect(door.mode(at: now) == .limited(perSecond: 7, until: now + .seconds(9)))
        _ = perform(.admitAll, in: world)
        #expect(door.mode(at: now) == .open)
    }

    @Test func `a user's middleware is made anew, then set aside; the server's own are never touched`() throws {
        final class Fresh: Middleware {
            let name = "hook_log"
            let interests: MiddlewareHooks = .attach
            var attached = 0
            func attach(_ fact: Membership) { attached += 1 }
        }
        let world = Table.world(middleware: [log])
        let fresh = Fresh()
        let own = ["hook_log": { fresh as any Middleware }]
        #expect(
            perform(.restartMiddleware("hook_log", setsAsideForMs: nil), in: world, isDryRun: true, restartable: own)
                .all.map(\.touched) == [1])
        let ana = world.client("Ana")
        ana.hello()
        _ = try ana.create("tic-tac-toe")
        #expect(fresh.attached == 0 && log.attached.count == 1)
        _ = perform(.restartMiddleware("hook_log", setsAsideForMs: nil), in: world, restartable: own)
        _ = try ana.create("tic-tac-toe")
        #expect(fresh.attached == 1 && log.attached.count == 1)
        _ = perform(.restartMiddleware("hook_log", setsAsideForMs: 9000), in: world, restartable: own)
        _ = try ana.create("tic-tac-toe")
        #expect(fresh.attached == 1)
        world.advance(by: .seconds(9))
        _ = try ana.create("tic-tac-toe")
        #expect(fresh.attached == 2, "a while later it may try again")
        for name in ["rate_limiting", "nobody"] {
            for ms in [nil, 9000] {
                let report = perform(.restartMiddleware(name, setsAsideForMs: ms), in: world, restartable: own).all
                #expect(report.map(\.outcome) == [.nothingToDo])
            }
        }
        #expect(world.services.middleware.list.first { $0.name == "rate_limiting" }?.isSetAside == false)
    }

    @Test func `a middleware counts as repaired only when it had thrown since it was last made anew`() throws {
        final class Clumsy: Middleware {
            struct Stumble: Error {}
            let name = "clumsy"
            let interests: MiddlewareHooks = .attach
            func attach(_ fact: Membership) throws { throw Stumble() }
        }
        let world = Table.world(middleware: [Clumsy()])
        let restartable = ["clumsy": { Clumsy() as any Middleware }]
        func repaired(setsAsideForMs: Int?) -> [Int] {
            perform(.restartMiddleware("clumsy", setsAsideForMs: setsAsideForMs), in: world, restartable: restartable)
                .all.map(\.repaired)
        }
        #expect(repaired(setsAsideForMs: nil) == [0])
        let ana = world.client("Ana")
        ana.hello()
        for ms in [nil, 9000] {
            _ = try ana.create("tic-tac-toe")
            #expect(repaired(setsAsideForMs: ms) == [1])
            #expect(repaired(setsAsideForMs: ms) == [0])
        }
    }

    @Test func `one that is set aside anew stays out for as long as was said last`() throws {
        let world = Table.world(middleware: [log])
        var made = 0
        let own = [
            "hook_log": { () -> any Middleware in
                made += 1
                return HookLog()
            }
        ]
        let actions = LoopActions(
            services: world.services, sessions: world.sessions, rooms: world.rooms, restartable: own)
        func setAside() {
            let scope = ActionScope(isDryRun: false, blastRadius: 1)
            actions.perform(.restartMiddleware("hook_log", setsAsideForMs: 9000), scope) { _ in }
        }
        var isSetAside: Bool? { world.services.middleware.list.first { $0.name == "hook_log" }?.isSetAside }
        setAside()
        world.advance(by: .seconds(5))
        setAside()
        world.advance(by: .seconds(5))
        #expect(isSetAside == true && made == 0)
        world.advance(by: .seconds(4))
        #expect(isSetAside == false && made == 1)
    }

    @Test func `at least one is touched, and never more than may be`() {
        for (radius, eligible, most) in [
            (0.1, 0, 0), (0.1, 1, 1), (0.1, 9, 1), (0.1, 25, 2), (1, 25, 25), (0.999, 1, 1),
        ] {
            let scope = ActionScope(isDryRun: false, blastRadius: radius, playerText: nil)
            #expect(scope.most(of: eligible) == most)
        }
    }
}
