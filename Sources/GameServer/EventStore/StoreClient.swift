import PluginAPI
import WebSocket

/// An answer of the store on its way back to the loop that asked.
enum StoreReply: Sendable {
    /// With the instant the store knew, on its own thread.
    case append(UInt64, AppendOutcome, at: MonotonicTime)
    case claim(UInt64, ClaimOutcome)
    case checkpoint(UInt64, CheckpointOutcome)
    case read(UInt64, ReadOutcome)
    case directory(UInt64, DirectoryOutcome)
}

/// A loop's side of the store: questions go out with a number, answers come back through the loop's mailbox and find
/// who asked. Nothing loop-confined crosses a thread.
final class StoreClient {
    private let store: any EventStore
    private let post: @Sendable (StoreReply) -> Void
    private var asked: UInt64 = 0
    private var appends: [UInt64: (AppendOutcome, MonotonicTime) -> Void] = [:]
    private var claims: [UInt64: (ClaimOutcome) -> Void] = [:]
    private var checkpoints: [UInt64: (CheckpointOutcome) -> Void] = [:]
    private var reads: [UInt64: (ReadOutcome) -> Void] = [:]
    private var directories: [UInt64: (DirectoryOutcome) -> Void] = [:]

    /// - Parameter post: carries a reply to the loop, which hands it to `deliver`.
    init(store: any EventStore, post: @escaping @Sendable (StoreReply) -> Void) {
        self.store = store
        self.post = post
    }

    /// Appends on their way; never more than one per room.
    var appendsInFlight: Int { appends.count }

    /// - Parameter then: told the outcome, and when the store knew it.
    func append(_ append: Append, then: @escaping (AppendOutcome, MonotonicTime) -> Void) {
        let number = next()
        appends[number] = then
        store.append(append) { [post] in post(.append(number, $0, at: .now())) }
    }

    func claim(_ room: RoomID, retaining events: Int, then: @escaping (ClaimOutcome) -> Void) {
        let number = next()
        claims[number] = then
        store.claim(room, retaining: events) { [post] in post(.claim(number, $0)) }
    }

    func claim(_ room: RoomID, from origin: ClaimOrigin, then: @escaping (ClaimOutcome) -> Void) {
        let number = next()
        claims[number] = then
        store.claim(room, from: origin) { [post] in post(.claim(number, $0)) }
    }

    /// Keeps something that happened; what becomes of it, the store's observer hears.
    func note(_ event: SystemEvent) {
        store.note(event) { _ in }
    }

    /// Most readings on their way, which operators ask for. Above it they are `unavailable`.
    static let maxReads = 64

    func read(_ room: RoomID, after sequence: Int, limit: Int, then: @escaping (ReadOutcome) -> Void) {
        guard reads.count < Self.maxReads else { return then(.unavailable) }
        let number = next()
        reads[number] = then
        store.read(room, after: sequence, limit: limit) { [post] in post(.read(number, $0)) }
    }

    func directory(closedAfter instant: Timestamp, then: @escaping (DirectoryOutcome) -> Void) {
        let number = next()
        directories[number] = then
        store.directory(closedAfter: instant) { [post] in post(.directory(number, $0)) }
    }

    func checkpoint(
        _ room: RoomID, term: UInt64, _ snapshot: Snapshot, then: @escaping (CheckpointOutcome) -> Void
    ) {
        let number = next()
        checkpoints[number] = then
        store.checkpoint(room, term: term, snapshot) { [post] in post(.checkpoint(number, $0)) }
    }

    /// Hands an answer to whoever asked; on the loop.
    func deliver(_ reply: StoreReply) {
        switch reply {
        case .append(let number, let outcome, let at): appends.removeValue(forKey: number)?(outcome, at)
        case .claim(let number, let outcome): claims.removeValue(forKey: number)?(outcome)
        case .checkpoint(let number, let outcome): checkpoints.removeValue(forKey: number)?(outcome)
        case .read(let number, let outcome): reads.removeValue(forKey: number)?(outcome)
        case .directory(let number, let outcome): directories.removeValue(forKey: number)?(outcome)
        }
    }

    private func next() -> UInt64 {
        asked += 1
        return asked
    }
}
