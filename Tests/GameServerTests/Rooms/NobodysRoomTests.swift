@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Life of a room: when no seat belongs to a person") struct NobodysRoomTests {
    @Test func `a waiting room of bots closes after the time to pause, and the lobby forgets it`() throws {
        let table = try Table(seated: false)
        table.ana.host(table.room, "add_bot")
        table.ana.leave(table.room)
        table.world.advance(by: .seconds(29))
        #expect(table.world.rooms.list(game: nil, limit: 100).count == 1)
        table.world.advance(by: .seconds(2))
        #expect(table.world.rooms.list(game: nil, limit: 100).isEmpty)
        #expect(table.ben.join(table.room).refusals == ["room_gone"])
    }

    @Test func `a game that every person left closes too, one whose player may return does not`() throws {
        let left = try Table.playing { $0.rooms.pauseAfterMs = 600 }
        left.ana.leave(left.room)
        left.ben.leave(left.room)
        left.world.advance(by: .milliseconds(700))
        #expect(left.world.rooms.openRooms == 0)
        let dropped = try Table.playing()
        dropped.ana.cut()
        dropped.ben.cut()
        dropped.world.advance(by: .seconds(3600))
        #expect(dropped.world.rooms.openRooms == 1)
        #expect(dropped.ana.hello().first("joined") != nil)
    }

    @Test func `a waiting room whose only player dropped closes when the seat expires, bots or not`() throws {
        let table = try Table(seated: false)
        table.ana.host(table.room, "add_bot")
        table.ana.cut()
        table.world.advance(by: .seconds(59))
        #expect(table.world.rooms.openRooms == 1)
        table.world.advance(by: .seconds(2))
        #expect(table.world.rooms.openRooms == 0)
    }

    @Test func `after a restart such a room closes as soon`() throws {
        let table = try Table(seated: false)
        table.ana.host(table.room, "add_bot")
        table.ana.leave(table.room)
        table.world.crash()
        table.world.advance(by: .seconds(32))
        #expect(table.world.rooms.openRooms == 0)
    }

    @Test func `a finished room keeps its last view although every player left`() throws {
        let table = try Table.playing()
        for field in [0, 1, 3, 2, 4, 5, 6] where table.state?.status == .playing { table.mark(field) }
        table.ana.leave(table.room)
        table.ben.leave(table.room)
        table.world.advance(by: .seconds(3600))
        #expect(
            table.world.client("Eve").watchAfterHello(table.room).first("joined")?["status"]?["state"] == "finished")
    }
}

extension TestClient {
    fileprivate func watchAfterHello(_ room: RoomID) -> [JSON] {
        hello()
        return watch(room)
    }
}
