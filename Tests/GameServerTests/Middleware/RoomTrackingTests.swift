@testable import GameServer
import Observability
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

@Suite("Counting the life of rooms") struct RoomTrackingTests {
    private let metrics = Observability.Metrics.forTests(plugins: ["nim"])
    private let board = LoopBoard { _ in }

    private var tracking: RoomTracking { tracking(.discarding()) }

    private func tracking(_ logger: Logger) -> RoomTracking {
        RoomTracking(
            MiddlewareKit(
                configuration: Configuration(), metrics: metrics, log: logger.makeRing(), writer: nil,
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
        tracking.stall(.unreadable(room, game: "nim", "why"))
        tracking.recover(.vanished(room, game: "nim"))
        #expect(board.troubles.unreadable.isEmpty)
    }

    @Test func `a middleware that throws is trouble under its name`() {
        struct Broken: Error {}
        let facts = ServerFacts(metrics, .discarding(), writer: nil, board: board)
        facts.middlewareFault("chat_count", hook: "receive", Broken())
        #expect(board.troubles.faults == ["chat_count": 1])
    }

    /// The `error` member of each line, as type and fingerprint.
    private func errors(_ log: (Logger) -> Void) -> [(type: String?, fingerprint: String?)] {
        let journal = Journal<JSON>()
        let logger = Logger(
            sink: LogSink { bytes in
                for line in bytes.split(separator: UInt8(ascii: "\n")) {
                    // That it is JSON is tested elsewhere.
                    if let json = try? JSON(parsing: Array(line)) { journal.add(json) }
                }
                return true
            }, origin: LogOrigin(version: "1", node: "test", processID: 1))
        log(logger)
        logger.close(within: .seconds(10))
        return journal.takeAll().map { ($0["error"]?["type"]?.string, $0["error"]?["fingerprint"]?.string) }
    }

    @Test func `faults of games, rooms and middleware are errors, told apart by who did what and not by where`() {
        struct Broken: Error {}
        let found = errors { logger in
            let tracking = tracking(logger)
            for room in [3, 4] as [UInt64] {
                tracking.stall(.fault(RoomID(raw: room), game: "nim", .exception, "record 1\(room): it threw"))
            }
            tracking.stall(.fault(RoomID(raw: 3), game: "chess", .exception, "record 1: it threw"))
            tracking.stall(.unreadable(RoomID(raw: 3), game: "nim", "why"))
            ServerFacts(metrics, logger, writer: nil, board: board)
                .middlewareFault("chat_count", hook: "receive", Broken())
        }
        let types = Set(found.map(\.type))
        let games: Set = ["room.nim.fault.exception", "room.chess.fault.exception", "room.nim.unreadable"]
        #expect(types.isSuperset(of: games))
        #expect(found.count == 5 && types.count == 4 && !types.contains(nil))
        #expect(Set(found.map(\.fingerprint)).count == 4, "two rooms with one fault have one fingerprint")
    }

    @Test func `what fails in the store is an error, told apart by kind`() {
        let found = errors { logger in
            let log = StoreLog(logger, metrics)
            log.failed(.commit, code: 13)
            log.failed(.commit, code: 10)
            log.troubled(.full)
            log.chainBroken(RoomID(raw: 3), number: 7)
            log.chainBroken(RoomID(raw: 4), number: 8)
        }
        #expect(found.map(\.type) == ["store.full", "store.io", "store.full", "store.chain", "store.chain"])
        #expect(Set(found.map(\.fingerprint)).count == 4)
    }
}
