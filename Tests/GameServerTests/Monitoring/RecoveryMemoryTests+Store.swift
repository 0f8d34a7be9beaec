@testable import GameServer
import Observability
import PluginAPI
import TestSupport
import Testing
import WebSocket

// How the monitor gets what it remembers from the store.

extension RecoveryMemoryTests {
    private func parts(_ store: MemoryEventStore, _ logger: Logger) throws -> MonitorParts {
        let configuration = Configuration()
        return MonitorParts(
            configuration: configuration, recovery: try RecoverySettings(configuration.recovery), drift: nil,
            metrics: .forTests(), logger: logger, store: store, games: [], middleware: [], probes: [], loops: [],
            selfTest: nil, board: StatusBoard(), startedAt: .now())
    }

    @Test func `nothing is decided before it is known, but not for ever`() throws {
        // A monitor that is not started hears of no answer.
        let core = MonitorCore(try parts(MemoryEventStore(), .discarding()), monitor: try Monitor())
        core.rememberRuns()
        core.brokenChains.insert(RoomID(raw: 7))
        core.decide(at: core.now)
        #expect(core.orders.isEmpty)
        core.decide(at: core.now + .seconds(10))
        #expect(core.orders.values.contains { $0.procedure == "room_state_corruption" })
    }

    @Test func `a store that does not answer is asked again, and the log tells`() throws {
        let store = MemoryEventStore()
        let harm = SystemEvent(
            at: PluginAPI.Timestamp(unixMilliseconds: 1_735_200_000_000), kind: .recoveryRun,
            subject: "memory_pressure", actor: "server",
            body: #"{"procedure_name":"memory_pressure","scope":"server","verdict":"harmful"}"#)
        store.note(harm) { _ in }
        store.setReachable(false)
        let events = Journal<String>()
        let logger = Logger(
            level: .debug,
            sink: LogSink { bytes in
                for line in bytes.split(separator: UInt8(ascii: "\n")) {
                    if let event = try? JSON(parsing: Array(line))["event"]?.string { events.add(event) }
                }
                return true
            }, origin: LogOrigin(version: "1", node: "test", processID: 1))
        defer { logger.close() }
        let monitor = try Monitor()
        monitor.start(try parts(store, logger))
        defer { monitor.stop() }
        func hears(_ event: String) -> Bool {
            while let next = events.next() { if next == event { return true } }
            return false
        }
        #expect(hears("runs_not_remembered"))
        store.setReachable(true)
        #expect(hears("runs_remembered"))
        let harmed = Box<[String]>()
        _ = monitor.work { core in
            let procedures = core.recovery.status(at: core.now).procedures
            harmed.put(procedures.filter { $0.disabledFor == .disabledByHarm }.map(\.procedure.id))
        }
        #expect(harmed.take() == ["memory_pressure"])
    }
}
