@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Life of a room: coming") struct LifeOfRoomTests {
    private func liapTui() throws -> (World, TestClient, RoomID) {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        return (world, ana, try ana.create("liap-tui"))
    }

    private func guest(_ name: String, _ world: World) -> TestClient {
        let guest = world.client(name)
        guest.hello()
        return guest
    }

    @Test func `the creator has seat 0 and is host, and sees nothing before the start`() throws {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        let joined = try #require(ana.ask(ana.createRequest("tic-tac-toe")).first("joined"))
        #expect(joined["seat"] == 0)
        #expect(joined["seq"] == 0)
        #expect(joined["view"] == .null)
        #expect(joined["resume"] == "new")
        #expect(joined["last_n"] == 0)
        #expect(joined["results"] == [])
        #expect(joined["game"] == ["id": "tic-tac-toe", "version": 1])
        #expect(joined["status"]?["host"] == 0)
        #expect(joined["status"]?["state"] == "waiting")
        #expect(joined["status"]?.seat(0) == ["seat": 0, "name": "Ana", "kind": "human", "connected": true])
        #expect(joined["status"]?.seat(1)["kind"] == "empty")
    }

    @Test func `the server makes a secret when the client brings none`() throws {
        let world = Table.world()
        let ana = guest("Ana", world)
        let joined = ana.ask(["type": "create", "id": 1, "game": "tic-tac-toe", "name": "Ana"]).first("joined")
        #expect(joined?["secret"]?.string.flatMap { SeatSecret($0) } != nil)
    }

    @Test func `a guest gets the seat asked for, else the lowest empty, else the lowest bot's, else room_full`() throws
    {
        let (world, ana, room) = try liapTui()
        ana.host(room, "add_bot", seat: 1)
        #expect(guest("Ben", world).join(room, seat: 3).first("joined")?["seat"] == 3)
        #expect(guest("Cho", world).join(room).first("joined")?["seat"] == 2)
        #expect(guest("Dee", world).join(room).first("joined")?["seat"] == 1)
        #expect(guest("Eve", world).join(room).refusals == ["room_full"])
        #expect(guest("Fay", world).join(room, seat: 2).refusals == ["seat_taken"])
        #expect(guest("Gil", world).join(room, seat: 4).refusals == ["bad_request"])
    }

    @Test func `names are unique in a room whatever their case, and a bot's gives way`() throws {
        let (world, ana, room) = try liapTui()
        #expect(guest("ANA", world).join(room).refusals == ["name_taken"])
        ana.host(room, "add_bot", seat: 1)
        #expect(ana.place(room).status.seat(1)["name"] == "Bot 2")
        let joined = try #require(guest("bot 2", world).join(room).first("joined"))
        #expect(joined["status"]?.seat(2)["name"] == "bot 2")
        let renamed = joined["status"]?.seat(1)["name"]?.string ?? ""
        #expect(renamed.hasPrefix("Bot "))
        #expect(renamed.lowercased() != "bot 2")
    }

    @Test func `join in play is wrong_phase, watch works`() throws {
        let table = try Table.playing()
        let eve = guest("Eve", table.world)
        #expect(eve.join(table.room).refusals == ["wrong_phase"])
        let joined = try #require(eve.watch(table.room).first("joined"))
        #expect(joined["seat"] == .null)
        #expect(joined["secret"] == .null)
        #expect(joined["view"] != .null)
        #expect(eve.act(table.room, Table.mark(0)).refusals == ["not_joined"])
        let chat: JSON = ["type": "chat", "room": .string(table.room.description), "text": "hi"]
        #expect(eve.ask(chat).refusals == ["not_joined"])
        #expect(eve.leave(table.room, n: 1).types == ["ok"])
        #expect(eve.ask(["type": "resync", "room": .string(table.room.description)]).refusals == ["not_joined"])
    }

    @Test(arguments: ["ZZZZZZZZ", "short", ""]) func `a room that is not there is not found`(id: String) {
        let ana = guest("Ana", Table.world())
        #expect(ana.ask(["type": "join", "room": .string(id), "name": "Ana"]).refusals == ["room_not_found"])
        #expect(ana.ask(["type": "watch", "room": .string(id)]).refusals == ["room_not_found"])
        let act: JSON = ["type": "act", "room": .string(id), "n": 1, "action": ["kind": "x"]]
        #expect(ana.ask(act).refusals == ["not_joined"])
    }

    @Test(
        arguments: [
            ["type": "create", "game": "chess", "name": "Ana"], ["type": "create", "game": "liap-tui", "name": " "],
            ["type": "create", "game": "liap-tui", "name": "Ana", "secret": "short"],
            ["type": "create", "game": "liap-tui", "name": "Ana", "options": ["no_such": 1]],
            ["type": "create", "game": "liap-tui", "name": "Ana", "options": ["turn_ms": 1]],
            ["type": "create", "game": "liap-tui", "name": "Ana", "options": ["seed": 1]],
            ["type": "create", "game": "liap-tui", "name": "Ana", "visibility": "secret"],
            ["type": "create", "game": "liap-tui"],
        ] as [JSON])
    func `a create that cannot be is a bad request and opens nothing`(request: JSON) {
        let ana = guest("Ana", Table.world())
        #expect(ana.ask(request).refusals == ["bad_request"])
        #expect(ana.world.rooms.openRooms == 0)
    }

    // MARK: Repeating

    @Test func `a repeated create answers joined for the same seat`() throws {
        let world = Table.world()
        let ana = guest("Ana", world)
        let secret = ana.freshSecret()
        let room = try ana.create("tic-tac-toe", secret: secret)
        #expect(try ana.create("tic-tac-toe", secret: secret) == room)
        ana.cut()
        let again = guest("Ana", world)
        #expect(try again.create("tic-tac-toe", secret: secret) == room)
        #expect(world.rooms.openRooms == 1)
        world.crash()
        let after = guest("Ana", world)
        #expect(try after.create("tic-tac-toe", secret: secret) == room)
    }

    @Test func `a create repeated while the first is in flight opens one room`() throws {
        let world = Table.world()
        world.holdStore()
        let ana = guest("Ana", world)
        let other = guest("Ana", world)
        let secret = ana.freshSecret()
        #expect(ana.ask(ana.createRequest("tic-tac-toe", secret: secret)).isEmpty)
        #expect(ana.ask(ana.createRequest("tic-tac-toe", secret: secret)).isEmpty)
        #expect(other.ask(other.createRequest("tic-tac-toe", secret: secret)).isEmpty)
        world.releaseStore()
        #expect(ana.take().types == ["joined", "joined", "bye"])
        #expect(other.take().types == ["joined"])
        #expect(ana.lastClose?.rawValue == 4502)
        #expect(world.rooms.openRooms == 1)
    }

    @Test func `a create the store could not take may be tried again`() throws {
        let world = Table.world()
        let ana = guest("Ana", world)
        let secret = ana.freshSecret()
        world.memory.fail(.unavailable)
        #expect(ana.ask(ana.createRequest("tic-tac-toe", secret: secret)).refusals == ["store_unavailable"])
        #expect(world.rooms.openRooms == 0)
        #expect(ana.isConnected)
        _ = try ana.create("tic-tac-toe", secret: secret)
    }

    @Test func `a repeated join answers joined for the same seat, also in play`() throws {
        let table = try Table.playing()
        let secret = try #require(table.ben.place(table.room).secret)
        #expect(table.ben.join(table.room, secret: secret).first("joined")?["seat"] == 1)
        #expect(table.mark(0).first("ok") != nil)
        table.ben.cut()
        let again = guest("Ben", table.world)
        #expect(again.join(table.room, secret: secret).first("joined")?["seat"] == 1)
        #expect(table.violations == [])
    }

    // MARK: The lobby

    @Test func `the lobby lists public rooms that wait or play, newest first`() throws {
        let world = Table.world()
        let ana = guest("Ana", world)
        let first = try ana.create("tic-tac-toe")
        world.advance(by: .seconds(1))
        let second = try ana.create("liap-tui")
        _ = try ana.create("liap-tui", visibility: "private")
        let rooms = ana.ask(["type": "list", "id": "x"]).first("rooms")
        #expect(rooms?["id"] == "x")
        #expect(rooms?["rooms"]?.elements?.map { $0["room"]?.string } == [second.description, first.description])
        let line = rooms?["rooms"]?.elements?.last
        #expect(line?["host"] == "Ana")
        #expect(line?["players"] == 1 && line?["seats"] == 2 && line?["bots"] == 0)
        #expect(ana.ask(["type": "list", "game": "liap-tui"]).first?["rooms"]?.elements?.count == 1)
        ana.host(first, "close")
        world.crash()
        ana.hello()
        #expect(ana.ask(["type": "list"]).first?["rooms"]?.elements?.map { $0["room"]?.string } == [second.description])
    }
}
