import Foundation
import Observability
import Synchronization

/// The threads on which operators are answered, away from games and health: what takes long never stands before what is
/// quick, such as a scrape.
struct DeskThreads: Sendable {
    let quick = DeskThread(named: "desk")
    let slow = DeskThread(named: "desk-slow")

    func start() {
        quick.start()
        slow.start()
    }

    func close() {
        quick.close()
        slow.close()
    }
}

/// A thread that answers one question after the other.
final class DeskThread: Sendable {
    private struct State {
        var work: [@Sendable () -> Void] = []
        var isClosed = false
    }

    /// Questions that wait; one more is refused.
    private let capacity: Int
    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)
    private let name: String

    init(named name: String, capacity: Int = 256) {
        self.name = name
        self.capacity = capacity
    }

    /// Starts the thread, which ends when the desk is closed and everything that waits is done.
    func start() {
        let thread = Thread { [self] in
            nameThread(name)
            while let work = next() { work() }
        }
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// - Returns: false when too much waits already.
    func take(_ work: @escaping @Sendable () -> Void) -> Bool { post(work, ifBelow: capacity) }

    /// Goes on with something that was taken before; bounded by what was taken.
    func resume(_ work: @escaping @Sendable () -> Void) { _ = post(work, ifBelow: .max) }

    func close() {
        state.withLock { $0.isClosed = true }
        filled.signal()
    }

    private func post(_ work: @escaping @Sendable () -> Void, ifBelow limit: Int) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isClosed, state.work.count < limit else { return false }
            state.work.append(work)
            return true
        }
        if isTaken { filled.signal() }
        return isTaken
    }

    private func next() -> (@Sendable () -> Void)? {
        while true {
            filled.wait()
            let (work, isOver) = state.withLock { state -> ((@Sendable () -> Void)?, Bool) in
                state.work.isEmpty ? (nil, state.isClosed) : (state.work.removeFirst(), false)
            }
            if let work { return work }
            if isOver { return nil }
        }
    }
}
