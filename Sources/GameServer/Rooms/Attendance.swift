import PluginAPI
import WebSocket

/// Who is at the table right now, and what happens when somebody is not. Nothing here is stored: a restart begins
/// with everybody away.
struct Attendance: Equatable {
    /// What is due because somebody is away.
    enum Due: Equatable {
        /// The quiet time is over: the others are told.
        case show(Seat)
        /// The grace time is over.
        case graceOver(Seat)
        /// No person is connected for a while: bots and timers pause.
        case pause
        /// Nobody came back: the room closes.
        case abandon
    }

    private struct Absence: Equatable {
        var shownAt: MonotonicTime
        var isShown = false
        /// Nil once it has been acted on, or when nothing follows from being away.
        var graceOver: MonotonicTime?
    }

    private var present: Set<Seat> = []
    private var absences: [Seat: Absence] = [:]
    private var emptySince: MonotonicTime?
    private(set) var isPaused = false
    private let pauseAfter: Duration
    private let abandonAfter: Duration

    init(emptySince now: MonotonicTime, pauseAfter: Duration, abandonAfter: Duration) {
        emptySince = now
        self.pauseAfter = pauseAfter
        self.abandonAfter = abandonAfter
    }

    var connected: Set<Seat> { present }

    /// What the others are told: a short drop does not show.
    func looksConnected(_ seat: Seat) -> Bool {
        present.contains(seat) || absences[seat].map { !$0.isShown } ?? false
    }

    /// When the grace time of a seat that is shown as away ends.
    func graceEnd(of seat: Seat) -> MonotonicTime? {
        absences[seat].flatMap { $0.isShown ? $0.graceOver : nil }
    }

    mutating func arrived(_ seat: Seat) {
        present.insert(seat)
        absences[seat] = nil
        emptySince = nil
        isPaused = false
    }

    /// - Parameter grace: nil when nothing follows from being away.
    mutating func dropped(_ seat: Seat, at now: MonotonicTime, quiet: Duration, grace: Duration?) {
        present.remove(seat)
        absences[seat] = Absence(shownAt: now + quiet, graceOver: grace.map { now + $0 })
        if present.isEmpty, emptySince == nil { emptySince = now }
    }

    /// The seat has no person any more.
    mutating func vacated(_ seat: Seat, at now: MonotonicTime) {
        present.remove(seat)
        absences[seat] = nil
        if present.isEmpty, emptySince == nil { emptySince = now }
    }

    mutating func shown(_ seat: Seat) { absences[seat]?.isShown = true }
    mutating func graceServed(_ seat: Seat) { absences[seat]?.graceOver = nil }
    mutating func paused() { isPaused = true }

    /// From the start of the game on, the grace time of a game holds for whoever is away.
    mutating func restartGrace(at now: MonotonicTime, _ grace: Duration) {
        for seat in absences.keys { absences[seat]?.graceOver = now + grace }
    }

    /// Being away has no consequence any more: the game is over.
    mutating func endGrace() {
        for seat in absences.keys { absences[seat]?.graceOver = nil }
    }

    /// What is due first, and when.
    var next: (due: Due, at: MonotonicTime)? {
        var earliest: (due: Due, at: MonotonicTime)?
        func consider(_ due: Due, _ at: MonotonicTime?) {
            if let at, earliest.map({ at < $0.at }) ?? true { earliest = (due, at) }
        }
        for (seat, absence) in absences.sorted(by: { $0.key < $1.key }) {
            consider(.show(seat), absence.isShown ? nil : absence.shownAt)
            consider(.graceOver(seat), absence.graceOver)
        }
        consider(.pause, isPaused ? nil : emptySince.map { $0 + pauseAfter })
        consider(.abandon, emptySince.map { $0 + abandonAfter })
        return earliest
    }
}
