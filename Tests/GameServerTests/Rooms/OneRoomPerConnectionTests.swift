@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("The wire, Framing: in each room one seat or one watch") struct OneRoomPerConnectionTests {
    /// A third client that was given what it takes to sit in several places.
    private func greet(_ table: Table, _ entries: [(secret: String?, seq: Int)]) -> (TestClient, [JSON]) {
        let eve = table.world.client("Eve")
        eve.connect()
        let epoch = table.state?.epoch ?? ""
        let resume = entries.map { entry -> JSON in
            [
                "room": .string(table.room.description), "secret": entry.secret.map { .string($0) } ?? nil,
                "epoch": .string(epoch), "seq": JSON(entry.seq),
            ]
        }
        return (eve, eve.ask(["type": "hello", "resume": .array(resume)]))
    }

    @Test func `a hello that resumes two seats of one room gets one of them`() throws {
        let table = try Table.playing()
        let secrets = [table.ana, table.ben].map { $0.place(table.room).secret }
        let (eve, answer) = greet(table, [(secrets[0], 0), (secrets[1], 0)])
        #expect(answer.filter { $0.type == "joined" }.count == 1)
        #expect(answer.refusals == ["bad_request"])
        eve.cut()
        table.ana.hello()
        #expect(table.mark(0).isEmpty == false)
    }

    @Test func `a watcher who repeats the room's create is refused`() throws {
        let table = try Table.playing()
        let secret = try #require(table.ana.place(table.room).secret)
        let (eve, answer) = greet(table, [(nil, 0)])
        #expect(answer.first("joined")?["seat"] == .null)
        #expect(eve.ask(eve.createRequest("tic-tac-toe", secret: secret)).refusals == ["bad_request"])
        eve.cut()
        #expect(table.mark(0).isEmpty == false)
    }

    @Test func `a seated player who repeats the create of another seat is refused`() throws {
        let table = try Table.playing()
        let secret = try #require(table.ana.place(table.room).secret)
        #expect(table.ben.ask(table.ben.createRequest("tic-tac-toe", secret: secret)).refusals == ["bad_request"])
        table.ben.cut()
        table.world.advance(by: .seconds(3))
        #expect(table.ana.take().status?.seat(1)["connected"] == false)
    }

    @Test func `a second watch is refused`() throws {
        let table = try Table.playing()
        #expect(table.ben.watch(table.room).refusals == ["bad_request"])
        let eve = table.world.client("Eve")
        eve.hello()
        eve.watch(table.room)
        #expect(eve.watch(table.room).refusals == ["bad_request"])
        #expect(eve.join(table.room).refusals == ["bad_request"])
    }

    @Test func `a ninth room is refused`() throws {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        for _ in 0..<8 { _ = try ana.create("tic-tac-toe") }
        #expect(ana.ask(ana.createRequest("tic-tac-toe")).refusals == ["bad_request"])
    }
}
