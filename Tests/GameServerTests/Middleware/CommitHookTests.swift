@testable import GameServer
import PluginAPI
import Testing
import TicTacToe
import WebSocket

@testable import TestSupport

@Suite("Hooks: commit, deliver, acknowledge, resume, close") struct CommitHookTests {
    private let log = HookLog()

    @Test func `commit tells each record, its cause and what it did to the room`() throws {
        let table = try Table.playing(middleware: [log])
        #expect(log.commits.map(\.cause) == [.create, .join, .host])
        #expect(log.turns == [.opened, .started])
        for field in [0, 3, 1, 4, 2] { table.mark(field) }
        #expect(table.state?.status == .finished)
        #expect(log.turns == [.opened, .started, .finished])
        #expect(log.commits.map(\.record) == Array(1...8))
        #expect(log.commits.allSatisfy { $0.outcome == .committed && $0.room == table.room && $0.bytes > 0 })
        #expect(log.commits.reduce(0) { $0 + $1.events } == table.state?.sequence)
        #expect(log.commits.last?.sequence == table.state?.sequence)
        #expect(log.commits.last.map { $0.events } == 2, "the mark and the end")
    }

    @Test func `who closed a room is told, and how old it was`() throws {
        let host = try Table(middleware: [log])
        host.world.advance(by: .seconds(7))
        host.ana.host(host.room, "close")
        #expect(log.turns.last == .closed(reason: "host", age: .milliseconds(7000)))

        let left = HookLog()
        let alone = try Table(seated: false, middleware: [left])
        alone.world.advance(by: .seconds(3))
        alone.ana.leave(alone.room)
        #expect(left.turns.last == .closed(reason: "abandoned", age: .milliseconds(3000)))

        let over = HookLog()
        let played = try Table.playing({ $0.rooms.finishedMs = 60_000 }, middleware: [over])
        for field in [0, 3, 1, 4, 2] { played.mark(field) }
        played.world.advance(by: .seconds(61))
        #expect(over.turns.last == .closed(reason: "finished", age: .milliseconds(60_000)))
    }

    @Test(arguments: [
        (MemoryEventStore.Fault.unavailable, [Commit.Outcome.unavailable]),
        (.unknownWritten, [.unknown, .committed]),
        (.unknownNotWritten, [.unknown, .committed]),
        (.fenced, [.fenced]),
    ])
    func `commit tells every outcome`(fault: MemoryEventStore.Fault, outcomes: [Commit.Outcome]) throws {
        let table = try Table.playing(middleware: [log])
        let before = log.commits.count
        table.world.memory.fail(fault)
        table.mark(0)
        table.world.advance(by: .milliseconds(500))
        #expect(log.commits.dropFirst(before).map(\.outcome) == outcomes)
        #expect(log.deliveries.count == (outcomes.last == .committed ? 2 : 1), "start, and the mark if it is stored")
    }

    @Test func `a conflict is told as one, and as a fault of the log, not of the game`() throws {
        let table = try Table.playing(middleware: [log])
        let state = try #require(table.state)
        let draft = state.closedNot(at: table.world.timeline.wallClock)
        table.world.memory.append(draft.append(lifetimes: table.world.services.lifetimes)) { _ in }
        table.mark(0)
        #expect(log.commits.last?.outcome == .conflict)
        #expect(log.stallWords == ["fault log"])
    }

    @Test func `waiting for the store is timed apart from waiting for the room`() throws {
        let table = try Table.playing(middleware: [log])
        let (mover, other) = (table.turn, table.other)
        table.world.holdAnswers()
        mover.act(table.room, Table.mark(0))
        table.world.advance(by: .milliseconds(100))
        other.act(table.room, Table.mark(1))
        table.world.advance(by: .milliseconds(50))
        table.world.answers.pace = .atOnce
        table.world.pump()
        let (first, second) = (log.commits[log.commits.count - 2], log.commits[log.commits.count - 1])
        #expect(first.queued == .zero && first.stored == .zero, "stored at once, told later")
        #expect(second.queued == .milliseconds(50))
        let told = Array(log.deliveries.suffix(2))
        #expect(told[0].delay == .milliseconds(150))
        #expect(told[0].sinceAsked == .milliseconds(150))
        #expect(told[1].delay == .zero && told[1].sinceAsked == .milliseconds(50))
    }

    @Test func `deliver counts whom a commit reached, and who gets a snapshot instead`() throws {
        let table = try Table.playing(
            {
                $0.slow.laggingBytes = 1000; $0.limits.burst = 1000
            }, middleware: [log])
        let watchers = ["Eve", "Fay"].map { table.world.client($0) }
        for watcher in watchers {
            watcher.hello()
            watcher.watch(table.room)
        }
        table.mark(0)
        #expect(log.deliveries.last?.receivers == 4)
        #expect(log.deliveries.last?.collapsed == 0)
        watchers[0].stopReading()
        for _ in 0..<8 { watchers[0].send(["type": "list"]) }
        table.mark(1)
        let told = try #require(log.deliveries.last)
        #expect((told.receivers, told.collapsed, told.unanswering) == (3, 1, 0))
        #expect(told.sequence == table.state?.sequence && told.events == 1)
    }

    @Test func `deliver counts receivers that have left a ping unanswered`() throws {
        let table = try Table.playing(middleware: [log])
        let other = table.other
        other.answersPings = false
        table.world.advance(by: .milliseconds(4900))
        table.turn.send(["type": "pong"])
        table.world.advance(by: .milliseconds(10_100))
        table.turn.send(["type": "pong"])
        table.world.advance(by: .milliseconds(2100))
        #expect(other.isConnected)
        table.mark(0)
        #expect(log.deliveries.last?.receivers == 2)
        #expect(log.deliveries.last?.unanswering == 1)
    }

    @Test func `a record without events is told to nobody`() throws {
        let table = try Table(middleware: [log])
        #expect(log.commits.count == 2)
        #expect(log.deliveries.isEmpty)
        #expect(table.state?.sequence == 0)
    }

    @Test func `acknowledge tells how long after the commit`() throws {
        let table = try Table.playing(middleware: [log])
        table.mark(0)
        table.world.advance(by: .milliseconds(70))
        table.ana.send(["type": "ack", "room": .string(table.room.description), "seq": 2])
        let fact = try #require(log.acknowledgements.last)
        #expect((fact.sequence, fact.sent, fact.delay) == (2, 2, .milliseconds(70)))
        #expect(fact.client.id == 1 && fact.room == table.room && fact.game == "tic-tac-toe")
        table.ana.send(["type": "ack", "room": .string(table.room.description), "seq": 9])
        #expect(log.acknowledgements.count == 1, "a number that was never sent acknowledges nothing")
    }

    @Test func `a record without events does not make an older event look new`() throws {
        let table = try Table.playing(middleware: [log])
        table.mark(0)
        table.world.advance(by: .milliseconds(300))
        // A drop that is told, and no event of the game: the sequence stays, the record does not.
        let sequence = table.state?.sequence
        let records = log.commits.count
        table.other.cut()
        table.world.advance(by: .milliseconds(5200))
        #expect(log.commits.count > records && table.state?.sequence == sequence)
        table.turn.send(["type": "ack", "room": .string(table.room.description), "seq": 2])
        #expect(log.acknowledgements.last?.delay == .milliseconds(5500))
    }

    @Test func `commit times are kept for the newest events, in a ring`() {
        var times = CommitTimes()
        for sequence in 1...40 { times.note(sequence, at: MonotonicTime(nanoseconds: Int64(sequence))) }
        #expect(times[24] == nil)
        for sequence in 25...40 { #expect(times[sequence]?.nanoseconds == Int64(sequence)) }
    }

    @Test func `resume tells each verdict and how much was missed`() throws {
        let table = try Table.playing({ $0.rooms.retentionEvents = 2 }, middleware: [log])
        table.ben.cut()
        table.ben.hello()
        table.ben.cut()
        table.ana.answersPings = false
        if table.turn === table.ben { table.ben.hello(); table.mark(8); table.ben.cut() }
        table.mark(0)
        table.ben.hello()
        #expect(log.resumptions.map(\.verdict).filter { $0 != .live } == [.replayed])
        #expect(log.resumptions.last?.missed == 1)
        let count = log.resumptions.count
        table.ben.cut()
        table.ben.connect()
        let place = table.ben.place(table.room)
        let room = JSON.string(table.room.description)
        func entry(secret: JSON, seq: Int) -> JSON {
            ["room": room, "secret": secret, "epoch": .string(place.epoch), "seq": JSON(seq)]
        }
        let eve = table.world.client("Eve")
        eve.connect()
        eve.send([
            "type": "hello", "client": ["name": "test", "version": "1"],
            "resume": [entry(secret: .string(eve.freshSecret()), seq: 1), ["room": "none", "epoch": "", "seq": 0]],
        ])
        let refused = log.resumptions.dropFirst(count)
        #expect(refused.map(\.verdict) == [.refused, .refused])
        #expect(Set(refused.map(\.room)) == [nil, table.room])
        #expect(refused.allSatisfy { $0.missed == 0 })
        table.ben.cut()
        table.ben.forget(table.room)
        table.ben.connect()
        table.ben.send([
            "type": "hello", "client": ["name": "test", "version": "1"],
            "resume": [["room": room, "secret": .string(place.secret ?? ""), "epoch": "another", "seq": 0]],
        ])
        #expect(log.resumptions.last?.verdict == .snapshot)
        #expect(log.resumptions.last?.missed == table.state?.sequence)
    }

    @Test func `close tells what the client counted`() throws {
        let world = Table.world(middleware: [log])
        let ana = world.client("Ana")
        ana.connect()
        var (messages, bytes) = (0, 0)
        let outlet = try #require(ana.outlet)
        let deliver = outlet.deliver
        outlet.deliver = { message in
            messages += 1
            bytes += message.count
            deliver(message)
        }
        let texts = [
            #"{"type":"hello","client":{"name":"test","version":"1"}}"#, #"{"type":"list"}"#, "\n\n",
            "{\"type\":\"ping\",\"t\":\"x\"}\n{\"type\":\"list\"}", "no json",
            #"{"type":"create","game":"tic-tac-toe","name":"Ana"}"#, String(repeating: "x", count: 70_000),
        ]
        for text in texts { ana.send(text: text) }
        ana.cut()
        let fact = try #require(log.departures.first)
        #expect(fact.messagesIn == texts.count)
        #expect(fact.bytesIn == texts.reduce(0) { $0 + $1.utf8.count })
        #expect(fact.messagesOut == messages && messages > 5)
        #expect(fact.bytesOut == bytes)
        #expect(fact.greeted && fact.code == 1006 && !fact.isClean)
        #expect(world.services.traffic.messagesIn == texts.count)
        #expect(world.services.traffic.bytesOut == bytes)
        #expect(log.departures.count == 1)
    }

    @Test func `close tells who never greeted, and how long it lasted`() {
        let world = Table.world(middleware: [log])
        let ana = world.client("Ana")
        ana.connect()
        world.advance(by: .seconds(11))
        #expect(log.departures.map(\.greeted) == [false])
        #expect(log.departures.map(\.lasted) == [.milliseconds(10_000)])
        #expect(log.departures.map(\.messagesOut) == [1], "bye")
    }
}
