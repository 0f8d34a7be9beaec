import Observability
import PluginAPI
import Synchronization
import WebSocket

/// What one loop lets the monitor see: a reading it puts up at every pulse, and trouble it reports at once.
///
/// Nothing on the path of a message writes here; trouble is rare and a pulse comes a few times a second.
final class LoopBoard: Sendable {
    /// The state of a loop as of one pulse.
    struct Reading: Sendable {
        var at = MonotonicTime(nanoseconds: 0)
        /// How late the pulse came.
        var lag = Duration.zero
        var sessions = 0
        /// Sockets that take a place: WebSockets, and requests of browsers and operators.
        var connections = 0
        /// Messages that wait for readers that do not read, and events such readers will get as a snapshot.
        var pendingMessages = 0
        var unsentBytes = 0
        /// How many events the worst of those is behind that acknowledge far behind what they were sent.
        var worstGap = 0
        /// All of them, by connection.
        var gaps: [(client: UInt64, gap: Int)] = []
        /// The slow readers by which a run is judged.
        var trial: (run: Int, cohorts: RecoveryCohorts)?
        var middleware: [(name: String, hooks: MiddlewareHooks, isSetAside: Bool)] = []
        var rooms = 0
    }

    /// What happened since the start that somebody has to look at.
    struct Trouble: Sendable {
        /// Rooms that cannot be read back.
        var unreadable: Set<RoomID> = []
        /// Faults of each game and middleware, and of those how often it would have contradicted itself.
        var faults: [String: Int] = [:]
        var violations: [String: Int] = [:]
    }

    /// What makes the monitor look at once.
    enum Hint: Sendable, Hashable {
        case store
        case game(String)
        case rooms
        case websocket
    }

    /// Most unreadable rooms that are remembered by name.
    private static let mostUnreadable = 1000

    private let current = Mutex(Reading())
    private let trouble = Mutex(Trouble())
    /// One for all loops.
    let tests: TestTraffic
    private let hint: @Sendable (Hint) -> Void

    init(tests: TestTraffic = TestTraffic(), hint: @escaping @Sendable (Hint) -> Void) {
        self.tests = tests
        self.hint = hint
    }

    var reading: Reading { current.withLock { $0 } }
    var troubles: Trouble { trouble.withLock { $0 } }

    func put(_ reading: Reading) { current.withLock { $0 = reading } }

    func watch(_ what: Hint) { hint(what) }

    func storeFailed(_ outcome: Commit.Outcome) {
        guard outcome == .unavailable || outcome == .unknown else { return }
        hint(.store)
    }

    /// - Parameters:
    ///   - plugin: a game's id or a middleware's name.
    ///   - isViolation: it would have contradicted itself.
    func faulted(_ plugin: String, isViolation: Bool = false) {
        trouble.withLock { trouble in
            trouble.faults[plugin, default: 0] += 1
            if isViolation { trouble.violations[plugin, default: 0] += 1 }
        }
        hint(.game(plugin))
    }

    func unreadable(_ room: RoomID) {
        trouble.withLock { trouble in
            if trouble.unreadable.count < Self.mostUnreadable { trouble.unreadable.insert(room) }
        }
        hint(.rooms)
    }

    func readable(_ room: RoomID) {
        trouble.withLock { _ = $0.unreadable.remove(room) }
    }
}
