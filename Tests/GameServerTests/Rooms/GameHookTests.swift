@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("PLUGINS.md: what a game is told") struct GameHookTests {
    private func started(
        bots: Int = 0, _ configure: (inout Configuration) -> Void = { _ in }
    ) throws -> (World, TestClient, RoomID) {
        var configuration = Configuration()
        configure(&configuration)
        let world = World(games: [InstalledGame(Clockwork.self)], configuration: configuration)
        let ana = world.client("Ana")
        ana.hello()
        let room = try ana.create("clockwork")
        for _ in 0..<bots { ana.host(room, "add_bot") }
        ana.host(room, "start")
        return (world, ana, room)
    }

    private func heard(_ world: World, _ room: RoomID) -> [String] {
        (world.rooms[room]?.state.match as? MatchBox<Clockwork>)?.match.state.heard ?? []
    }

    /// The game hears this next, then and not before.
    private func expectNext(
        _ what: String, after span: Duration, _ world: World, _ room: RoomID,
        at place: SourceLocation = #_sourceLocation
    ) {
        let before = heard(world, room)
        world.advance(by: span - .milliseconds(1))
        #expect(heard(world, room) == before, sourceLocation: place)
        world.advance(by: .milliseconds(1))
        #expect(heard(world, room) == before + [what], sourceLocation: place)
    }

    @Test func `timers a game sets and cancels when a player returns outlive the pause before`() throws {
        let (world, ana, room) = try started()
        ana.cut()
        world.advance(by: .seconds(100))
        #expect(heard(world, room) == ["start", "dropped 0"])
        ana.hello()
        #expect(Set(world.rooms[room]?.state.match.timers.keys ?? [:].keys) == ["begun", "dropped", "returned"])
        // The pause began after 30 of the first one's 60 seconds and 25 of the second one's 40.
        expectNext("timer returned", after: .seconds(10), world, room)
        expectNext("timer dropped", after: .seconds(5), world, room)
        expectNext("timer begun", after: .seconds(15), world, room)
        world.advance(by: .seconds(200))
        #expect(heard(world, room).count == 6)
        #expect(ana.violations == [])
    }

    @Test func `timers a game sets and cancels while the room is paused begin when somebody returns`() throws {
        let (world, ana, room) = try started { $0.rooms.graceMs = 40_000 }
        ana.cut()
        world.advance(by: .seconds(100))
        #expect(heard(world, room) == ["start", "dropped 0"])
        ana.hello()
        expectNext("timer returned", after: .seconds(10), world, room)
        expectNext("timer begun", after: .seconds(20), world, room)
        expectNext("timer dropped", after: .seconds(10), world, room)
        world.advance(by: .seconds(200))
        #expect(heard(world, room).count == 6)
        #expect(ana.violations == [])
    }

    @Test func `a player removed in play has left, for the game too`() throws {
        let world = World(games: [InstalledGame(Clockwork.self)])
        let ana = world.client("Ana")
        let ben = world.client("Ben")
        ana.hello()
        ben.hello()
        let room = try ana.create("clockwork")
        ben.join(room)
        ana.host(room, "start")
        #expect(ana.host(room, "remove", seat: 1).first("ok") != nil)
        #expect(heard(world, room) == ["start", "left 1"])
        #expect(ben.lastClose?.rawValue == 4503)
    }

    @Test func `what a state's contradiction says is for operators, not for players`() throws {
        let (world, ana, room) = try started()
        let no = try #require(ana.act(room, ["kind": "spoil"]).first("no"))
        #expect(no.code == "internal")
        #expect(no["message"]?.string?.contains("GENERAL") == false)
        #expect(
            !ana.messages.flatMap { $0 }.contains { String(decoding: $0.encoded(), as: UTF8.self).contains("GENERAL") })
        #expect(world.facts.faults.contains { $0.contains(Clockwork.hidden) })
        #expect(ana.act(room, ["kind": "wind"]).first("ok") != nil)
    }

    @Test func `of two bots the game waits for, the one that can move does`() throws {
        let (world, ana, room) = try started(bots: 2)
        #expect(world.rooms[room]?.state.waiting?.seats == [1, 2])
        world.advance(by: .seconds(4))
        #expect(heard(world, room) == ["wind 2"])
        #expect(ana.violations == [])
    }
}
