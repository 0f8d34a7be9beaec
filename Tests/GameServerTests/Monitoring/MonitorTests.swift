@testable import GameServer
import Observability
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

@Suite("The monitor of a real server", .serialized) struct MonitorTests {
    private typealias Value = StandardChecks.Value

    @Test func `a loop's hint changes the level within two seconds, whatever the interval`() throws {
        let server = try LiveServer(games: [InstalledGame(Clockwork.self)]) {
            $0.health.selfTest = false
            $0.recovery.isEnabled = false
        }
        defer { server.stop() }
        let ana = try LivePlayer(port: server.port)
        let room = try ana.start("clockwork")
        let component = server.metrics.componentIndex("game:clockwork")
        #expect(server.line("health_changed", saying: "game:clockwork") != nil)
        let started = MonotonicTime.now()
        try ana.send(#"{"type":"act","room":"\#(room)","n":2,"action":{"kind":"spoil"}}"#)
        #expect(try ana.next("no")["code"]?.string == "internal")
        #expect(server.line("health_changed", saying: "game:clockwork") != nil)
        let took = MonotonicTime.now() - started
        #expect(took < .seconds(2), "took \(took)")
        #expect(server.metrics.healthLevel.value(component: component) == Double(HealthLevel.warning.rawValue))
        #expect(server.metrics.invariantViolations.value(plugin: server.metrics.pluginIndex("clockwork")) == 1)
        #expect(server.metrics.pluginExceptions.value(plugin: server.metrics.pluginIndex("clockwork")) == 0)
        #expect(server.metrics.roomFaults.value(plugin: server.metrics.pluginIndex("clockwork")) == 1)
        let exposed = String(decoding: server.metrics.exposition(as: .openMetrics), as: UTF8.self)
        let refused = #"gameserver_message_errors_total{fault="server",code="internal"} 1 # {event="\#(room):"#
        #expect(exposed.contains("\n" + refused), "the number leads to the room and the event")
    }

    @Test func `the monitor stands by its verdict at every look`() throws {
        let board = StatusBoard()
        let configuration = Configuration()
        let monitor = try Monitor()
        monitor.start(
            MonitorParts(
                configuration: configuration, recovery: try RecoverySettings(configuration.recovery), drift: nil,
                metrics: .forTests(), logger: .discarding(), store: MemoryEventStore(retainedEvents: 1), games: [],
                middleware: [], probes: [], loops: [], selfTest: nil, board: board, startedAt: .now()))
        defer { monitor.stop() }
        // A look comes between two pieces of work.
        for _ in 0..<2 {
            let done = Box<Bool>()
            _ = monitor.work { _ in done.put(true) }
            _ = done.take()
        }
        #expect(board.isStale(at: .now() + StatusBoard.staleAfter + .seconds(1)))
    }

    /// As the administrator of a server whose token is `administrator`.
    private func ask(_ server: LiveServer, _ line: String) throws -> String {
        let client = try RawClient(port: server.port)
        try client.send(
            line + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: Bearer administrator\r\n"
                + "Connection: close\r\n\r\n")
        return String(decoding: try client.receiveToEnd(), as: UTF8.self)
    }

    @Test func `the history of health is read page by page`() throws {
        let server = try LiveServer(games: []) { $0.admin.token = Secret("administrator") }
        defer { server.stop() }
        let hour = try ask(server, "GET /api/health/history")
        #expect(hour.hasPrefix("HTTP/1.1 200") && hour.contains(#"{"resolution":"hour","step_seconds":10,"#))
        let day = try ask(server, "GET /api/health/history?resolution=day&after=7&limit=1")
        #expect(day.contains(#"{"resolution":"day","step_seconds":60,"#) && day.contains(#""overall":[]"#))
        #expect(day.contains(#""store":[]"#) && day.contains(#""memory.memory_utilization":[]"#))
        #expect(try ask(server, "GET /api/health/history?resolution=year").hasPrefix("HTTP/1.1 400"))
    }

    @Test func `what a recovery run counts as leads to its other traces`() throws {
        let server = try LiveServer(games: []) { $0.admin.token = Secret("administrator") }
        defer { server.stop() }
        #expect(try ask(server, "POST /api/recovery/trigger/memory_pressure?dry_run=true").hasPrefix("HTTP/1.1 2"))
        let line = server.line("recovery_finished", saying: "memory_pressure")
        let run = try #require(line?["correlation_id"]?.string)
        let exposed = String(decoding: server.metrics.exposition(as: .openMetrics), as: UTF8.self)
        let labels = #"{procedure="memory_pressure",result="dry_run"}"#
        #expect(exposed.contains(#"recovery_attempts_total\#(labels) 1 # {trace_id="\#(run)"} 1 "#))
    }

    /// Well at its first look, and hanging from its second on.
    private struct Hanging: HealthProbe {
        let id = "hanging"
        let interval = Duration.milliseconds(500)
        let timeout = Duration.milliseconds(50)
        let looks: Journal<Void>
        let over: Latch<Void>

        func measure() -> ProbeReading {
            if looks.takeAll().isEmpty { over.wait() }
            return .healthy()
        }
    }

    @Test func `a check that hangs counts as timed out, and not as anything else`() throws {
        let looks = Journal<Void>()
        looks.add(())
        let over = Latch<Void>()
        let server = try LiveServer(games: [], probes: [Hanging(looks: looks, over: over)])
        defer { server.stop() }
        defer { over.open(()) }
        #expect(server.line("health_changed", saying: "probe:hanging", "healthy to unknown", "no answer") != nil)
        let component = server.metrics.componentIndex("probe:hanging")
        #expect(server.metrics.healthChecks.value(component: component, .timeout) == 1)
        #expect(server.metrics.healthChecks.value(component: component, .failed) == 0)
        #expect(server.metrics.healthChecks.value(component: component, .ok) == 1)
    }

    @Test func `the server's test of itself passes on a real server, and is no connection of a client`() throws {
        let server = try LiveServer(games: [])
        defer { server.stop() }
        #expect(server.line("health_changed", saying: "self_test", "unknown to healthy") != nil)
        #expect(server.metrics.wsConnectionsOpened.value == 0)
        #expect(server.metrics.messages.value(.in) == 0)
    }

    @Test func `a storm of hints is one hint each, and takes no message's place`() throws {
        let monitor = try Monitor()
        for _ in 0..<10_000 {
            monitor.hint(.websocket)
            monitor.hint(.game("clockwork"))
        }
        #expect(monitor.work { _ in } && monitor.lost == 0)
        #expect(monitor.takeHints() == [.websocket, .game("clockwork")])
        #expect(monitor.takeHints() == [])
    }

    /// Fails, and tells the test of every look.
    private struct Broken: HealthProbe {
        struct Failure: Error {}

        let id = "broken"
        let interval = Duration.milliseconds(500)
        let looks = Journal<Void>()

        func measure() throws -> ProbeReading {
            looks.add(())
            throw Failure()
        }
    }

    @Test func `failures are counted at every check, not only when the level changes`() throws {
        let probe = Broken()
        let server = try LiveServer(games: [], probes: [probe]) { $0.health.floorMs = 500 }
        defer { server.stop() }
        for _ in 0..<5 { #expect(probe.looks.next() != nil) }
        // When one look begins, the one before it has been counted.
        let component = server.metrics.componentIndex("probe:broken")
        #expect(server.metrics.healthFailures.value(component: component) >= 4)
    }

    // MARK: The server's test of itself

    private func local(_ port: UInt16) -> ListenAddress { ListenAddress(.port(port, host: "127.0.0.1")) }

    @Test func `the test passes with its key, and leaves nothing behind`() throws {
        let surface = try Surface()
        defer { surface.stop() }
        let tests = TestTraffic()
        guard
            case .measured(let values) = SelfTest(
                key: "self", server: local(surface.loop.port), tests: tests
            ).run()
        else {
            Issue.record("failed")
            return
        }
        let counters = surface.loop.ask { $0.counters }
        #expect(tests.bytes == (counters.bytesIn, counters.bytesOut))
        #expect(values.map(\.name) == [Value.reachable, Value.roundTripOfTest])
        #expect(values[0].value == 1 && values[1].value > 0)
    }

    @Test func `a wrong key is refused like anybody who speaks another protocol`() throws {
        let surface = try Surface()
        defer { surface.stop() }
        let tests = TestTraffic()
        let reading = SelfTest(
            key: "guess", server: local(surface.loop.port), tests: tests, patience: .seconds(60)
        ).run()
        guard case .judged(.critical, let sentence, let values) = reading else {
            Issue.record("\(reading)")
            return
        }
        #expect(sentence == "the handshake was answered HTTP/1.1 400 Bad Request")
        let counters = surface.loop.ask { $0.counters }
        #expect(tests.bytes == (counters.bytesIn, counters.bytesOut), "also what it had no use for")
        #expect(values.map(\.value) == [0])
    }

    @Test func `who does not answer in time fails the test, in words`() throws {
        let surface = try Surface()
        defer { surface.stop() }
        let over = Latch<Void>()
        defer { over.open(()) }
        surface.loop.run { _ in over.wait() }
        let reading = SelfTest(
            key: "self", server: local(surface.loop.port), tests: TestTraffic(),
            patience: .milliseconds(50)
        ).run()
        guard case .judged(.critical, let sentence, _) = reading else {
            Issue.record("\(reading)")
            return
        }
        #expect(sentence.hasPrefix("no answer: "))
    }

    @Test func `a port nobody listens on fails the test, in words`() throws {
        let surface = try Surface()
        let port = surface.loop.port
        surface.stop()
        guard
            case .judged(.critical, let sentence, _) = SelfTest(
                key: "self", server: local(port), tests: TestTraffic()
            ).run()
        else {
            Issue.record("passed")
            return
        }
        #expect(sentence.hasPrefix("cannot connect to 127.0.0.1:\(port): "))
    }
}
