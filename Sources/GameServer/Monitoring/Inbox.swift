import CLinux
import Glibc
import Synchronization
import WebSocket

/// Messages on their way to a thread that waits for them, or for its next deadline on the clock that never jumps.
final class Inbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var isClosed = false
        var lost = 0
    }

    private let state = Mutex(State())
    private let capacity: Int
    /// An eventfd, readable while something waits.
    private let bell: Int32

    /// - Parameter capacity: most messages that wait; above it `post` answers false.
    /// - Throws: when the process has no descriptor left.
    init(capacity: Int) throws(SystemError) {
        self.capacity = capacity
        bell = clinux_eventfd()
        guard bell >= 0 else { throw SystemError("eventfd") }
    }

    deinit { _ = Glibc.close(bell) }

    var count: Int { state.withLock { $0.messages.count } }

    /// Messages that were not taken because it was full.
    var lost: Int { state.withLock { $0.lost } }

    /// - Returns: false when the inbox is full or closed; the message was not taken.
    @discardableResult func post(_ message: Message) -> Bool {
        let (isTaken, wakes) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            guard state.messages.count < capacity else {
                state.lost += 1
                return (false, false)
            }
            state.messages.append(message)
            return (true, state.messages.count == 1)
        }
        if wakes { ring() }
        return isTaken
    }

    /// Has whoever waits look up, for something beside the queue.
    func wake() { ring() }

    /// Waits for messages, at most until `deadline` or until it is woken.
    ///
    /// - Returns: nil when the inbox is closed; what waited then is lost.
    func take(until deadline: MonotonicTime?) -> [Message]? {
        // The bell of the end rings once, and may have been heard already.
        guard !state.withLock({ $0.isClosed }) else { return nil }
        var wait = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
        if let deadline {
            let nanoseconds = max(0, deadline.nanoseconds - MonotonicTime.now().nanoseconds)
            _ = poll(&wait, 1, Int32(clamping: (nanoseconds + 999_999) / 1_000_000))
        } else {
            _ = poll(&wait, 1, -1)
        }
        var rings: UInt64 = 0
        // Nothing to read means that time is up; the bell does not block.
        _ = Glibc.read(bell, &rings, MemoryLayout<UInt64>.size)
        return state.withLock { state in
            guard !state.isClosed else { return nil }
            defer { state.messages = [] }
            return state.messages
        }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        ring()
    }

    private func ring() {
        var one: UInt64 = 1
        // Fails only when the counter is full, and then the bell rings anyway.
        _ = Glibc.write(bell, &one, MemoryLayout<UInt64>.size)
    }
}
