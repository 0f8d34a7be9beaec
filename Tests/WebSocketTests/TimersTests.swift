import TestSupport
import Testing

@testable import WebSocket

@Suite("Timers") struct TimersTests {
    private func at(_ nanoseconds: Int) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(nanoseconds)) }

    private func run(_ timers: inout Timers, until now: Int) {
        while let action = timers.takeDue(at: at(now)) { action() }
    }

    @Test func `actions run in the order of their deadlines, equal ones as scheduled`() {
        var timers = Timers()
        let ran = Journal<Int>()
        for (index, deadline) in [50, 10, 30, 10, 40, 20].enumerated() {
            _ = timers.schedule(at: at(deadline)) { ran.add(index) }
        }
        #expect(timers.nextDeadline() == at(10))
        run(&timers, until: 30)
        #expect(ran.takeAll() == [1, 3, 5, 2])
        run(&timers, until: 100)
        #expect(ran.takeAll() == [4, 0])
        #expect(timers.count == 0)
    }

    @Test func `a cancelled action never runs, and its number is not used again`() {
        var timers = Timers()
        let ran = Journal<Int>()
        let first = timers.schedule(at: at(1)) { ran.add(1) }
        timers.cancel(first)
        let second = timers.schedule(at: at(2)) { ran.add(2) }
        #expect(first != second)
        timers.cancel(first)
        #expect(timers.nextDeadline() == at(2))
        run(&timers, until: 10)
        #expect(ran.takeAll() == [2])
    }

    @Test func `many cancelled timers leave no trace and no disorder`() {
        var timers = Timers()
        let ran = Journal<Int>()
        let ids = (0..<1000).map { index in timers.schedule(at: at(index * 7919 % 1000)) { ran.add(index) } }
        for (index, id) in ids.enumerated() where index % 3 != 0 { timers.cancel(id) }
        run(&timers, until: 1000)
        let expected = (0..<1000).filter { $0 % 3 == 0 }.sorted { $0 * 7919 % 1000 < $1 * 7919 % 1000 }
        #expect(ran.takeAll() == expected)
    }

    @Test func `times add without overflowing`() {
        #expect(at(5) + .nanoseconds(7) == at(12))
        #expect(at(5) + .seconds(Int64.max) == MonotonicTime(nanoseconds: .max))
        #expect(at(12) - at(5) == .nanoseconds(7))
    }
}
