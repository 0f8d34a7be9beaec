@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Life of a room: the host, leaving and closing") struct HostTests {
    private func liapTui(guests: Int) throws -> (world: World, people: [TestClient], room: RoomID) {
        let world = Table.world()
        let people = ["Ana", "Ben", "Cho", "Dee"].prefix(guests + 1).map { world.client($0) }
        for person in people { person.hello() }
        let room = try people[0].create("liap-tui", options: ["bot_delay_ms": [100, 100]])
        for person in people.dropFirst() { person.join(room) }
        return (world, Array(people), room)
    }

    @Test func `only the host may start, add bots, remove and close`() throws {
        let table = try Table()
        for order in ["start", "add_bot", "close"] {
            #expect(table.ben.host(table.room, order).refusals == ["not_host"])
        }
        #expect(table.ben.host(table.room, "remove", seat: 0).refusals == ["not_host"])
        #expect(table.ben.host(table.room, "dance").refusals == ["bad_request"])
        #expect(table.ben.place(table.room).lastN == 0)
    }

    @Test func `start with fewer seats filled than the game needs is refused, a second start is wrong_phase`() throws {
        let table = try Table(seated: false)
        #expect(table.ana.host(table.room, "start").refusals == ["refused"])
        table.ana.host(table.room, "add_bot")
        #expect(table.ana.host(table.room, "start").first("ok") != nil)
        #expect(table.ana.host(table.room, "start").refusals == ["wrong_phase"])
        #expect(table.ana.host(table.room, "add_bot").refusals == ["wrong_phase"])
    }

    @Test func `add_bot takes the lowest empty seat or the one named`() throws {
        let (_, people, room) = try liapTui(guests: 0)
        people[0].host(room, "add_bot", seat: 2)
        people[0].host(room, "add_bot")
        #expect(
            people[0].place(room).status["seats"]?.elements?.map { $0["kind"] } == ["human", "bot", "bot", "empty"])
        #expect(people[0].host(room, "add_bot", seat: 1).refusals == ["seat_taken"])
        #expect(people[0].host(room, "add_bot", seat: 9).refusals == ["bad_request"])
        people[0].host(room, "add_bot")
        #expect(people[0].host(room, "add_bot").refusals == ["room_full"])
    }

    @Test func `remove frees a seat, its player gets bye 4503 and the secret opens nothing any more`() throws {
        let table = try Table()
        let secret: JSON = table.ben.place(table.room).secret.map { .string($0) } ?? nil
        #expect(table.ana.host(table.room, "remove", seat: 1).first("ok") != nil)
        #expect(table.ben.place(table.room).over == 4503)
        #expect(table.ben.lastClose?.rawValue == 4503)
        #expect(table.ana.place(table.room).status.seat(1)["kind"] == "empty")
        let again = table.world.client("Ben")
        again.connect()
        let entry: JSON = ["room": .string(table.room.description), "secret": secret, "epoch": "", "seq": 0]
        let answer = again.ask(["type": "hello", "resume": [entry]])
        #expect(answer.refusals == ["bad_secret"])
        #expect(table.ana.host(table.room, "remove", seat: 1).refusals == ["refused"])
        #expect(table.ana.host(table.room, "remove", seat: 0).refusals == ["refused"])
    }

    @Test func `leave before the start frees the seat, and the host's right passes at once`() throws {
        let (_, people, room) = try liapTui(guests: 2)
        #expect(people[0].leave(room).types == ["ok", "room"])
        let status = people[1].place(room).status
        #expect(status.seat(0)["kind"] == "empty")
        #expect(status["host"] == 1)
        #expect(people[0].isConnected)
        #expect(people[0].act(room, ["kind": "play"], n: 9).refusals == ["not_joined"])
    }

    @Test func `leave in play gives the seat to a bot for good`() throws {
        let table = try Table.playing()
        #expect(table.ana.leave(table.room).first("ok") != nil)
        let status = table.ben.place(table.room).status
        #expect(status.seat(0)["kind"] == "bot")
        #expect(status["host"] == 1)
        table.world.advance(by: .seconds(10))
        #expect(table.state?.waiting?.seats == [1])
        #expect(table.ben.host(table.room, "close").first("ok") != nil)
        #expect(table.violations == [])
    }

    @Test func `leave after the end is answered, and the others stay`() throws {
        let table = try Table.playing()
        for field in [0, 1, 3, 2, 4, 5, 6] where table.state?.status == .playing { table.mark(field) }
        #expect(table.state?.status == .finished)
        #expect(table.ana.leave(table.room).first("ok") != nil)
        #expect(table.ben.ask(["type": "resync", "room": .string(table.room.description)]).types == ["snapshot"])
    }

    @Test func `the last to leave a waiting room closes it`() throws {
        let table = try Table()
        table.ana.leave(table.room)
        #expect(table.ben.place(table.room).status["host"] == 1)
        table.ben.leave(table.room)
        let eve = table.world.client("Eve")
        eve.hello()
        #expect(eve.join(table.room).refusals == ["room_gone"])
    }

    @Test func `without a connected person the right passes to the lowest bot, and back to who comes`() throws {
        let (world, people, room) = try liapTui(guests: 1)
        people[0].host(room, "add_bot")
        people[0].host(room, "add_bot")
        people[0].host(room, "start")
        people[1].cut()
        world.advance(by: .seconds(6))
        people[0].cut()
        world.advance(by: .seconds(6))
        #expect(world.rooms[room]?.state.host != 0)
        #expect(people[1].hello().first("joined")?["status"]?["host"] == 1)
    }

    @Test func `a closed room sends everybody 4504, is gone for a day and then was never there`() throws {
        let table = try Table.playing()
        let lines = table.ana.host(table.room, "close")
        #expect(lines.types == ["ok", "bye"])
        #expect(table.ana.lastClose?.rawValue == 4504)
        #expect(table.ben.lastClose?.rawValue == 4504)
        let eve = table.world.client("Eve")
        eve.hello()
        #expect(eve.join(table.room).refusals == ["room_gone"])
        table.world.crash()
        eve.hello()
        #expect(eve.watch(table.room).refusals == ["room_gone"])
        table.world.advance(by: .seconds(86_401))
        if !eve.isConnected { eve.hello() }
        #expect(eve.watch(table.room).refusals == ["room_not_found"])
    }

    @Test func `chat reaches everybody in the room, the sender too`() throws {
        let table = try Table.playing()
        let request: JSON = ["type": "chat", "room": .string(table.room.description), "text": "hi \"you\" <3"]
        let line = try #require(table.ana.ask(request).first("chat"))
        #expect(line["text"] == "hi \"you\" <3" && line["seat"] == 0 && line["name"] == "Ana")
        #expect(table.ben.take().contains(line))
        let long = String(repeating: "é", count: 501)
        for text in ["", long] {
            let chat: JSON = ["type": "chat", "room": .string(table.room.description), "text": .string(text)]
            #expect(table.ana.ask(chat).refusals == ["bad_request"])
        }
        #expect(table.world.log(of: table.room).count == 3)
    }
}
