#if DEBUG
@testable import GameServer
import PluginAPI
import Synchronization
import WebSocket

/// A store in memory whose questions wait until the world lets them in, in order, as those of a store thread do.
final class StagedStore: EventStore {
    typealias Question = @Sendable () -> Void

    let memory: MemoryEventStore
    private let asked = Mutex<[Question]>([])

    init(_ memory: MemoryEventStore) { self.memory = memory }

    func takeAsked() -> [Question] {
        asked.withLock { asked in
            defer { asked = [] }
            return asked
        }
    }

    private func wait(_ question: @escaping Question) { asked.withLock { $0.append(question) } }

    func append(_ append: Append, answer: @escaping @Sendable (AppendOutcome) -> Void) {
        wait { [memory] in memory.append(append, answer: answer) }
    }

    func claim(_ room: RoomID, from origin: ClaimOrigin, answer: @escaping @Sendable (ClaimOutcome) -> Void) {
        wait { [memory] in memory.claim(room, from: origin, answer: answer) }
    }

    func checkpoint(
        _ room: RoomID, term: UInt64, _ snapshot: Snapshot, answer: @escaping @Sendable (CheckpointOutcome) -> Void
    ) {
        wait { [memory] in memory.checkpoint(room, term: term, snapshot, answer: answer) }
    }

    func read(_ room: RoomID, after sequence: Int, limit: Int, answer: @escaping @Sendable (ReadOutcome) -> Void) {
        wait { [memory] in memory.read(room, after: sequence, limit: limit, answer: answer) }
    }

    func history(
        _ room: RoomID, from base: Int, through last: Int, answer: @escaping @Sendable (HistoryOutcome) -> Void
    ) {
        wait { [memory] in memory.history(room, from: base, through: last, answer: answer) }
    }

    func directory(closedAfter: Timestamp, answer: @escaping @Sendable (DirectoryOutcome) -> Void) {
        wait { [memory] in memory.directory(closedAfter: closedAfter, answer: answer) }
    }

    func directory(_ page: DirectoryPage, answer: @escaping @Sendable (DirectoryOutcome) -> Void) {
        wait { [memory] in memory.directory(page, answer: answer) }
    }

    func verify(_ room: RoomID, answer: @escaping @Sendable (VerifyOutcome) -> Void) {
        wait { [memory] in memory.verify(room, answer: answer) }
    }

    func note(_ event: SystemEvent, answer: @escaping @Sendable (NoteOutcome) -> Void) {
        wait { [memory] in memory.note(event, answer: answer) }
    }

    func systemEvents(
        after number: Int, limit: Int, kind: SystemEvent.Kind?,
        answer: @escaping @Sendable (SystemEventsOutcome) -> Void
    ) {
        wait { [memory] in memory.systemEvents(after: number, limit: limit, kind: kind, answer: answer) }
    }

    func verifySystemEvents(answer: @escaping @Sendable (VerifyOutcome) -> Void) {
        wait { [memory] in memory.verifySystemEvents(answer: answer) }
    }

    func cleanup(_ request: CleanupRequest, answer: @escaping @Sendable (CleanupOutcome) -> Void) {
        wait { [memory] in memory.cleanup(request, answer: answer) }
    }

    func statistics(now: Timestamp, answer: @escaping @Sendable (StatisticsOutcome) -> Void) {
        wait { [memory] in memory.statistics(now: now, answer: answer) }
    }

    func health(answer: @escaping @Sendable (StoreHealth) -> Void) {
        wait { [memory] in memory.health(answer: answer) }
    }

    func reopen(answer: @escaping @Sendable (ReopenOutcome) -> Void) {
        wait { [memory] in memory.reopen(answer: answer) }
    }

    func close() { memory.close() }
}

/// Answers of the store on their way to the loop, put in from wherever the store answers.
final class ReplyBox: Sendable {
    private let replies = Mutex<[StoreReply]>([])

    func put(_ reply: StoreReply) { replies.withLock { $0.append(reply) } }

    func take() -> [StoreReply] {
        replies.withLock { replies in
            defer { replies = [] }
            return replies
        }
    }
}

/// One direction between loop and store: first in, first out, at a pace of its own.
struct Passage<Item> {
    enum Pace {
        case atOnce
        /// Nothing passes until the pace is changed.
        case held
        case after(() -> Duration)
    }

    var pace = Pace.atOnce
    private var waiting: [(item: Item, due: MonotonicTime)] = []
    private var passes = 0

    var count: Int { waiting.count }

    /// - Returns: when it may pass; nil when it is held or may pass now.
    mutating func enter(_ item: Item, at now: MonotonicTime) -> MonotonicTime? {
        var due = max(now, waiting.last?.due ?? now)
        if case .after(let delay) = pace { due = max(due, now + delay()) }
        waiting.append((item, due))
        return due > now ? due : nil
    }

    /// Lets the oldest through that is held.
    mutating func passOne() { passes += 1 }

    mutating func takeDue(at now: MonotonicTime) -> Item? {
        if case .held = pace {
            guard passes > 0, !waiting.isEmpty else { return nil }
            passes -= 1
        }
        guard let first = waiting.first, first.due <= now else { return nil }
        return waiting.removeFirst().item
    }
}
#endif
