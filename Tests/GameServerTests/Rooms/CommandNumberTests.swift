@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Command numbers") struct CommandNumberTests {
    @Test func `a repeated number gets its ok again, with the same seq, and counts once`() throws {
        let table = try Table.playing()
        let mover = table.turn
        let n = mover.place(table.room).lastN + 1
        let first = try #require(table.mark(0).first("ok"))
        table.mark(1)
        let records = table.world.log(of: table.room).count
        let again = mover.act(table.room, Table.mark(5), n: n)
        #expect(again == [first])
        #expect(table.world.log(of: table.room).count == records)
        table.world.crash()
        mover.hello()
        #expect(mover.act(table.room, Table.mark(5), n: n) == [first])
        #expect(table.violations == [])
    }

    @Test func `a number beyond the next is bad_number, and the right one is said`() throws {
        let table = try Table.playing()
        let mover = table.turn
        let next = mover.place(table.room).lastN + 1
        let no = try #require(mover.act(table.room, Table.mark(0), n: next + 1).first("no"))
        #expect(no.code == "bad_number")
        #expect(no.int("expected") == next)
        #expect(no["retry"] == false)
        #expect(mover.act(table.room, Table.mark(0), n: 0).refusals == ["bad_request"])
        #expect(mover.act(table.room, Table.mark(0), n: -3).refusals == ["bad_request"])
    }

    @Test func `after a no the same number is used again`() throws {
        let table = try Table.playing()
        let (mover, other) = (table.turn, table.other)
        let n = mover.place(table.room).lastN + 1
        #expect(mover.act(table.room, Table.mark(99), n: n).refusals == ["bad_request"])
        #expect(mover.act(table.room, ["kind": "fly"], n: n).refusals == ["bad_request"])
        #expect(other.act(table.room, Table.mark(0)).refusals == ["not_your_turn"])
        #expect(mover.act(table.room, Table.mark(0), n: n).first("ok")?.int("n") == n)
        #expect(other.act(table.room, Table.mark(0)).refusals == ["tic-tac-toe/taken"])
    }

    @Test func `what follows a refused command that was sent ahead is bad_number`() throws {
        let table = try Table.playing()
        table.world.holdStore()
        let (mover, other) = (table.turn, table.other)
        table.mark(0)
        let n = other.place(table.room).lastN + 1
        other.act(table.room, Table.mark(0), n: n)
        other.act(table.room, Table.mark(1), n: n + 1)
        table.world.releaseStore()
        #expect(other.take().refusals == ["tic-tac-toe/taken", "bad_number"])
        #expect(mover.take().first("ok") != nil)
    }

    @Test func `act, host and leave share one counter`() throws {
        let table = try Table()
        #expect(table.ana.host(table.room, "start", n: 1).first("ok")?.int("n") == 1)
        #expect(table.ana.leave(table.room, n: 1).first("ok")?.int("n") == 1)
        #expect(table.ana.place(table.room).over == nil)
        #expect(table.ana.leave(table.room, n: 3).refusals == ["bad_number"])
        #expect(table.ana.leave(table.room, n: 2).first("ok")?.int("n") == 2)
    }

    @Test func `the last 32 answers are kept, an older number is bad_number`() throws {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        let room = try ana.create("liap-tui")
        for _ in 0..<20 {
            ana.host(room, "add_bot", seat: 1)
            ana.host(room, "remove", seat: 1)
            world.advance(by: .milliseconds(200))
        }
        #expect(ana.place(room).lastN == 40)
        #expect(ana.host(room, "start", n: 9).first("ok")?.int("n") == 9)
        let no = try #require(ana.host(room, "start", n: 8).first("no"))
        #expect(no.code == "bad_number")
        #expect(no.int("expected") == 41)
        ana.cut()
        let results = ana.hello().first("joined")?["results"]?.elements?.compactMap { $0.int("n") }
        #expect(results == Array(9...40))
    }

    @Test func `ok comes in the same message as the events it caused, after them, and before the status`() throws {
        let table = try Table.playing()
        let (mover, other) = (table.turn, table.other)
        table.mark(0)
        #expect(mover.messages.last?.types == ["events", "ok", "room"])
        #expect(mover.messages.last?.first("ok")?.int("seq") == mover.messages.last?.first("events")?.int("seq"))
        #expect(other.messages.last?.types == ["events", "room"])
    }

    @Test func `an ok without events carries the room's seq`() throws {
        let table = try Table(seated: false)
        #expect(table.ana.host(table.room, "add_bot").first("ok")?.int("seq") == 0)
    }

    @Test func `last_n and results settle what was in flight when the connection went`() throws {
        let table = try Table.playing()
        let mover = table.turn
        table.world.holdAnswers()
        table.mark(0)
        mover.cut()
        // `joined` waits for the command that is still being committed.
        #expect(mover.hello().first("joined") == nil)
        table.world.releaseStore()
        let joined = try #require(mover.take().first("joined"))
        let n = joined.int("last_n") ?? 0
        #expect(n == (mover === table.ana ? 2 : 1))
        #expect(joined["results"]?.elements?.last?.int("seq") == 2)
        #expect(joined["resume"] == "replayed")
        #expect(table.violations == [])
    }

    @Test func `a leave that is repeated on its connection gets its ok again, and a late ack is ignored`() throws {
        let table = try Table.playing()
        let n = table.ana.place(table.room).lastN + 1
        let ok = try #require(table.ana.leave(table.room, n: n).first("ok"))
        #expect(table.ana.leave(table.room, n: n).first("ok") == ok)
        #expect(table.ana.leave(table.room, n: n + 1).refusals == ["not_joined"])
        #expect(table.ana.ask(["type": "ack", "room": .string(table.room.description), "seq": 1]).isEmpty)
    }

    @Test func `commands queued behind a leave are answered too`() throws {
        let table = try Table.playing()
        let mover = table.turn
        let n = mover.place(table.room).lastN + 1
        let room = JSON.string(table.room.description)
        let leave = String(decoding: (["type": "leave", "room": room, "n": JSON(n)] as JSON).encoded(), as: UTF8.self)
        let act = String(
            decoding: (["type": "act", "room": room, "n": JSON(n + 1), "action": Table.mark(0)] as JSON).encoded(),
            as: UTF8.self)
        table.world.holdStore()
        mover.send(text: [leave, leave, act].joined(separator: "\n"))
        table.world.releaseStore()
        let answers = mover.take().filter { $0.type == "ok" || $0.type == "no" }
        #expect(answers.types == ["ok", "ok", "no"])
        #expect(answers.last?.code == "not_joined")
    }

    @Test func `a leave right behind a new join is not answered by the one before`() throws {
        let table = try Table(seated: false)
        table.ben.watch(table.room)
        #expect(table.ben.leave(table.room, n: 1).first("ok") != nil)
        table.world.holdStore()
        table.ana.host(table.room, "add_bot")
        let room = JSON.string(table.room.description)
        table.ben.send(["type": "watch", "id": 3, "room": room])
        table.ben.send(["type": "leave", "room": room, "n": 1])
        table.world.releaseStore()
        #expect(table.ben.take().filter { $0.type != "room" }.types == ["no", "joined"])
    }
}
