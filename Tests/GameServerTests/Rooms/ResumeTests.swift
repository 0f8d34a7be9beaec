@testable import GameServer
import PluginAPI
import Testing

@testable import TestSupport

@Suite("Resume: verdicts") struct ResumeTests {
    private func greet(_ table: Table, secret: String?, epoch: String? = nil, seq: Int) -> [JSON] {
        let client = table.world.client("again")
        client.connect()
        let entry: JSON = [
            "room": .string(table.room.description), "secret": secret.map { .string($0) } ?? nil,
            "epoch": .string(epoch ?? table.state?.epoch ?? ""), "seq": JSON(seq),
        ]
        return client.ask(["type": "hello", "resume": [entry]])
    }

    private func secret(_ client: TestClient, _ table: Table) throws -> String {
        try #require(client.place(table.room).secret)
    }

    @Test func `live: nothing was missed and nothing follows`() throws {
        let table = try Table.playing()
        table.ana.cut()
        let lines = table.ana.hello()
        #expect(lines.types == ["welcome", "joined"])
        #expect(lines.first("joined")?["resume"] == "live")
        #expect(lines.first("joined")?["view"] == nil)
        #expect(table.mark(0).first("ok") != nil)
        #expect(table.violations == [])
    }

    @Test func `replayed: exactly what was missed, as it was told then`() throws {
        let table = try Table.playing()
        table.world.advance(by: .milliseconds(10))
        let other = table.other
        other.cut()
        table.mark(0)
        let lines = other.hello()
        #expect(lines.types == ["welcome", "joined", "events"])
        #expect(lines.first("joined")?["resume"] == "replayed")
        #expect(lines.first("joined")?.int("seq") == 2)
        #expect(lines.first("events")?.int("seq") == 2)
        #expect(lines.first("events")?["events"]?.elements?.count == 1)
        #expect(table.violations == [])
    }

    @Test func `replayed after a crash, from the store`() throws {
        let table = try Table.playing()
        table.mark(0)
        table.mark(1)
        let told = table.ana.messages.flatMap { $0 }.filter { $0.type == "events" }
        table.world.crash()
        let lines = greet(table, secret: try secret(table.ana, table), epoch: table.ana.place(table.room).epoch, seq: 0)
        #expect(lines.first("joined")?["resume"] == "replayed")
        #expect(lines.filter { $0.type == "events" } == told)
    }

    @Test func `snapshot: another epoch, a gap wider than retention, or a position above the head`() throws {
        let table = try Table.playing { $0.rooms.retentionEvents = 2 }
        table.mark(0)
        table.mark(1)
        let ana = try secret(table.ana, table)
        let cases: [(String?, Int, String)] = [
            ("other", 3, "snapshot"), (nil, 0, "snapshot"), (nil, 99, "snapshot"), (nil, -1, "snapshot"),
            (nil, 1, "replayed"), (nil, 3, "live"),
        ]
        for (epoch, seq, verdict) in cases {
            let lines = greet(table, secret: ana, epoch: epoch, seq: seq)
            #expect(lines.first("joined")?["resume"] == .string(verdict))
            guard verdict == "snapshot" else { continue }
            let snapshot = try #require(lines.first("snapshot"))
            #expect(snapshot["reason"] == "resume")
            #expect(snapshot.int("seq") == 3)
            #expect(snapshot["view"]?["turn"] != nil)
        }
    }

    @Test func `a finished room answers with its final view`() throws {
        let table = try Table.playing()
        for field in [0, 1, 3, 2, 4, 5, 6] where table.state?.status == .playing { table.mark(field) }
        table.ana.cut()
        let lines = table.ana.hello()
        #expect(lines.types == ["welcome", "joined", "snapshot"])
        #expect(lines.first("joined")?["status"]?["state"] == "finished")
        #expect(table.violations == [])
    }

    @Test func `a wrong secret is refused and the seat is unharmed`() throws {
        let table = try Table.playing()
        for wrong in ["x", String(repeating: "a", count: 40)] {
            #expect(greet(table, secret: wrong, seq: 0).refusals == ["bad_secret"])
        }
        #expect(table.ana.isConnected && table.ben.isConnected)
        #expect(table.mark(0).first("ok") != nil)
    }

    @Test func `a watcher resumes without a secret and sees what a watcher may`() throws {
        let table = try Table.playing()
        let lines = greet(table, secret: nil, seq: 0)
        #expect(lines.first("joined")?["seat"] == .null)
        #expect(lines.first("joined")?["resume"] == "replayed")
    }

    @Test func `a room that is not there ends only its own resume`() throws {
        let table = try Table.playing()
        let client = table.world.client("again")
        client.connect()
        let answer = client.ask([
            "type": "hello",
            "resume": [
                ["room": "ZZZZZZZZ", "secret": .string(String(repeating: "a", count: 30)), "epoch": "", "seq": 0],
                ["room": .string(table.room.description), "secret": nil, "epoch": "", "seq": 0],
            ],
        ])
        #expect(answer.refusals == ["room_not_found"])
        #expect(answer.first("joined") != nil)
    }

    @Test func `the newest connection of a seat wins, and the close of the old one changes nothing`() throws {
        let table = try Table.playing()
        let old = try #require(table.ana.outlet)
        table.world.closeDelay = { .seconds(4) }
        #expect(table.ana.hello().first("joined")?["resume"] == "live")
        #expect(old.closed?.code.rawValue == 4502)
        table.world.advance(by: .seconds(10))
        #expect(table.ben.place(table.room).status.seat(0)["connected"] == true)
        #expect(table.mark(0).first("ok") != nil)
        #expect(table.violations == [])
    }

    @Test func `a resume while the store is away is refused and may be tried again`() throws {
        let table = try Table.playing()
        table.world.crash()
        table.world.memory.setReachable(false)
        #expect(table.ana.hello().refusals == ["store_unavailable"])
        table.world.memory.setReachable(true)
        table.ana.cut()
        #expect(table.ana.hello().first("joined") != nil)
    }
}
