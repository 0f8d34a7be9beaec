import Foundation
import PluginAPI
import WebSocket

/// Time as an event loop and the system clock tell it.
final class LoopTimeline: Timeline {
    private let loop: EventLoop

    init(_ loop: EventLoop) { self.loop = loop }

    var now: MonotonicTime { loop.now }
    var exactNow: MonotonicTime { .now() }

    var wallClock: Timestamp {
        Timestamp(unixMilliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    func alarm(at instant: MonotonicTime, _ action: @escaping () -> Void) -> Alarm {
        let loop = loop
        let timer = loop.schedule(at: instant, action)
        return Alarm { loop.cancel(timer) }
    }
}
