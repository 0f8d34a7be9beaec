import Dispatch
import Synchronization

/// An answer that comes from another thread, exactly once.
public final class Reply<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let arrived = DispatchSemaphore(value: 0)

    public init() {}

    /// Gives the answer. A second one is a broken promise and ends the run.
    public func callAsFunction(_ answer: Value) {
        let isFirst = value.withLock { value in
            defer { value = value ?? answer }
            return value == nil
        }
        precondition(isFirst, "answered twice, the second time with \(answer)")
        arrived.signal()
    }

    /// Waits for the answer.
    ///
    /// - Throws: `NoReply` when none came in time: far longer than anything here takes.
    public func wait(atMost seconds: Int = 30) throws -> Value {
        guard arrived.wait(timeout: .now() + .seconds(seconds)) == .success, let value = value.withLock({ $0 }) else {
            throw NoReply()
        }
        // So that it can be read again.
        arrived.signal()
        return value
    }

    /// The answer, if it has come.
    public var now: Value? { value.withLock { $0 } }
}

public struct NoReply: Error {
    public init() {}
}
