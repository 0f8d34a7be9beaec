@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Framing: hello first, once") struct HelloTests {
    private let world = Table.world()

    private func connected() -> TestClient {
        let client = world.client("Ana")
        client.connect()
        return client
    }

    @Test func `hello is answered with a welcome that says what this server is and allows`() throws {
        let ana = world.client("Ana")
        let welcome = try #require(ana.hello().first("welcome"))
        #expect(welcome.int("now").map(Int64.init) == world.timeline.wallClock.unixMilliseconds)
        #expect(welcome.int("heartbeat_ms") == 15_000)
        #expect(welcome["limits"] == ["bytes": 4096, "rate": 20, "burst": 40])
        #expect(welcome["server"]?["name"] == "gameserver")
        #expect(welcome["games"]?.elements?.compactMap { $0["id"]?.string } == ["liap-tui", "tic-tac-toe"])
        #expect(welcome["games"]?.elements?.first?["seats"] == ["min": 4, "max": 4])
    }

    @Test(arguments: [
        #"{"type":"list"}"#, #"{"type":"ping"}"#, "not json", "[1]", #"{"type":"nonsense"}"#,
        #"{"type":"hello","resume":5}"#,
    ])
    func `anything else first closes 4505`(text: String) {
        let ana = connected()
        ana.send(text: text)
        #expect(ana.lastClose?.rawValue == 4505)
    }

    @Test func `a hello that cannot be read is closed with what is wrong in it`() {
        let ana = connected()
        let outlet = ana.outlet
        ana.send(text: #"{"type":"hello","client":5}"#)
        #expect(outlet?.closed?.reason == "hello: client: expected an object")
    }

    @Test func `a second hello closes 4505`() {
        let ana = connected()
        ana.send(["type": "hello"])
        ana.send(["type": "hello"])
        #expect(ana.lastClose?.rawValue == 4505)
    }

    @Test func `no hello within ten seconds closes 4509`() {
        let ana = connected()
        world.advance(by: .milliseconds(9_999))
        #expect(ana.isConnected)
        world.advance(by: .milliseconds(1))
        #expect(ana.lastClose?.rawValue == 4509)
        #expect(ana.messages.last?.first?["type"] == "bye")
    }

    @Test func `every session that was opened is reported closed, whoever ends it`() throws {
        let table = try Table.playing()
        let silent = table.world.client("silent")
        silent.connect()
        table.world.advance(by: .seconds(11))
        #expect(silent.lastClose?.rawValue == 4509)
        #expect(table.world.facts.open == 2)
        table.ana.hello()
        #expect(table.world.facts.open == 2)
        table.ana.cut()
        table.ben.cut()
        #expect(table.world.facts.open == 0)
        #expect(table.world.facts.closeCodes == [4509, 4502, 1006, 1006])
        #expect(table.world.sessions.count == 0)
    }

    // MARK: Lines

    @Test func `a bad line is refused and the other lines still count`() {
        let ana = connected()
        ana.send(["type": "hello"])
        _ = ana.take()
        ana.send(
            text:
                "nonsense\n{\"type\":\"ping\",\"t\":7}\r\n\n[1]\n{\"type\":\"fly\"}\n{\"kind\":\"ping\"}\n{\"type\":\"ping\",\"t\":8}"
        )
        let lines = ana.take()
        #expect(lines.refusals == ["bad_request", "bad_request", "unknown_type", "bad_request"])
        #expect(lines.filter { $0.type == "pong" }.map { $0.int("t") } == [7, 8])
        #expect(ana.isConnected)
    }

    @Test func `a message over the limit is too large, and the connection lives`() {
        let ana = connected()
        ana.send(["type": "hello"])
        _ = ana.take()
        ana.send(text: "{\"type\":\"ping\",\"t\":\"" + String(repeating: "x", count: 4096) + "\"}")
        #expect(ana.take().refusals == ["too_large"])
        ana.send(["type": "ping", "t": 1])
        #expect(ana.take().types == ["pong"])
    }

    @Test func `a binary message closes 1003`() {
        let ana = connected()
        ana.session?.receivedBinary(1)
        world.pump()
        #expect(ana.lastClose?.rawValue == 1003)
    }
}
