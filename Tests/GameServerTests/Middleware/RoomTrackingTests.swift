@testable import GameServer
import Observability
import PluginAPI
import Testing
import WebSocket

@Suite("Counting the life of rooms") struct RoomTrackingTests {
    private let metrics = Observability.Metrics.forTests(plugins: ["nim"])
    private let board = LoopBoard { _ in }

    private var tracking: RoomTracking {
        RoomTracking(
            MiddlewareKit(
                configuration: Configuration(), metrics: metrics, log: Logger.discarding().makeRing(), writer: nil,
                board: board,
                admission: Admission(luck: .system), domain: nil, now: { MonotonicTime(nanoseconds: 0) }))
    }

    private func commit(_ turn: Commit.Turn, events: Int = 0, cause: Commit.Cause = .act) -> Commit {
        Commit(
            room: RoomID(raw: 3), game: "nim", record: 1, sequence: 1, events: events, bytes: 9, cause: cause,
            outcome: .committed, turn: turn, queued: .zero, decided: .zero, stored: .zero)
    }

    @Test func `a fault counts as what it is`() {
        let plugin = metrics.pluginIndex("nim")
        for kind in Stall.Fault.allCases { tracking.stall(.fault(RoomID(raw: 3), game: "nim", kind, "why")) }
        #expect(metrics.roomFaults.value(plugin: plugin) == 3)
        #expect(metrics.pluginExceptions.value(plugin: plugin) == 1)
        #expect(metrics.invariantViolations.value(plugin: plugin) == 1)
        #expect(board.troubles.faults == ["nim": 2] && board.troubles.violations == ["nim": 1])
    }

    @Test func `a room's age is recorded when it closes, with the reason`() {
        let plugin = metrics.pluginIndex("nim")
        tracking.commit(commit(.opened, cause: .create))
        tracking.commit(commit(.none, events: 2))
        tracking.commit(commit(.closed(reason: "abandoned", age: .milliseconds(90_000)), cause: .leave))
        #expect(metrics.roomsCreated.value(plugin: plugin) == 1)
        #expect(metrics.roomsClosed.value(plugin: plugin, .abandoned) == 1)
        #expect(metrics.roomActions.value(plugin: plugin) == 1)
        #expect(metrics.eventsAppended.value(plugin: plugin) == 2)
        let ages = metrics.roomSeconds.snapshot()
        #expect(ages.count == 1)
        #expect(ages.quantile(0.5).map { $0 > 80 && $0 < 100 } == true)
    }

    @Test func `a room that can be read again is no trouble any more`() {
        let room = RoomID(raw: 3)
        tracking.stall(.unreadable(room, game: "nim", "why"))
        #expect(board.troubles.unreadable.contains(room))
        tracking.recover(.restored(room, game: "nim", records: 3, took: .zero))
        #expect(board.troubles.unreadable.isEmpty)
        tracking.stall(.unreadable(room, game: "nim", "why"))
        tracking.recover(.mended(room, game: "nim", procedure: "room_state_corruption"))
        #expect(board.troubles.unreadable.isEmpty)
    }

    @Test func `a middleware that throws is trouble under its name`() {
        struct Broken: Error {}
        let facts = ServerFacts(metrics, .discarding(), writer: nil, board: board)
        facts.middlewareFault("chat_count", hook: "receive", Broken())
        #expect(board.troubles.faults == ["chat_count": 1])
    }
}
