import Synchronization

/// Somebody who is told of lines as they are written; ends with `cancel` or when nobody keeps it.
public final class LogTail: Sendable {
    private struct State {
        var waiting: [[UInt8]] = []
        var isCancelled = false
    }

    private let matcher: LogMatcher
    private let capacity: Int
    private let deliver: @Sendable ([UInt8]) -> Bool
    private let counters: LogCounters
    private let state = Mutex(State())
    private let losses = Atomic(0)

    init(
        _ filter: LogFilter, capacity: Int, counters: LogCounters, deliver: @escaping @Sendable ([UInt8]) -> Bool
    ) {
        matcher = LogMatcher(filter)
        self.capacity = capacity
        self.counters = counters
        self.deliver = deliver
    }

    /// Lines it did not get because it was too slow.
    public var lost: Int { losses.load(ordering: .relaxed) }

    /// No line is delivered after it returns.
    public func cancel() { state.withLock { $0 = State(isCancelled: true) } }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// By the writer.
    ///
    /// - Parameter lines: with line feeds; none has it try again with those that wait.
    /// - Returns: whether lines wait.
    func offer(_ lines: [[UInt8]]) -> Bool {
        let wanted = lines.map { $0.dropLast() }.filter { matcher.match($0) != nil }
        return state.withLock { state in
            guard !state.isCancelled else { return false }
            state.waiting += wanted.map { Array($0) }
            let taken = state.waiting.firstIndex { !deliver($0) } ?? state.waiting.count
            state.waiting.removeFirst(taken)
            let excess = state.waiting.count - capacity
            if excess > 0 {
                // The newest go: the taker sees one gap instead of many.
                state.waiting.removeLast(excess)
                losses.wrappingAdd(excess, ordering: .relaxed)
                counters.lostByTail(excess)
            }
            return !state.waiting.isEmpty
        }
    }
}

/// The tails of a logger. It does not keep them: a tail ends with its taker.
final class LogTails: Sendable {
    private struct Entry: Sendable {
        weak var tail: LogTail?
    }

    /// Most at once.
    static let limit = 32

    private let entries = Mutex<[Entry]>([])
    private let count = Atomic(0)

    /// - Returns: false when there are too many.
    func add(_ tail: LogTail) -> Bool {
        entries.withLock { entries in
            entries.removeAll { $0.tail?.isCancelled ?? true }
            guard entries.count < Self.limit else { return false }
            entries.append(Entry(tail: tail))
            count.store(entries.count, ordering: .relaxed)
            return true
        }
    }

    /// Whether there may be any, at the price of a load.
    var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

    /// - Returns: whether a tail has lines that wait for it.
    func offer(_ lines: [[UInt8]]) -> Bool {
        guard !isEmpty else { return false }
        let tails = entries.withLock { entries in
            entries.removeAll { $0.tail?.isCancelled ?? true }
            count.store(entries.count, ordering: .relaxed)
            return entries.compactMap(\.tail)
        }
        return tails.reduce(false) { $1.offer(lines) || $0 }
    }
}
