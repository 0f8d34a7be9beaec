@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("The wire, Framing: the same room several times in one hello") struct SameRoomTwiceTests {
    private func entry(_ room: RoomID, secret: String? = nil, seq: Int? = 0) -> JSON {
        [
            "room": .string(room.description), "secret": secret.map { .string($0) } ?? nil, "epoch": "",
            "seq": seq.map { JSON($0) } ?? nil,
        ]
    }

    /// What keeps a room from answering at once.
    enum Delay: CaseIterable {
        case commit, wake
    }

    @Test(arguments: Delay.allCases) func `one of them counts, and a watch after them is one too many`(delay: Delay)
        throws
    {
        let table = try Table.playing()
        let seated: Int
        switch delay {
        case .commit:
            table.world.holdStore()
            table.mark(0)
            seated = 2
        case .wake:
            table.world.holdStore()
            table.world.crash()
            seated = 0
        }
        let eve = table.world.client("Eve")
        eve.connect()
        let three = Array(repeating: entry(table.room), count: 3)
        #expect(eve.ask(["type": "hello", "resume": .array(three)]).refusals == ["bad_request", "bad_request"])
        #expect(eve.watch(table.room).refusals == ["bad_request"])
        table.world.releaseStore()
        #expect(eve.take().filter { $0.type == "joined" }.count == 1)
        #expect(table.live?.members.count == seated + 1)
        eve.cut()
        #expect(table.live?.members.count == seated)
        if delay == .wake {
            table.ana.hello()
            table.ben.hello()
        }
        #expect(table.mark(5).first("ok") != nil)
        #expect(table.violations == [])
    }

    @Test func `entries that are refused free no other room's place`() throws {
        let world = Table.world()
        let ana = world.client("Ana")
        let ben = world.client("Ben")
        ana.hello()
        ben.hello()
        let rooms =
            try (0..<5).map { _ in try ana.create("tic-tac-toe") } + (0..<4).map { _ in try ben.create("tic-tac-toe") }
        world.holdStore()
        world.crash()
        let eve = world.client("Eve")
        eve.connect()
        let spoiled = [
            entry(rooms[0]), entry(rooms[1], secret: "x"), entry(rooms[2], seq: nil),
        ]
        let entries = rooms.prefix(8).map { entry($0) } + spoiled + [entry(rooms[8])]
        let answers = eve.ask(["type": "hello", "resume": .array(entries)])
        #expect(answers.refusals == ["bad_request", "bad_secret", "bad_request", "bad_request"])
        world.releaseStore()
        #expect(eve.take().filter { $0.type == "joined" }.count == 8)
        #expect(eve.watch(rooms[8]).refusals == ["bad_request"])
    }

    @Test func `a repeated request that is refused frees no place while the first one waits`() throws {
        let table = try Table.playing { $0.limits.queueCommands = 1 }
        let eve = table.world.client("Eve")
        let cho = table.world.client("Cho")
        eve.hello()
        cho.hello()
        for _ in 0..<7 { _ = try eve.create("tic-tac-toe") }
        let ninth = try cho.create("tic-tac-toe")
        let secret = try #require(table.ben.place(table.room).secret)
        table.world.holdStore()
        table.mark(0)
        eve.send(eve.joinRequest(table.room, secret: secret))
        let again = eve.freshSecret()
        #expect(eve.join(table.room, secret: again).refusals == ["bad_request"])
        for _ in 0..<15 { eve.send(eve.joinRequest(table.room, secret: secret)) }
        #expect(eve.join(table.room, secret: secret).refusals == ["overloaded"])
        #expect(eve.watch(ninth).refusals == ["bad_request"])
        table.world.releaseStore()
        #expect(eve.session?.members.count == 8)
    }

    @Test func `a room holds a connection once, whatever it is asked`() throws {
        let table = try Table.playing()
        let room = try #require(table.live)
        let eve = table.world.client("Eve")
        eve.hello()
        let session = try #require(eve.session)
        let secret = try #require(table.ben.place(table.room).secret.flatMap { SeatSecret($0) })
        for secret in [nil, nil, secret, secret, nil] {
            room.submit(.resume(ResumeRequest(session: session, secret: secret, epoch: "", sequence: 0)))
            #expect(room.members.filter { $0.session === session }.count == 1)
        }
        eve.cut()
        #expect(!room.members.contains { $0.session === session })
        table.mark(0)
    }
}
