import GameServer
import PluginAPI
import TestSupport

/// Every store that has to keep the contract.
enum StoreKind: String, CaseIterable, Sendable {
    case memory, sqlitePower, sqliteProcess
}

/// A store that can be stopped and started again with what it had stored.
final class StoreUnderTest {
    private(set) var store: any EventStore
    private let kind: StoreKind
    private let retainedEvents: Int
    private let directory: DataDirectory
    private let place: TemporaryDirectory

    init(_ kind: StoreKind, retaining events: Int = 300) throws {
        self.kind = kind
        retainedEvents = events
        place = try TemporaryDirectory()
        directory = try DataDirectory(place.path)
        store = try Self.open(kind, in: directory, retaining: events)
    }

    deinit { store.close() }

    func restart() throws {
        store.close()
        if let memory = store as? MemoryEventStore {
            store = memory.afterCrash()
        } else {
            store = try Self.open(kind, in: directory, retaining: retainedEvents)
        }
    }

    private static func open(
        _ kind: StoreKind, in directory: DataDirectory, retaining events: Int
    ) throws -> any EventStore {
        let goneFor = Duration.milliseconds(1_000)
        guard kind != .memory else { return MemoryEventStore(retainedEvents: events, goneFor: goneFor) }
        var options = SQLiteOptions(durability: kind == .sqlitePower ? .power : .process)
        options.retainedEvents = events
        options.goneFor = goneFor
        return try SQLiteEventStore(in: directory, options: options)
    }
}

/// The owner of a room as the store sees it: makes the next append, and moves on when told to.
struct RoomWriter {
    let room: RoomID
    var term: UInt64 = 1
    var number = 0
    var sequence = 0
    var digest = Digest.zero

    init(_ raw: UInt64) { room = RoomID(raw: raw) }

    func next(
        events: Int = 1, payload: [UInt8] = Array("{}".utf8), status: RoomSummary.Status = .playing,
        changed: Int64 = 1_000, creator: String? = nil
    ) -> Append {
        Append(
            room: room, term: term, number: number + 1, firstSequence: sequence + 1, eventCount: events,
            payload: payload, digest: Digest(of: payload, continuing: digest),
            summary: RoomSummary(
                room: room, game: "tic-tac-toe", visibility: .public, status: status,
                created: Timestamp(unixMilliseconds: 500), changed: Timestamp(unixMilliseconds: changed),
                nextDeadline: Timestamp(unixMilliseconds: 9_000), creator: creator, host: "Änne \"A\"", humans: 1,
                seats: 2))
    }

    mutating func accept(_ append: Append) {
        number = append.number
        sequence = append.lastSequence
        digest = append.digest
    }

    func snapshot(_ payload: [UInt8] = [1, 2, 3]) -> Snapshot {
        Snapshot(number: number, sequence: sequence, digest: digest, payload: payload)
    }

    /// Appends and expects it to be committed.
    @discardableResult
    mutating func commit(_ append: Append? = nil, to store: any EventStore) throws -> StoredRecord {
        let append = append ?? next(payload: Array("record \(number + 1)".utf8))
        let outcome = try store.appended(append)
        guard outcome == .committed else { throw UnexpectedOutcome(outcome: outcome) }
        accept(append)
        return append.stored
    }
}

struct UnexpectedOutcome: Error {
    var outcome: AppendOutcome
}

extension Append {
    var stored: StoredRecord {
        StoredRecord(
            number: number, firstSequence: firstSequence, eventCount: eventCount, payload: payload, digest: digest)
    }
}

/// The contract's questions, waiting for the answer.
extension EventStore {
    func appending(_ append: Append) -> Reply<AppendOutcome> {
        let reply = Reply<AppendOutcome>()
        self.append(append) { reply($0) }
        return reply
    }

    func appended(_ append: Append) throws -> AppendOutcome { try appending(append).wait() }

    func claiming(_ room: RoomID, retaining: Int = 0) -> Reply<ClaimOutcome> {
        let reply = Reply<ClaimOutcome>()
        claim(room, retaining: retaining) { reply($0) }
        return reply
    }

    func claimed(_ room: RoomID, retaining: Int = 0) throws -> Claim {
        guard case .claimed(let claim) = try claiming(room, retaining: retaining).wait() else { throw NoReply() }
        return claim
    }

    /// Without waiting for the answer: what is asked later sees it.
    func checkpoint(_ room: RoomID, term: UInt64, _ snapshot: Snapshot) {
        checkpoint(room, term: term, snapshot) { _ in }
    }

    func checkpointing(_ room: RoomID, term: UInt64, _ snapshot: Snapshot) -> Reply<CheckpointOutcome> {
        let reply = Reply<CheckpointOutcome>()
        checkpoint(room, term: term, snapshot) { reply($0) }
        return reply
    }

    func checkpointed(_ room: RoomID, term: UInt64, _ snapshot: Snapshot) throws -> CheckpointOutcome {
        try checkpointing(room, term: term, snapshot).wait()
    }

    func records(_ room: RoomID, after sequence: Int = 0, limit: Int = 1_000) throws -> ReadOutcome {
        let reply = Reply<ReadOutcome>()
        read(room, after: sequence, limit: limit) { reply($0) }
        return try reply.wait()
    }

    func page(after room: RoomID? = nil, limit: Int) throws -> DirectoryOutcome {
        try asking { directory(DirectoryPage(after: room, limit: limit), answer: $0) }
    }

    func verified(_ room: RoomID) throws -> VerifyOutcome { try asking { verify(room, answer: $0) } }

    func noted(_ event: SystemEvent) throws -> NoteOutcome { try asking { note(event, answer: $0) } }

    func events(
        after number: Int = 0, limit: Int = 1_000, kind: SystemEvent.Kind? = nil
    ) throws -> [StoredSystemEvent] {
        let outcome = try asking { systemEvents(after: number, limit: limit, kind: kind, answer: $0) }
        guard case .events(let events, _) = outcome else { throw NoReply() }
        return events
    }

    func verifiedEvents() throws -> VerifyOutcome { try asking { verifySystemEvents(answer: $0) } }

    func cleaned(_ request: CleanupRequest) throws -> CleanupReport {
        guard case .done(var report) = try asking({ cleanup(request, answer: $0) }) else { throw NoReply() }
        report.took = .zero
        return report
    }

    func counted(at milliseconds: Int64) throws -> StoreStatistics {
        let outcome = try asking { statistics(now: Timestamp(unixMilliseconds: milliseconds), answer: $0) }
        guard case .counted(let statistics) = outcome else { throw NoReply() }
        return statistics
    }

    func healthy() throws -> StoreHealth { try asking { health(answer: $0) } }

    func reopened() throws -> ReopenOutcome { try asking { reopen(answer: $0) } }

    private func asking<Answer: Sendable>(_ ask: (@escaping @Sendable (Answer) -> Void) -> Void) throws -> Answer {
        let reply = Reply<Answer>()
        ask { reply($0) }
        return try reply.wait()
    }

    func rooms(closedAfter: Int64 = 0) throws -> DirectoryOutcome {
        let reply = Reply<DirectoryOutcome>()
        directory(closedAfter: Timestamp(unixMilliseconds: closedAfter)) { reply($0) }
        return try reply.wait()
    }
}
