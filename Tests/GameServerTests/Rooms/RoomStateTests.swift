@testable import GameServer
import LiapTui
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Design, The log: records and snapshots") struct RoomStateTests {
    /// A room that has seen most of what can happen.
    private func eventful() throws -> Table {
        let table = try Table()
        table.ana.host(table.room, "remove", seat: 1)
        table.ana.host(table.room, "add_bot")
        let cho = table.world.client("Cho")
        cho.hello()
        cho.join(table.room)
        table.ana.host(table.room, "start")
        if table.state?.waiting?.seats == [0] { table.ana.act(table.room, Table.mark(0)) }
        cho.act(table.room, Table.mark(1))
        cho.cut()
        table.world.advance(by: .seconds(6))
        cho.hello()
        table.ana.leave(table.room)
        return table
    }

    private func begun(_ table: Table) throws -> (RoomState, [StoredRecord]) {
        let log = table.world.log(of: table.room)
        let claim = Claim(term: 1, snapshot: nil, records: log)
        return (try RoomState.restored(table.room, from: claim, games: table.world.games), log)
    }

    @Test func `the log folded is the live room`() throws {
        let table = try eventful()
        var (state, log) = try begun(table)
        for record in log { _ = try state.fold(record) }
        #expect(log.count >= 9)
        #expect(try state.snapshot() == (try #require(table.state)).snapshot())
        #expect(state.waiting == table.state?.waiting)
    }

    @Test func `a snapshot taken anywhere goes on to the same room`() throws {
        let table = try eventful()
        var (state, log) = try begun(table)
        let live = try (try #require(table.state)).snapshot()
        for (index, record) in log.enumerated() {
            _ = try state.fold(record)
            let claim = Claim(term: 5, snapshot: try state.snapshot(), records: [])
            var again = try RoomState.restored(table.room, from: claim, games: table.world.games)
            #expect(try again.snapshot() == state.snapshot())
            #expect(again.waiting == state.waiting)
            #expect(again.term == 5)
            for later in log[(index + 1)...] { _ = try again.fold(later) }
            #expect(try again.snapshot() == live)
        }
    }

    @Test func `a record that is changed, missing or swapped is found`() throws {
        let table = try eventful()
        let (start, log) = try begun(table)
        var state = start
        var forged = log[0]
        forged.payload[forged.payload.count - 3] ^= 1
        #expect(throws: StoredFormError.self) { try state.fold(forged) }
        #expect(throws: StoredFormError.self) { try state.fold(log[1]) }
        _ = try state.fold(log[0])
        #expect(throws: StoredFormError.self) { try state.fold(log[0]) }
    }

    @Test func `a draft changes nothing until it is accepted`() throws {
        let table = try Table.playing()
        let before = try (try #require(table.state)).snapshot()
        table.world.holdStore()
        table.mark(0)
        #expect(try (try #require(table.state)).snapshot() == before)
        table.world.releaseStore()
        #expect(try (try #require(table.state)).snapshot() != before)
    }

    @Test func `rev rises by one with every change told, and only then`() throws {
        let table = try Table(seated: false)
        var revs: [Int] = [table.ana.place(table.room).status.int("rev") ?? 0]
        table.ben.join(table.room)
        table.ana.host(table.room, "start")
        table.mark(0)
        revs += table.ana.messages.flatMap { $0 }.filter { $0.type == "room" }.compactMap { $0.int("rev") }
        #expect(revs == Array(revs[0]..<revs[0] + revs.count))
        #expect(revs.count >= 4)
        let count = revs.count
        table.ana.ask(["type": "chat", "room": .string(table.room.description), "text": "x"])
        #expect(table.ana.messages.flatMap { $0 }.filter { $0.type == "room" }.count == count - 1)
    }

    @Test func `a stored secret is only its digest, and no wire line or fault holds a key`() throws {
        let table = try eventful()
        let secret = try #require(table.world.clients.last?.place(table.room).secret)
        for record in table.world.log(of: table.room) {
            #expect(!String(decoding: record.payload, as: UTF8.self).contains(secret))
        }
        for line in table.ana.messages.flatMap({ $0 }) { #expect(line["key"] == nil) }
        #expect(table.world.facts.faults == [])
    }
}
