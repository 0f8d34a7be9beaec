// `@testable` needs a debug build; a release build of the whole package leaves the world out.
#if DEBUG
@testable import GameServer
import PluginAPI
import WebSocket

/// Time that moves only when it is told to, on two clocks that can be set against each other.
final class ManualTimeline: Timeline {
    private struct Ring {
        let at: MonotonicTime
        let order: UInt64

        func isBefore(_ other: Ring) -> Bool { (at, order) < (other.at, other.order) }
    }

    /// Most alarms of one instant: more is a room that wakes itself for nothing.
    private static let mostAtOnce = 20_000

    private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000)
    var exactNow: MonotonicTime { now }
    private var wallOffsetMs: Int64 = 1_700_000_000_000
    /// A heap, earliest first.
    private var rings: [Ring] = []
    private var actions: [UInt64: () -> Void] = [:]
    private var asked: UInt64 = 0
    /// Called after every alarm.
    var afterAlarm: () -> Void = {}

    var wallClock: Timestamp { Timestamp(unixMilliseconds: wallOffsetMs + now.nanoseconds / 1_000_000) }

    func alarm(at instant: MonotonicTime, _ action: @escaping () -> Void) -> Alarm {
        asked += 1
        let order = asked
        push(Ring(at: instant, order: order))
        actions[order] = action
        return Alarm { [weak self] in self?.actions[order] = nil }
    }

    /// Sets the wall clock; nothing that runs on the other one moves.
    func jumpWallClock(by span: Duration) { wallOffsetMs += span.milliseconds }

    /// Rings every alarm up to then, each at its own time.
    func advance(by span: Duration) {
        let target = now + span
        var atOnce = 0
        while let next = rings.first, next.at <= target {
            pop()
            guard let action = actions.removeValue(forKey: next.order) else { continue }
            atOnce = next.at > now ? 0 : atOnce + 1
            precondition(atOnce < Self.mostAtOnce, "time stands still: something wakes itself again and again")
            now = max(now, next.at)
            action()
            afterAlarm()
        }
        now = target
        afterAlarm()
    }

    /// What a process that died had planned.
    func forgetAlarms() {
        rings = []
        actions = [:]
    }

    private func push(_ ring: Ring) {
        rings.append(ring)
        var index = rings.count - 1
        while index > 0, rings[index].isBefore(rings[(index - 1) / 2]) {
            rings.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private func pop() {
        let last = rings.removeLast()
        guard !rings.isEmpty else { return }
        rings[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < rings.count {
                if rings[child].isBefore(rings[least]) { least = child }
            }
            if least == index { return }
            rings.swapAt(index, least)
            index = least
        }
    }
}
#endif
