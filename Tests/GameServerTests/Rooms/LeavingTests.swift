@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Life of a room: a connection that ends midway") struct LeavingTests {
    @Test func `a player who leaves and hangs up before it is stored has left`() throws {
        let table = try Table.playing()
        table.world.holdStore()
        #expect(table.ben.leave(table.room).isEmpty)
        table.ben.cut()
        table.world.releaseStore()
        #expect(table.state?.seats[1].occupant == .bot)
        #expect(table.live?.members.count == 1)
        table.world.advance(by: .seconds(3))
        #expect(table.ana.isConnected)
        #expect(table.violations == [])
    }

    @Test func `a player who leaves and hangs up while the store is away has only dropped`() throws {
        let table = try Table.playing()
        table.world.memory.fail(.unavailable)
        table.world.holdStore()
        table.ben.leave(table.room)
        table.ben.cut()
        table.world.releaseStore()
        #expect(table.state?.seats[1].occupant == .human)
        #expect(table.ben.hello().first("joined")?["seat"] == 1)
        #expect(table.violations == [])
    }

    @Test func `a command behind a join repeated on the same connection is answered like the join`() throws {
        let table = try Table.playing()
        let (mover, other) = (table.turn, table.other)
        let secret = try #require(other.place(table.room).secret)
        _ = other.take()
        table.world.holdStore()
        table.mark(0)
        let lines = [other.joinRequest(table.room, secret: secret), other.actRequest(table.room, Table.mark(1))]
        other.send(text: lines.map { String(decoding: $0.encoded(), as: UTF8.self) }.joined(separator: "\n"))
        table.world.releaseStore()
        let answers = other.take()
        #expect(answers.types.filter { $0 == "joined" || $0 == "ok" } == ["joined", "ok"])
        #expect(mover.take().types.contains("ok"))
        #expect(table.violations == [])
    }

    @Test func `a refused command behind a repeated join is refused aloud, a leave behind one is answered`() throws {
        let table = try Table.playing()
        let other = table.other
        let secret = try #require(other.place(table.room).secret)
        _ = other.take()
        table.world.holdStore()
        table.mark(0)
        let n = other.place(table.room).lastN + 1
        let lines = [
            other.joinRequest(table.room, secret: secret), other.actRequest(table.room, Table.mark(0), n: n),
            ["type": "leave", "room": .string(table.room.description), "n": JSON(n)],
        ]
        other.send(text: lines.map { String(decoding: $0.encoded(), as: UTF8.self) }.joined(separator: "\n"))
        table.world.releaseStore()
        let answers = other.take()
        #expect(answers.refusals == ["tic-tac-toe/taken"])
        #expect(answers.types.filter { $0 == "joined" || $0 == "no" || $0 == "ok" } == ["joined", "no", "ok"])
        #expect(table.live?.members.count == 1)
        #expect(table.violations == [])
    }

    @Test func `arrivals that wait behind a frozen record have a ceiling`() throws {
        let table = try Table.playing { $0.limits.queueCommands = 1 }
        let secret = try #require(table.ben.place(table.room).secret)
        table.world.holdStore()
        table.ana.leave(table.room)
        for _ in 0..<16 { #expect(table.ben.join(table.room, secret: secret).isEmpty) }
        let no = try #require(table.ben.join(table.room, secret: secret).first("no"))
        #expect(no.code == "overloaded")
        #expect(no.int("retry") == 500)
        #expect(table.live?.waitingRequests == 16)
        table.world.releaseStore()
        #expect(table.ben.take().filter { $0.type == "joined" }.count == 16)
        #expect(table.live?.members.count == 1)
    }
}
