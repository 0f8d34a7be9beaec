import PluginAPI
import WebSocket

/// What a sleeping room keeps in memory: all of it that the store does not hold, so that it wakes as if it had been
/// awake all the time. A restart takes it away, and the room wakes as after a restart.
struct Slumber {
    /// The room as its last record left it; anything else in the store is another room's doing.
    let digest: Digest
    let attendance: Attendance
    let timers: RunningTimers
    let status: RoomStatus
    let rev: Int
    let idleBots: Set<Seat>
    let closesAt: MonotonicTime?
    let snapshotNumber: Int
    let distrustedUpTo: Int
    /// When it has to be awake again; nil when nothing is ever due.
    let wakesAt: MonotonicTime?
}

extension Room {
    /// Nobody looks, nothing is on its way and nothing moves by itself: what is due comes at an instant known now.
    var canSleep: Bool {
        members.isEmpty && attendance.isPaused && !isGone && isAtRest && state.number > 0 && holdUntil == nil
            && !services.isDraining
    }

    /// Whether nothing wakes it by itself for so long, once it is asleep.
    func canSleep(for span: Duration) -> Bool {
        canSleep && nextDue.map { $0 >= services.timeline.now + span } ?? true
    }

    /// When it goes to sleep by itself; nil when it cannot.
    var sleepsAt: MonotonicTime? {
        canSleep ? idleSince.map { $0 + .milliseconds(services.configuration.rooms.sleepAfterMs) } : nil
    }

    /// Goes on exactly where it fell asleep.
    ///
    /// - Returns: false when the store holds something else than then, and the room has to begin as after a restart.
    func takeUp(_ slumber: Slumber) -> Bool {
        guard slumber.digest == state.digest else { return false }
        attendance = slumber.attendance
        timers = slumber.timers
        status = slumber.status
        rev = slumber.rev
        idleBots = slumber.idleBots
        closesAt = slumber.closesAt
        distrustedUpTo = slumber.distrustedUpTo
        return true
    }
}
