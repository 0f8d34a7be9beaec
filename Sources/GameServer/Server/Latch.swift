import Foundation
import Synchronization

/// A value one thread waits for and another brings, once.
final class Latch<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    func open(_ value: Value) {
        self.value.withLock { $0 = value }
        semaphore.signal()
    }

    /// Blocks the calling thread; never called on a loop.
    @discardableResult func wait() -> Value {
        semaphore.wait()
        // Passed on, so that any number may wait.
        defer { semaphore.signal() }
        guard let value = value.withLock({ $0 }) else { preconditionFailure("a latch opens with a value") }
        return value
    }
}
