import WebSocket

/// When a session asks for a sign of life, and when it gives up; the deciding is the heartbeat's, the alarm is here.
struct Liveness {
    private var heartbeat: Heartbeat
    private let idle: Duration
    private let waited: Duration
    private var armed: (at: MonotonicTime, alarm: Alarm)?

    init(_ configuration: Configuration.Heartbeat) {
        idle = .milliseconds(configuration.idleMs)
        waited = .milliseconds(configuration.waitedMs)
        heartbeat = Heartbeat(idle: idle, answer: .milliseconds(configuration.answerMs))
    }

    /// Sets the alarm for the next look.
    mutating func watch(
        waited isWaited: Bool, lastReceived: MonotonicTime, on timeline: any Timeline, _ look: @escaping () -> Void
    ) {
        heartbeat.idle = isWaited ? waited : idle
        let next = heartbeat.nextDeadline(lastReceived: lastReceived)
        // A later deadline is found when the earlier alarm rings: traffic moves it all the time.
        if let armed, armed.at <= next { return }
        armed?.alarm.cancel()
        armed = (next, timeline.alarm(at: next, look))
    }

    mutating func check(at now: MonotonicTime, lastReceived: MonotonicTime) -> Heartbeat.Action {
        armed = nil
        return heartbeat.timerFired(at: now, lastReceived: lastReceived)
    }

    mutating func stop() {
        armed?.alarm.cancel()
        armed = nil
    }
}
