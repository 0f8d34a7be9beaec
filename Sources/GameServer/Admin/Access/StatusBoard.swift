import Observability
import Synchronization
import WebSocket

/// The verdict on the whole server, where any thread can read it at once: probes must be answered even when nothing else
/// gets done.
final class StatusBoard: Sendable {
    /// Age above which a verdict counts for nothing: whoever judges has stopped. Two looks at their slowest.
    static let staleAfter = Duration.seconds(10)

    enum Level: Int, Sendable, CaseIterable {
        case healthy, warning, critical, unknown

        var name: String { "\(self)" }

        /// Not knowing is worse than a warning, knowing the worst is worse still.
        private var severity: Int { [0, 1, 3, 2][rawValue] }

        static func worse(_ left: Level, _ right: Level) -> Level { left.severity >= right.severity ? left : right }
    }

    private let judged = Atomic<Int>(Level.healthy.rawValue)
    /// Nanoseconds of the monotonic clock; 0 while nobody has looked.
    private let lookedAt = Atomic<Int64>(0)
    private let protecting = Atomic<Bool>(false)
    /// What each loop sees of trouble with the store.
    private let troubles = Mutex<[Int: StoreTrouble.State]>([:])

    /// What probes are told of a verdict. Nil just after the start, while the first checks still run: they would see a
    /// server come up unwell.
    ///
    /// - Parameter time: since the start.
    static func level(of overall: HealthLevel, at time: Duration) -> Level? {
        if overall == .unknown, time < staleAfter { return nil }
        return Level(rawValue: overall.rawValue) ?? .unknown
    }

    /// Puts up what was judged.
    func judge(_ level: Level) { judged.store(level.rawValue, ordering: .relaxed) }

    /// Whoever judges has looked and stands by the verdict.
    func confirm(at instant: MonotonicTime) { lookedAt.store(instant.nanoseconds, ordering: .relaxed) }

    /// Healthy until somebody has judged, unknown when nobody has looked for long.
    func level(at now: MonotonicTime) -> Level {
        isStale(at: now) ? .unknown : Level(rawValue: judged.load(ordering: .relaxed)) ?? .unknown
    }

    /// Whether somebody looked once and does not any more.
    func isStale(at now: MonotonicTime) -> Bool {
        let instant = MonotonicTime(nanoseconds: lookedAt.load(ordering: .relaxed))
        return instant.nanoseconds != 0 && now - instant > Self.staleAfter
    }

    /// Puts up a loop's trouble with the store, whenever it begins or ends.
    func put(_ trouble: StoreTrouble.State, of loop: Int) { troubles.withLock { $0[loop] = trouble } }

    /// Whether any loop has trouble with the store.
    func storeIsTroubled(at now: MonotonicTime) -> Bool {
        troubles.withLock { $0.values.contains { $0.isPresent(at: now) } }
    }

    /// In protection mode: games go on, nobody new is let in.
    var isProtecting: Bool {
        get { protecting.load(ordering: .relaxed) }
        set { protecting.store(newValue, ordering: .relaxed) }
    }
}
