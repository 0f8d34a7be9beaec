import Foundation
import Observability
import Synchronization
import WebSocket

/// Tells whoever started the server that it is alive, for as long as every event loop answers. A loop that stands still
/// is not reported away by a thread that still runs: nothing is told, and the process is restarted from outside.
///
/// Whether the store answers is not asked. A slow disk is no reason to lose the games in memory.
final class Watchdog: Sendable {
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - period: how far apart news may be; they are sent four times as often.
    ///   - ask: has every loop answered, and then calls.
    ///   - tell: sends the news.
    init(
        period: Duration, ask: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void,
        tell: @escaping @Sendable () -> Void
    ) {
        let pulse = Pulse()
        let thread = Thread { [ended] in
            nameThread("watchdog")
            repeat {
                if pulse.takeAnswer() {
                    tell()
                    ask { pulse.answered() }
                }
            } while ended.wait(timeout: .now() + .nanoseconds(Int(period.milliseconds) * 1_000_000 / 4)) == .timedOut
        }
        thread.start()
    }

    func stop() { ended.signal() }
}

/// Whether the loops have answered since they were last asked.
private final class Pulse: Sendable {
    private let hasAnswer = Atomic(true)

    func answered() { hasAnswer.store(true, ordering: .relaxed) }

    func takeAnswer() -> Bool { hasAnswer.exchange(false, ordering: .relaxed) }
}
