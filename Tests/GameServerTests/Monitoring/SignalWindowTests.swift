@testable import GameServer
import Observability
import PluginAPI
import Testing

@Suite("What happened in the last minute") struct SignalWindowTests {
    private let metrics = Observability.Metrics.forTests(plugins: ["nim"])
    private let board = LoopBoard { _ in }

    private func look(_ window: inout SignalWindow, at seconds: Double) {
        window.look(metrics, boards: [board], at: .milliseconds(Int(seconds * 1000)))
    }

    @Test func `a counter's gain is of the last minute only`() {
        var window = SignalWindow()
        metrics.logDropped.add(100, .info)
        look(&window, at: 0)
        #expect(window.gained { $0.logDropped } == 0, "what was before the first look is not lately")
        metrics.logDropped.add(5, .info)
        look(&window, at: 10)
        #expect(window.gained { $0.logDropped } == 5)
        for second in 11...60 { look(&window, at: Double(second)) }
        #expect(window.gained { $0.logDropped } == 5)
        for second in 61...75 { look(&window, at: Double(second)) }
        #expect(window.gained { $0.logDropped } == 0)
    }

    @Test func `a ratio says nothing of a few, and is right of many`() {
        var window = SignalWindow()
        look(&window, at: 0)
        metrics.deliveries.add(4, .ok)
        metrics.deliveries.add(5, .failed)
        look(&window, at: 1)
        #expect(window.failureRatio == nil && window.deliveryRatio == nil)
        metrics.deliveries.add(11, .ok)
        metrics.deliveries.add(10, .collapsed)
        look(&window, at: 2)
        #expect(window.failureRatio == 0.25)
        #expect(window.deliveryRatio == 0.5)
        metrics.commands.add(40, .ok)
        metrics.messageErrors.add(10, .server, .internal)
        metrics.messageErrors.add(20, .client, .badRequest)
        look(&window, at: 3)
        #expect(window.errorRatio == 0.25)
        metrics.messages.add(50, .in)
        metrics.rateLimited.add(5, .connection)
        look(&window, at: 4)
        #expect(window.refusedRatio == 0.1)
    }

    @Test func `the burn rate is of the last hour, and one per mille uses the budget up exactly`() {
        var window = SignalWindow()
        look(&window, at: 0)
        #expect(window.burnRate == 0)
        metrics.messages.add(10_000, .in)
        metrics.messageErrors.add(10, .server, .internal)
        metrics.messageErrors.add(900, .client, .badRequest)
        look(&window, at: 1)
        #expect(window.burnRate == 1)
        for minute in 1...59 { look(&window, at: Double(minute * 60)) }
        #expect(window.burnRate == 1)
        metrics.messages.add(10_000, .in)
        for minute in 60...62 { look(&window, at: Double(minute * 60)) }
        #expect(window.burnRate == 0, "what failed an hour ago is over")
    }

    @Test func `a restart is every start of the last day but the first of all`() {
        func restarts(_ hoursAgo: Int...) -> Int {
            let now = Timestamp(unixMilliseconds: 1_700_000_000_000)
            return MonitorCore.restarts(
                among: hoursAgo.map { .init(unixMilliseconds: now.unixMilliseconds - Int64($0) * 3_600_000) }, at: now)
        }
        #expect(restarts(0) == 0 && restarts() == 0)
        #expect(restarts(0, 3) == 1 && restarts(3, 0, 7) == 2)
        #expect(restarts(0, 100) == 1, "it ran for days before")
        #expect(restarts(30, 100) == 0)
    }

    @Test func `a histogram is of the last minute only`() {
        var window = SignalWindow()
        metrics.loopLagSeconds.record(.seconds(9), loop: 0)
        look(&window, at: 0)
        #expect(window.recent { $0.lag } == nil, "one look is no window")
        for _ in 0..<100 { metrics.loopLagSeconds.record(.milliseconds(2), loop: 0) }
        look(&window, at: 1)
        let p99 = window.recent { $0.lag }?.quantile(0.99) ?? 0
        #expect(p99 > 0.0015 && p99 < 0.003)
    }

    @Test func `faults of a plugin count at once, not when the next second is kept`() {
        var window = SignalWindow()
        look(&window, at: 0)
        board.faulted("nim")
        board.faulted("nim", isViolation: true)
        look(&window, at: 0.2)
        #expect(window.faultsPerMinute(of: "nim") == 2)
        #expect(window.violationsPerMinute(of: "nim") == 1)
        board.faulted("nim")
        window.refresh([board])
        #expect(window.faultsPerMinute(of: "nim") == 3)
        #expect(window.faultsPerMinute(of: "chat_count") == 0)
        for second in 1...62 { look(&window, at: Double(second)) }
        #expect(window.faultsPerMinute(of: "nim") == 0)
    }

    @Test func `opens are told against what is usual`() {
        var window = SignalWindow()
        look(&window, at: 0)
        metrics.wsConnectionsOpened.add(30)
        look(&window, at: 1)
        #expect(window.opensPerMinute == 30)
        metrics.wsConnectionsOpened.add(400)
        look(&window, at: 2)
        #expect(window.opensPerMinute == 430)
        #expect(window.openRatio > 4)
    }

    @Test func `what the loops have put up is there as it is`() {
        var window = SignalWindow()
        var reading = LoopBoard.Reading()
        reading.pendingMessages = 12
        board.put(reading)
        board.unreadable(RoomID(raw: 5))
        look(&window, at: 0)
        #expect(window.loops.map(\.pendingMessages) == [12])
        #expect(window.troubles.map(\.unreadable) == [[RoomID(raw: 5)]])
        board.readable(RoomID(raw: 5))
        look(&window, at: 0.1)
        #expect(window.troubles.map(\.unreadable) == [[]])
    }
}
