import Foundation
import Observability
import PluginAPI
import Synchronization
import WebSocket

/// The thread that judges the server's health, mends what it can, and answers operators; any thread may talk to it.
///
/// Nothing on it ever waits for a loop or a disk: who may block has a thread of its own and answers by message.
final class Monitor: Sendable {
    enum Message: Sendable {
        /// A store fact that cannot wait for the next look.
        case store(StoreNews)
        case checked(id: String, CheckReading, started: MonotonicTime)
        case acted(run: Int, ActionReport)
        /// Work with everything the monitor knows.
        case work(@Sendable (MonitorCore) -> Void)
    }

    /// Most messages that wait.
    private static let capacity = 4096

    private let inbox: Inbox<Message>
    /// Beside the queue and each only once: a storm of them must not crowd out what was measured or done.
    private let hints = Mutex<Set<LoopBoard.Hint>>([])
    private let ended = Latch<Void>()
    private let isStarted = Atomic(false)

    init() throws(SystemError) {
        inbox = try Inbox(capacity: Self.capacity)
    }

    /// Begins to watch.
    func start(_ parts: MonitorParts) {
        isStarted.store(true, ordering: .releasing)
        let thread = Thread { [self] in
            nameThread("monitor")
            MonitorCore(parts, monitor: self).run(inbox)
            ended.open(())
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Has something looked at soon.
    func hint(_ hint: LoopBoard.Hint) {
        let isFirst = hints.withLock { hints in
            defer { hints.insert(hint) }
            return hints.isEmpty
        }
        if isFirst { inbox.wake() }
    }

    /// What has been hinted at since.
    func takeHints() -> Set<LoopBoard.Hint> {
        hints.withLock { hints in
            defer { hints = [] }
            return hints
        }
    }

    @discardableResult func post(_ message: Message) -> Bool { inbox.post(message) }

    /// - Returns: false when it has too much to do already.
    func work(_ body: @escaping @Sendable (MonitorCore) -> Void) -> Bool { inbox.post(.work(body)) }

    /// Messages that found no room.
    var lost: Int { inbox.lost }

    /// Ends the thread if it was started; what waits is not done any more.
    func stop() {
        inbox.close()
        if isStarted.load(ordering: .acquiring) { ended.wait() }
    }
}

/// What the store's own threads report to the monitor.
enum StoreNews: Sendable {
    case troubled(StoreFailureKind)
    /// A commit took long.
    case slow(Duration)
    case recovered
    case foreignWrite
    case chainBroken(RoomID, number: Int)
    case chainMended(RoomID)
}

/// What the monitor is made from; all of it may cross threads.
struct MonitorParts: Sendable {
    var configuration: Configuration
    var recovery: RecoverySettings
    /// Nil when nobody said where the configuration came from.
    var drift: ConfigurationDrift?
    var metrics: Observability.Metrics
    var logger: Logger
    var store: any EventStore
    var games: [String]
    /// Names of the middleware that was added to the server's own.
    var middleware: [String]
    var probes: [any HealthProbe]
    var loops: [LoopHandle]
    var selfTest: SelfTest?
    /// Those the server shows itself; nil for no TLS.
    var certificates: ServerCertificates?
    /// Where the verdict on the whole server is put up for probes.
    var board: StatusBoard
    var startedAt: MonotonicTime
}

/// One loop as the monitor reaches it.
struct LoopHandle: Sendable {
    var board: LoopBoard
    var orders: Mailbox<GameLoop.Order>
}
