import Dispatch
import Foundation
import Observability
import Synchronization

/// A sink that remembers, and that can be made to hang.
final class LogCapture: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    private let isStopped = Mutex(false)
    private let stuck = DispatchSemaphore(value: 0)
    private let gate = DispatchSemaphore(value: 0)

    func write(_ more: [UInt8]) -> Bool {
        if isStopped.withLock({ $0 }) {
            stuck.signal()
            gate.wait()
        }
        bytes.withLock { $0 += more }
        return true
    }

    func stop() { isStopped.withLock { $0 = true } }
    func waitUntilStuck() { stuck.wait() }
    func isStuck(within seconds: Double) -> Bool { stuck.wait(timeout: .now() + seconds) == .success }
    /// The write that hangs goes on; the next one hangs again.
    func letOneThrough() { gate.signal() }

    func resume() {
        isStopped.withLock { $0 = false }
        gate.signal()
    }

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }

    var lines: [[UInt8]] { bytes.withLock { $0.split(separator: UInt8(ascii: "\n")).map { Array($0) } } }

    var sink: LogSink { LogSink { self.write($0) } }

    func objects() throws -> [[String: Any]] {
        try text.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }
}

/// A clock that a test moves.
final class ManualTime: Sendable {
    private let microseconds = Mutex(1_700_000_000_000_000)

    var now: Int { microseconds.withLock { $0 } }
    func advance(by more: Int) { microseconds.withLock { $0 += more } }
}
