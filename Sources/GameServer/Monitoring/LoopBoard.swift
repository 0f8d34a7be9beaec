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
        /// Messages that wait for readers that do not read, and events such readers will get as a snapshot.
        var pendingMessages = 0
        /// How long the longest of those readers has not read.
        var oldestPending = Duration.zero
        var unsentBytes = 0
        var laggingConnections = 0
        /// Connections that have left a ping unanswered.
        var unanswering = 0
        /// Clients that acknowledge far behind what they were sent, and by how many events the worst.
        var behind = 0
        var worstGap = 0
        /// The worst of them, by connection.
        var gaps: [(client: UInt64, gap: Int)] = []
        /// The slow readers by which a run is judged.
        var trial: (run: Int, cohorts: RecoveryCohorts)?
        var middleware: [(name: String, hooks: MiddlewareHooks, isSetAside: Bool)] = []
        var rooms = 0
        var roomsAwake = 0
        var waitingRequests = 0
        var storeTrouble = false
        var isDraining = false
    }

    /// What happened since the start that somebody has to look at.
    struct Trouble: Sendable {
        /// Rooms that cannot be read back, and why.
        var unreadable: [RoomID: String] = [:]
        /// Faults of each game and middleware, and of those how often it would have contradicted itself.
        var faults: [String: Int] = [:]
        var violations: [String: Int] = [:]
        var storeFailures = 0
    }

    /// What makes the monitor look at once.
    enum Hint: Sendable, Hashable {
        case store
        case game(String)
        case rooms
        case websocket
        case loops
    }

    /// Most unreadable rooms that are remembered by name.
    private static let mostUnreadable = 1000

    private let current = Mutex(Reading())
    private let trouble = Mutex(Trouble())
    /// Bytes of the server's own test on this loop, which are nobody's traffic.
    private let tested = Mutex((in: 0, out: 0))
    private let hint: @Sendable (Hint) -> Void

    init(hint: @escaping @Sendable (Hint) -> Void) { self.hint = hint }

    var reading: Reading { current.withLock { $0 } }
    var troubles: Trouble { trouble.withLock { $0 } }

    func put(_ reading: Reading) { current.withLock { $0 = reading } }

    var testTraffic: (in: Int, out: Int) { tested.withLock { $0 } }

    /// Before they leave, so that no count runs ahead of them.
    func tested(bytesIn: Int = 0, bytesOut: Int = 0) {
        tested.withLock { tested in
            tested.in += bytesIn
            tested.out += bytesOut
        }
    }

    func watch(_ what: Hint) { hint(what) }

    func storeFailed(_ outcome: Commit.Outcome) {
        guard outcome == .unavailable || outcome == .unknown else { return }
        trouble.withLock { $0.storeFailures += 1 }
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

    func unreadable(_ room: RoomID, _ why: String = "") {
        trouble.withLock { trouble in
            if trouble.unreadable.count < Self.mostUnreadable { trouble.unreadable[room] = why }
        }
        hint(.rooms)
    }

    func readable(_ room: RoomID) {
        trouble.withLock { $0.unreadable[room] = nil }
    }
}
