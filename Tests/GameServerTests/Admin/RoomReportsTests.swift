import PluginAPI
import Testing
import WebSocket

@testable import GameServer
@testable import TestSupport

@Suite("Operations: what is told of rooms") struct RoomReportsTests {
    private func reports(_ table: Table) -> RoomReports {
        RoomReports(services: table.world.services, rooms: table.world.rooms)
    }

    private func body(_ response: Response?) throws -> JSON { try JSON(parsing: try #require(response).body) }

    private func rooms(_ report: JSON) -> [String] {
        report["rooms"]?.elements?.compactMap { $0["room"]?.string } ?? []
    }

    @Test func `rooms come by id, page by page`() throws {
        let table = try Table { $0.limits.burst = 1000 }
        var all = [table.room]
        for _ in 0..<4 { all.append(try table.ana.create("tic-tac-toe")) }
        let ids = all.map(\.description).sorted()
        let reports = reports(table)
        let whole = try body(reports.list([]))
        #expect(rooms(whole) == ids && whole["count"] == 5 && whole["has_more"] == false)
        let first = try body(reports.list([("limit", "2")]))
        #expect(rooms(first) == Array(ids[..<2]) && first["count"] == 2 && first["has_more"] == true)
        let second = try body(reports.list([("limit", "3"), ("after", ids[1].lowercased())]))
        #expect(rooms(second) == Array(ids[2...]) && second["has_more"] == false)
        #expect(rooms(try body(reports.list([("after", ids[4])]))).isEmpty)
    }

    @Test(arguments: [("limit", "0"), ("limit", "1001"), ("limit", "x"), ("limit", ""), ("after", "no room")])
    func `a bad page is a bad request`(name: String, value: String) throws {
        let response = reports(try Table()).list([(name, value)])
        #expect(response.status == 400)
        #expect(try body(response)["error"]?["code"] == "bad_request")
    }

    @Test func `a room whose first record is not stored is not there`() throws {
        // Luck is seeded, so both worlds give their second room the same id.
        let hidden = try Table().openSecondRoom()
        let table = try Table()
        table.world.holdStore()
        table.ben.send(table.ben.createRequest("tic-tac-toe"))
        #expect(table.world.rooms[hidden]?.state.number == 0)
        let reports = reports(table)
        #expect(rooms(try body(reports.list([]))) == [table.room.description])
        var told: [Int] = []
        reports.detail(of: hidden.description) { told.append($0.status) }
        reports.state(of: hidden.description, []) { told.append($0.status) }
        table.world.releaseStore()
        reports.detail(of: hidden.description) { told.append($0.status) }
        #expect(told == [404, 404, 200])
    }

    @Test func `a page of events holds a bounded part of the log and says whether there is more`() throws {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        let room = try ana.create("liap-tui", options: ["turn_ms": 100, "vote_ms": 100, "bot_delay_ms": [10, 10]])
        for _ in 0..<3 { ana.host(room, "add_bot") }
        ana.host(room, "start")
        for _ in 0..<200 where ana.place(room).seq < 600 { world.advance(by: .seconds(1)) }
        let head = try #require(world.rooms[room]?.state.sequence)
        let reports = RoomReports(services: world.services, rooms: world.rooms)
        var numbers: [Int] = []
        var pages: [JSON] = []
        repeat {
            let answer = Box<Response>()
            reports.events(of: room.description, since: nil, [("after", "\(numbers.last ?? 0)")]) { answer.put($0) }
            world.pump()
            let page = try body(answer.take())
            let events = try #require(page["events"]?.elements)
            #expect(!events.isEmpty && events.count <= 1000 && Set(events.map { $0["record"] }).count <= 200)
            numbers += events.compactMap { $0.int("seq") }
            pages.append(page)
        } while pages.last?["recovery_info"]?["has_more_events"] == true
        #expect(pages.count > 1 && numbers == Array(1...head))
    }
}

extension Table {
    fileprivate func openSecondRoom() throws -> RoomID { try ben.create("tic-tac-toe") }
}
