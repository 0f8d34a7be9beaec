import CLinux
import Glibc
import PluginAPI
import Synchronization

/// Something asked of one of the store's threads, with the way to its answer.
protocol StoreQuestion: Sendable {
    /// Payload it brings along.
    var bytes: Int { get }
    /// Has to get through when others are refused, and is rare.
    var isUrgent: Bool { get }

    /// Answers that it was certainly not done.
    func refuse()
}

/// What waits for one of the store's threads: any thread puts in, that one takes out, in order.
final class StoreInbox<Question: StoreQuestion>: Sendable {
    private struct Waiting {
        var questions: [Question] = []
        var arrivals: [ContinuousClock.Instant] = []
        var bytes = 0
        var isClosed = false
    }

    private let waiting = Mutex(Waiting())
    private let maxRequests: Int
    private let maxBytes: Int
    /// An eventfd, readable when something arrived in an empty inbox or it was closed.
    private let bell: Int32

    /// How many urgent questions fit on top of `maxRequests`.
    private static var reserve: Int { 64 }

    /// - Throws: `StoreError.thread` when the process has no file descriptor left.
    init(maxRequests: Int, maxBytes: Int) throws(StoreError) {
        self.maxRequests = maxRequests
        self.maxBytes = maxBytes
        bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard bell >= 0 else { throw .thread(code: errno) }
    }

    deinit { Glibc.close(bell) }

    var isEmpty: Bool { waiting.withLock { $0.questions.isEmpty } }

    /// How many wait, and since when the oldest has.
    var queue: (count: Int, oldest: ContinuousClock.Instant?) {
        waiting.withLock { ($0.questions.count, $0.arrivals.first) }
    }

    /// Puts a question in, behind all others.
    ///
    /// - Returns: false when the inbox is full or closed; the question was not taken.
    func offer(_ question: Question) -> Bool {
        let bytes = question.bytes
        let limit = question.isUrgent ? maxRequests + Self.reserve : maxRequests
        let now = ContinuousClock.now
        let (taken, wakes) = waiting.withLock { waiting in
            guard !waiting.isClosed, waiting.questions.count < limit, waiting.bytes + bytes <= maxBytes else {
                return (false, false)
            }
            waiting.questions.append(question)
            waiting.arrivals.append(now)
            waiting.bytes += bytes
            return (true, waiting.questions.count == 1)
        }
        if wakes { ring() }
        return taken
    }

    /// Takes nothing more; what is in it can still be taken out.
    func close() {
        waiting.withLock { $0.isClosed = true }
        ring()
    }

    enum Delivery {
        /// The oldest questions, at least one.
        case questions([Question])
        /// Nothing came in the time given.
        case quiet
        /// Closed, and everything was taken out.
        case closed
    }

    /// Waits for questions and takes the oldest.
    ///
    /// - Parameters:
    ///   - patience: how long to wait; zero for not at all.
    ///   - maxBytes: most payload taken, but never less than one question.
    func take(atMost maxCount: Int, maxBytes: Int, patience: Duration) -> Delivery {
        let deadline = ContinuousClock.now + patience
        while true {
            if let delivery = takeNow(atMost: maxCount, maxBytes: maxBytes) { return delivery }
            let left = deadline - .now
            guard left > .zero else { return .quiet }
            var poll = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
            if Glibc.poll(&poll, 1, Int32(clamping: left.milliseconds + 1)) == 0 { return .quiet }
            var rings: UInt64 = 0
            // Nothing to read means that the bell was heard before; the loop looks either way.
            _ = Glibc.read(bell, &rings, MemoryLayout<UInt64>.size)
        }
    }

    private func takeNow(atMost maxCount: Int, maxBytes: Int) -> Delivery? {
        waiting.withLock { waiting in
            guard !waiting.questions.isEmpty else { return waiting.isClosed ? .closed : nil }
            var count = 0
            var bytes = 0
            for question in waiting.questions.prefix(maxCount) {
                guard count == 0 || bytes + question.bytes <= maxBytes else { break }
                bytes += question.bytes
                count += 1
            }
            let taken = Array(waiting.questions.prefix(count))
            waiting.questions.removeFirst(count)
            waiting.arrivals.removeFirst(count)
            waiting.bytes -= bytes
            return .questions(taken)
        }
    }

    private func ring() {
        var one: UInt64 = 1
        // Fails only when the counter is full, and then the bell rings anyway.
        _ = Glibc.write(bell, &one, MemoryLayout<UInt64>.size)
    }
}
