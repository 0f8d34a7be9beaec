@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("PLUGINS.md: a game whose manifest says wait") struct WaitingGameTests {
    private let world = World(games: [InstalledGame(Patience.self)])
    private let ana: TestClient
    private let ben: TestClient
    private let room: RoomID

    init() throws {
        ana = world.client("Ana")
        ben = world.client("Ben")
        ana.hello()
        ben.hello()
        room = try ana.create("patience")
        ben.join(room)
        ana.host(room, "start")
    }

    private var heard: [String] { world.rooms[room].map { Patience.heard($0.state.match) } ?? [] }

    @Test func `it hears who dropped, and who is back`() {
        ben.cut()
        world.advance(by: .seconds(6))
        #expect(heard == ["start", "dropped 1"])
        #expect(ana.place(room).status.seat(1)["kind"] == "human")
        ben.hello()
        #expect(heard == ["start", "dropped 1", "returned 1"])
        ben.cut()
        ben.hello()
        #expect(heard.count == 3)
        ben.cut()
        world.advance(by: .seconds(6))
        ben.hello()
        #expect(heard.suffix(2) == ["dropped 1", "returned 1"])
        #expect(heard.count == 5)
        #expect(ana.violations == [] && ben.violations == [])
    }

    @Test func `after a restart too, each of them once`() {
        ben.cut()
        world.advance(by: .seconds(6))
        world.crash()
        ana.hello()
        world.advance(by: .seconds(30))
        #expect(heard == ["start", "dropped 1"])
        ben.hello()
        #expect(heard == ["start", "dropped 1", "returned 1"])
    }

    @Test func `a host who returns hears nothing of the right that has passed on`() {
        ana.cut()
        world.advance(by: .seconds(6))
        #expect(ben.place(room).status["host"] == 1)
        ana.hello()
        #expect(heard == ["start", "dropped 0", "returned 0"])
        #expect(ben.place(room).status["host"] == 1)
    }

    @Test func `a seat that never dropped is stored as it always was`() throws {
        let payloads = world.log(of: room).map { String(decoding: $0.payload, as: UTF8.self) }
        #expect(!payloads.contains { $0.contains("away") })
        let old = #"{"occupant":"human","name":"Ben","stand_in":false,"last_n":0,"answers":[]}"#
        #expect(try FlatDecoder.decode(SeatState.self, parsing: Array(old.utf8)).isToldDropped == false)
    }
}
