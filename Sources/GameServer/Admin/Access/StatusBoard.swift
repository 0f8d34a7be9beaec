import Synchronization

/// The verdict on the whole server, where any thread can read it at once: probes must be answered even when nothing else
/// gets done.
final class StatusBoard: Sendable {
    enum Level: Int, Sendable, CaseIterable {
        case healthy, warning, critical, unknown

        var name: String { "\(self)" }

        /// Not knowing is worse than a warning, knowing the worst is worse still.
        private var severity: Int { [0, 1, 3, 2][rawValue] }

        static func worse(_ left: Level, _ right: Level) -> Level { left.severity >= right.severity ? left : right }
    }

    private let judged = Atomic<Int>(Level.healthy.rawValue)
    private let protecting = Atomic<Bool>(false)

    /// Healthy until somebody has judged.
    var level: Level {
        get { Level(rawValue: judged.load(ordering: .relaxed)) ?? .unknown }
        set { judged.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// In protection mode: games go on, nobody new is let in.
    var isProtecting: Bool {
        get { protecting.load(ordering: .relaxed) }
        set { protecting.store(newValue, ordering: .relaxed) }
    }
}
