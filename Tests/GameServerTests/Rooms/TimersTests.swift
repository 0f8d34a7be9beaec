@testable import GameServer
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

@Suite("Design, The log: timers") struct TimersTests {
    private let start = MonotonicTime(nanoseconds: 0)
    private let wall = Timestamp(unixMilliseconds: 1_000_000)

    private func timer(in ms: Int64, from wall: Timestamp? = nil) -> [String: GameTimer] {
        ["turn": GameTimer(deadline: (wall ?? self.wall) + .milliseconds(ms), durationMs: ms)]
    }

    @Test func `a timer that did not change runs on, one armed anew starts anew`() {
        var timers = RunningTimers()
        timers.follow(timer(in: 5000), at: start)
        timers.follow(timer(in: 5000), at: start + .seconds(3))
        #expect(timers.next?.due == start + .seconds(5))
        timers.follow(timer(in: 5000, from: wall + .seconds(3)), at: start + .seconds(3))
        #expect(timers.next?.due == start + .seconds(8))
        timers.follow([:], at: start + .seconds(4))
        #expect(timers.next == nil)
    }

    @Test(
        "after a restart what remains lies between the restart's grace and the timer's whole time",
        arguments: [
            (durationMs: 60_000, leftMs: 25_000, remainsMs: 25_000),
            (60_000, 3_000, 10_000),
            (60_000, -7_200_000, 10_000),
            (60_000, 7_200_000, 60_000),
            (2_000, 1_000, 10_000),
            (2_000, 9_000_000, 10_000),
        ])
    func restart(durationMs: Int64, leftMs: Int64, remainsMs: Int64) {
        var timers = RunningTimers()
        let stored = ["turn": GameTimer(deadline: wall + .milliseconds(leftMs), durationMs: durationMs)]
        timers.restore(stored, at: start, wallClock: wall, grace: .seconds(10))
        #expect(timers.next?.due == start + .milliseconds(remainsMs))
        #expect(timers.deadline(of: "turn") == wall + .milliseconds(remainsMs))
    }

    @Test func `a pause keeps what is left and hides the deadline`() {
        var timers = RunningTimers()
        timers.follow(timer(in: 5000), at: start)
        timers.pause(at: start + .seconds(2))
        #expect(timers.next == nil)
        #expect(timers.deadline(of: "turn") == nil)
        let later = wall + .seconds(1000)
        let after = timers.timersAfterPause(wallClock: later)
        #expect(after == ["turn": GameTimer(deadline: later + .seconds(3), durationMs: 5000)])
        timers.resume(after ?? [:], at: start + .seconds(1000), wallClock: later)
        #expect(timers.next?.due == start + .seconds(1003))
        #expect(timers.deadline(of: "turn") == later + .seconds(3))
    }

    @Test func `the earliest of several is next, and one that cannot be served is forgotten`() {
        var timers = RunningTimers()
        let both = [
            "b": GameTimer(deadline: wall + .seconds(2), durationMs: 2000),
            "a": GameTimer(deadline: wall + .seconds(1), durationMs: 1000),
        ]
        timers.follow(both, at: start)
        #expect(timers.next?.name == "a")
        timers.drop("a")
        #expect(timers.next?.name == "b")
    }

    // MARK: In a room

    /// One person and three bots that think for an hour: only the person's turn timer moves the game.
    private func liapTui() throws -> (World, TestClient, RoomID) {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        let room = try ana.create(
            "liap-tui", options: ["turn_ms": 20_000, "vote_ms": 20_000, "bot_delay_ms": [60_000, 60_000]])
        for _ in 0..<3 { ana.host(room, "add_bot") }
        ana.host(room, "start")
        return (world, ana, room)
    }

    @Test(arguments: [Duration.seconds(-3600), .seconds(3600), .seconds(-86_400 * 30)])
    func `setting the wall clock moves no timer`(jump: Duration) throws {
        let (world, ana, room) = try liapTui()
        let before = ana.place(room).seq
        world.timeline.jumpWallClock(by: jump)
        world.advance(by: .milliseconds(19_900))
        #expect(ana.place(room).seq == before)
        world.advance(by: .milliseconds(200))
        #expect(ana.place(room).seq > before)
        // Each later turn has its whole time again, also while the wall clock lies behind the last record.
        for _ in 0..<3 {
            let after = ana.place(room).seq
            world.advance(by: .milliseconds(19_500))
            #expect(ana.place(room).seq == after)
            world.advance(by: .milliseconds(500))
            #expect(ana.place(room).seq > after)
        }
        #expect(ana.place(room).seq < 20)
        #expect(ana.violations == [])
    }

    @Test func `records keep their order when the wall clock goes back`() throws {
        let (world, ana, room) = try liapTui()
        world.advance(by: .seconds(21))
        world.timeline.jumpWallClock(by: .seconds(-3600))
        world.advance(by: .seconds(61))
        let times = try world.log(of: room).map { try Record.decode($0.payload).record.at }
        #expect(times.count > 5)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        #expect(ana.violations == [])
    }

    @Test func `a turn's time goes on after a restart, at least for the restart's grace`() throws {
        let (world, ana, room) = try liapTui()
        world.advance(by: .seconds(18))
        let before = ana.place(room).seq
        world.crash()
        ana.hello()
        #expect(ana.place(room).seq == before)
        world.advance(by: .milliseconds(9_900))
        #expect(ana.place(room).seq == before)
        world.advance(by: .milliseconds(200))
        #expect(ana.place(room).seq > before)
    }
}
