import Observability
import PluginAPI
import Testing
import WebSocket

@testable import GameServer
@testable import TestSupport

/// A game that was played to its middle, and the desk that tells of it.
@Suite("Operations: rooms at the desk") struct OperatorDeskTests {
    private let world: World
    private let room: RoomID
    private let desk: OperatorDesk
    private let sources: FakeSources
    private let threads = DeskThreads()
    /// The room's state after each event, as it was live.
    private let truths: [Int: [UInt8]]

    init() throws {
        world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        room = try ana.create("liap-tui", options: ["turn_ms": 100, "vote_ms": 100, "bot_delay_ms": [10, 10]])
        for _ in 0..<3 { ana.host(room, "add_bot") }
        ana.host(room, "start")
        var truths: [Int: [UInt8]] = [:]
        for _ in 0..<4000 where ana.place(room).seq < 600 {
            world.advance(by: .milliseconds(10))
            if let state = world.rooms[room]?.state { truths[state.sequence] = state.match.truth() }
        }
        self.truths = truths
        let logger = Logger.discarding()
        sources = FakeSources(store: world.memory)
        desk = OperatorDesk(sources: sources, games: world.games, threads: threads, logger: logger)
        threads.start()
    }

    private var live: RoomState {
        get throws { try #require(world.rooms[room]?.state) }
    }

    /// Asks with a query, as a role.
    private func ask(
        _ endpoint: Endpoint, _ query: [(String, String)] = [], as role: OperatorRole = .administrator,
        material: DeskMaterial = .none
    ) throws -> Response {
        let route = try #require(AdminRoutes.table.routes.first { $0.endpoint == endpoint })
        let captured = endpoint == .roomEventsSince ? [room.description, "3"] : [room.description]
        let arguments = try RouteArguments(route, captured: captured, query: query.map { (name: $0.0, value: $0.1) })
        let question = DeskQuestion(
            endpoint: endpoint, isMutating: route.isMutating, arguments: arguments,
            requester: Requester(role: role, fingerprint: "1"), requestID: "test",
            asked: Timestamp(unixMilliseconds: 0), material: material)
        let box = Box<Response>()
        desk.answer(question) { box.put($0) }
        return box.take()
    }

    private func json(_ response: Response) throws -> JSON { try JSON(parsing: response.body) }

    private func code(_ response: Response) throws -> String? { try json(response)["error"]?["code"]?.string }

    /// The text of the last member but one, `state` or `view`, byte for byte.
    private func part(_ name: String, _ response: Response) throws -> String {
        let text = String(decoding: response.body, as: UTF8.self)
        let start = try #require(text.range(of: "\"\(name)\":")).upperBound
        let end = try #require(text.range(of: ",\"recovery_info\":", range: start..<text.endIndex)).lowerBound
        return String(text[start..<end])
    }

    // MARK: States

    @Test func `a state rebuilt from the log is the live one, byte for byte`() throws {
        let picture = RoomPicture(state: try live, status: Array("{}".utf8), connections: 1, isAwake: true)
        for (query, name) in [([], "state"), ([("as", "watcher")], "view"), ([("as", "2")], "view")] {
            let now = try ask(.roomState, query, material: .room(picture))
            let again = try ask(.roomState, query + [("source", "replay")])
            #expect(now.status == 200 && again.status == 200)
            #expect(try part(name, now) == part(name, again))
            #expect(try json(now)["state_source"] == "live" && json(again)["state_source"] == "reconstructed")
        }
    }

    @Test func `a state of the past is the one that was`() throws {
        #expect(truths.count > 100)
        for (sequence, truth) in truths.sorted(by: { $0.key < $1.key }).enumerated().filter({ $0.offset % 20 == 0 })
            .map(\.element)
        {
            let answer = try ask(.roomState, [("at", "\(sequence)")])
            #expect(try part("state", answer) == String(decoding: truth, as: UTF8.self), "at \(sequence)")
            #expect(try json(answer)["seq"]?.integer == Int64(sequence))
        }
    }

    @Test func `between two events of one record the state is as after the first`() throws {
        let head = try live.sequence
        for sequence in 1...min(head, 40) {
            #expect(try json(ask(.roomState, [("at", "\(sequence)")]))["seq"]?.integer == Int64(sequence))
        }
        #expect(try ask(.roomState, [("at", "\(head + 1)")]).status == 400)
        #expect(try ask(.roomState, [("at", "\(head)"), ("as", "9")]).status == 400)
    }

    @Test func `below administrator nobody sees a hand`() throws {
        let picture = RoomPicture(state: try live, status: Array("{}".utf8), connections: 1, isAwake: true)
        let watcher = try live.match.view(for: .watcher)
        for role in [OperatorRole.viewer, .operator] {
            for query in [[], [("as", "watcher")]] {
                let answer = try ask(.roomState, query, as: role, material: .room(picture))
                #expect(try part("view", answer) == String(decoding: watcher, as: UTF8.self))
                #expect(try json(answer)["state"] == nil)
                let replayed = try ask(.roomState, query + [("source", "replay")], as: role)
                #expect(try part("view", replayed) == String(decoding: watcher, as: UTF8.self))
            }
            #expect(try ask(.roomState, [("as", "0")], as: role, material: .room(picture)).status == 403)
            #expect(try ask(.roomEvents, [("as", "0")], as: role).status == 403)
            let hands = try json(ask(.roomEvents, as: role))["events"]?.elements ?? []
            #expect(!hands.isEmpty)
            let raw = try json(ask(.roomEvents))["events"]?.elements ?? []
            #expect(hands.count == raw.count && hands != raw)
        }
    }

    // MARK: Events

    /// Every event, page by page.
    private func events(as role: OperatorRole, limit: Int = 150) throws -> (events: [JSON], pages: Int) {
        var all: [JSON] = []
        var pages = 0
        var hasMore: Bool? = true
        while hasMore == true {
            let after = "\(all.last?.int("seq") ?? 0)"
            let page = try json(ask(.roomEvents, [("after", after), ("limit", "\(limit)")], as: role))
            let events = try #require(page["events"]?.elements)
            try #require(!events.isEmpty && events.count <= limit)
            all += events
            #expect(page.int("next") == all.last?.int("seq"))
            hasMore = page["recovery_info"]?["has_more_events"]?.bool
            pages += 1
        }
        return (all, pages)
    }

    @Test func `events are paged without a gap, as stored and as seen`() throws {
        let head = try live.sequence
        for role in [OperatorRole.administrator, .viewer] {
            let (events, pages) = try events(as: role)
            #expect(pages > 3 && events.compactMap { $0.int("seq") } == Array(1...head), "as \(role)")
            #expect(events.allSatisfy { $0["error"] == nil })
        }
    }

    @Test func `a record that cannot be read is an entry that says so, and pages go on behind it`() throws {
        let head = try live.sequence
        let sound = try events(as: .administrator).events
        for place in [0, 149, 150, 301, head - 1] {
            let record = try #require(sound[place].int("record"))
            sources.damage(.garbled(record))
            let first = try #require(sound.firstIndex { $0.int("record") == record })
            for role in [OperatorRole.administrator, .viewer] {
                let events = try events(as: role).events
                #expect(events.compactMap { $0.int("seq") } == Array(1...head), "record \(record) as \(role)")
                let unreadable = events.indices.filter { events[$0]["error"] != nil }
                #expect(unreadable.first == first)
                #expect(unreadable.allSatisfy { events[$0]["event"] == .null && events[$0]["at"] == .null })
                let damaged = sound.indices.filter { sound[$0].int("record") == record }
                if role == .administrator { #expect(unreadable == damaged) }
            }
        }
    }

    @Test func `a record whose numbers have become nonsense fills a page at most`() throws {
        let record = try #require(try events(as: .administrator).events[10].int("record"))
        let numbers: [(first: Int, count: Int)] = [
            (11, -1), (11, 1 << 40), (11, .max), (.max, 1), (.min, .max), (-5, 1 << 40),
        ]
        for (first, count) in numbers {
            sources.damage(.miscounted(record, first: first, count: count))
            for role in [OperatorRole.administrator, .viewer] {
                for after in ["0", "12"] {
                    let page = try json(ask(.roomEvents, [("after", after), ("limit", "20")], as: role))
                    let events = try #require(page["events"]?.elements)
                    #expect(events.count <= 20)
                }
            }
        }
    }

    @Test func `where records are missing nobody is sent round in a circle`() throws {
        sources.damage(.lost)
        for role in [OperatorRole.administrator, .viewer] {
            let page = try json(ask(.roomEvents, as: role))
            #expect(page["has_more"] == false && page["events"] == [])
            #expect(page["recovery_info"]?.int("latest_sequence") == (try live.sequence))
        }
    }

    @Test func `events are analysed, and filtered by their kind`() throws {
        let all = try json(ask(.roomEvents))
        let events = try #require(all["events"]?.elements)
        #expect(all["success"] == true && all["room_id"]?.string == room.description)
        #expect(all["analysis"]?["first_event"] == events.first && all["analysis"]?["last_event"] == events.last)
        let types = try #require(all["analysis"]?["event_types"]?.members)
        #expect(types.reduce(0) { $0 + ($1.value.integer ?? 0) } == Int64(events.count) && types.count > 3)
        let kind = try #require(types.last?.key)
        let some = try json(ask(.roomEvents, [("event_type", kind)]))
        #expect(some["event_count"]?.integer == types.last?.value.integer)
        let since = try json(ask(.roomEventsSince))
        #expect(since["events"]?.elements?.first?.int("seq") == 4)
    }

    @Test func `rooms are not told of what they do not hold`() throws {
        let route = try #require(AdminRoutes.table.routes.first { $0.endpoint == .roomEvents })
        let cases: [(String, String, String)] = [
            ("after", "-1", "after is -1: a whole number from 0"), ("limit", "0", "limit is 0: 1 to 1000"),
            ("limit", "", "limit is : 1 to 1000"), ("as", "nobody", "as is nobody: watcher or a seat's number"),
            ("after", "99999999999999999999", "after is 99999999999999999999: a whole number from 0"),
        ]
        for (name, value, sentence) in cases {
            let error = #expect(throws: Rejection.self) {
                try RouteArguments(route, captured: [room.description], query: [(name: name, value: value)])
            }
            #expect(error?.refusal.message == sentence)
        }
    }
}
