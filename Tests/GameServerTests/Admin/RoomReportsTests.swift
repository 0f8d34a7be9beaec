import PluginAPI
import Testing
import WebSocket

@testable import GameServer
@testable import TestSupport

@Suite("Operations: what is told of rooms") struct RoomReportsTests {
    private func reports(_ table: Table) -> RoomReports {
        RoomReports(services: table.world.services, rooms: table.world.rooms)
    }

    @Test func `rooms come by id, page by page`() throws {
        let table = try Table { $0.limits.burst = 1000 }
        var all = [table.room]
        for _ in 0..<4 { all.append(try table.ana.create("tic-tac-toe")) }
        let ids = all.sorted { $0.raw < $1.raw }
        let reports = reports(table)
        let page = { (after: RoomID?, limit: Int) in
            let page = reports.page(after: after, limit: limit)
            return (rooms: page.rooms.map(\.summary.room), hasMore: page.hasMore)
        }
        #expect(page(nil, 1000) == (ids, false))
        #expect(page(nil, 5) == (ids, false))
        #expect(page(nil, 2) == (Array(ids[..<2]), true))
        #expect(page(ids[1], 3) == (Array(ids[2...]), false))
        #expect(page(ids[4], 3).rooms.isEmpty)
        // From where there is no room.
        #expect(page(RoomID(raw: ids[2].raw - 1), 1).rooms == [ids[2]])
    }

    @Test func `an index gives every id once, in order, whatever came and went`() {
        var random = GameRandom(seed: 7)
        var index = RoomIndex()
        var all: Set<UInt64> = []
        for _ in 0..<5000 {
            let room = RoomID(raw: random.next() & 0xFF_FFFF_FFFF)
            index.insert(room)
            index.insert(room)
            all.insert(room.raw)
            if random.next() % 3 == 0, let gone = all.randomElement(using: &random) {
                index.remove(RoomID(raw: gone))
                index.remove(RoomID(raw: gone))
                all.remove(gone)
            }
        }
        var found: [UInt64] = []
        while let next = index.first(after: found.last.map { RoomID(raw: $0) }) { found.append(next.raw) }
        #expect(found == all.sorted())
        index.insert(RoomID(raw: 0))
        index.insert(RoomID(raw: 0xFF_FFFF_FFFF))
        #expect(index.first(after: nil)?.raw == 0)
        #expect(index.first(after: RoomID(raw: 0xFF_FFFF_FFFF)) == nil)
    }

    @Test func `a room whose first record is not stored is not there`() throws {
        // Luck is seeded, so both worlds give their second room the same id.
        let hidden = try Table().openSecondRoom()
        let table = try Table()
        table.world.holdStore()
        table.ben.send(table.ben.createRequest("tic-tac-toe"))
        #expect(table.world.rooms[hidden]?.state.number == 0)
        let reports = reports(table)
        #expect(reports.page(after: nil, limit: 10).rooms.map(\.summary.room) == [table.room])
        var told: [String?] = []
        let tell = { (result: Result<RoomPicture, Rejection>) in
            switch result {
            case .success: told.append(nil)
            case .failure(let rejection): told.append(rejection.refusal.code)
            }
        }
        reports.picture(of: hidden, tell)
        table.world.releaseStore()
        reports.picture(of: hidden, tell)
        #expect(told == ["room_not_found", nil])
    }

    @Test func `a survey sees every room, whatever the turns it takes`() throws {
        let table = try Table.playing {
            $0.limits.burst = 10_000
            $0.limits.totalPerS = 10_000
        }
        table.mark(4)
        let creators = (0..<100).map { number in
            let creator = table.world.client("Creator \(number)")
            creator.hello()
            return creator
        }
        for creator in creators { for _ in 0..<3 { _ = try creator.create("tic-tac-toe") } }
        var found: [RoomFigures] = []
        reports(table).survey { awake, _ in found = awake }
        #expect(found.isEmpty)
        table.world.advance(by: .milliseconds(1))
        #expect(found.count == 301 && Set(found.map(\.room)).count == 301)
        let played = try #require(found.first { $0.room == table.room })
        #expect(played.members == 2 && played.humans == 2 && played.seq == table.state?.sequence)
        #expect(played.eventsPerSecond > 0 && played.waiting?.seats.count == 1)
    }
}

extension Table {
    fileprivate func openSecondRoom() throws -> RoomID { try ben.create("tic-tac-toe") }

    // MARK: Surveys

    @Test func `who asks while a survey runs shares the next, and too many are refused`() {
        var running: [RoomSurveys.Answer] = []
        var begun = 0
        let surveys = RoomSurveys {
            begun += 1
            running.append($0)
        }
        var told: [Int] = []
        let ask = { (number: Int) in surveys.ask { _ in told.append(number) } }
        #expect((0..<RoomSurveys.maxAsking).allSatisfy { ask($0) } && begun == 1)
        #expect(!ask(99))
        running.removeFirst()(nil)
        #expect(told == [0] && begun == 2)
        running.removeFirst()(nil)
        #expect(told == Array(0..<RoomSurveys.maxAsking) && begun == 2)
        // What was told is still on its way.
        #expect(!ask(99))
        surveys.finished()
        #expect(ask(100) && !ask(101) && begun == 3)
    }
}
