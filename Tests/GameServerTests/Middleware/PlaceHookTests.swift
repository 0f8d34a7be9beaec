@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Hooks: attach, drop, detach") struct PlaceHookTests {
    private let log = HookLog()

    private func table(seated: Bool = true) throws -> Table { try Table(seated: seated, middleware: [log]) }

    @Test func `who joins and watches is attached, who leaves is detached, and none is dropped`() throws {
        let table = try table()
        let eve = table.world.client("Eve")
        eve.hello()
        eve.watch(table.room)
        #expect(log.places == ["1 0", "2 1", "3 watcher"])
        #expect(log.attached.allSatisfy { $0.room == table.room && $0.game == "tic-tac-toe" })
        eve.leave(table.room)
        table.ben.leave(table.room)
        #expect(log.places == ["1 0"])
        #expect(log.dropped.isEmpty)
    }

    @Test func `a player whose connection is lost is detached and dropped, a watcher only detached`() throws {
        let table = try table()
        let eve = table.world.client("Eve")
        eve.hello()
        eve.watch(table.room)
        table.ben.cut()
        eve.cut()
        #expect(log.places == ["1 0"])
        #expect(log.dropped.map { $0.seat } == [1])
        table.ben.hello()
        #expect(log.places == ["1 0", "4 1"])
    }

    @Test func `who is superseded loses the place it had, and nobody is dropped`() throws {
        let table = try table()
        table.ben.connect()
        let place = table.ben.place(table.room)
        table.ben.send([
            "type": "hello", "client": ["name": "test", "version": "1"],
            "resume": [
                [
                    "room": .string(table.room.description), "secret": .string(place.secret ?? ""),
                    "epoch": .string(place.epoch), "seq": JSON(place.seq),
                ]
            ],
        ])
        #expect(log.places == ["1 0", "3 1"])
        #expect(log.dropped.isEmpty)
        #expect(log.detached.map(\.client.id) == [2])
    }

    @Test func `who is removed by the host is detached`() throws {
        let table = try table()
        table.ana.host(table.room, "remove", seat: 1)
        #expect(table.ben.lastClose != nil)
        #expect(log.places == ["1 0"])
        #expect(log.dropped.isEmpty)
    }

    @Test func `everybody in a room that closes is detached`() throws {
        let table = try table()
        let eve = table.world.client("Eve")
        eve.hello()
        eve.watch(table.room)
        table.ana.host(table.room, "close")
        #expect(table.live == nil)
        #expect(log.places == [])
        #expect(log.attached.count == 3 && log.detached.count == 3)
        #expect(log.dropped.isEmpty)
    }

    @Test func `everybody in a room that moves away is detached`() throws {
        let table = try Table.playing(middleware: [log])
        table.world.memory.fail(.fenced)
        table.mark(0)
        #expect(log.places == [])
    }

    @Test func `a join that is repeated takes no second place`() throws {
        let table = try table(seated: false)
        let secret = table.ben.freshSecret()
        table.ben.join(table.room, secret: secret)
        #expect(table.ben.join(table.room, secret: secret).first("joined") != nil)
        #expect(log.places == ["1 0", "2 1"])
        table.ben.cut()
        #expect(log.places == ["1 0"])
    }

    @Test func `a place is given up once when the connection is lost while its leave is stored`() throws {
        let table = try table()
        table.world.holdStore()
        table.ben.leave(table.room)
        table.ben.cut()
        table.world.releaseStore()
        #expect(table.state?.seats[1].occupant == .empty)
        #expect(log.places == ["1 0"])
        #expect(log.detached.count == 1)
    }

    @Test func `who is refused or gone before the answer has no place`() throws {
        let table = try table(seated: false)
        table.ben.join(table.room, seat: 7)
        #expect(log.attached.count == 1)
        table.world.holdStore()
        table.ben.send(table.ben.joinRequest(table.room))
        table.ben.cut()
        table.world.releaseStore()
        #expect(log.places == ["1 0"])
        #expect(log.attached.count == 1 && log.detached.isEmpty)
    }
}
