import Synchronization

/// What the loops count together of those who ask over HTTP, so that a limit is one however many loops there are.
///
/// Taken once for each request of an operator or a probe; nothing on the path of a message comes here.
final class SharedAccess: Sendable {
    private let limits: Mutex<RequestLimits>
    private let tickets = Mutex(LogTickets())
    private let tails = Mutex(0)

    init(_ configuration: Configuration) {
        limits = Mutex(
            RequestLimits(
                publicPerMinute: configuration.http.publicRatePerMin,
                operatorPerMinute: configuration.http.operatorRatePerMin,
                failuresPerMinute: configuration.http.failedAuthPerMin,
                lockout: .milliseconds(configuration.http.failedAuthLockoutMs)))
    }

    func limits<Answer: Sendable>(_ body: (inout RequestLimits) -> Answer) -> Answer { limits.withLock { body(&$0) } }
    func tickets<Answer: Sendable>(_ body: (inout LogTickets) -> Answer) -> Answer { tickets.withLock { body(&$0) } }

    /// - Returns: false when as many follow the log as may.
    func openTail() -> Bool {
        tails.withLock { tails in
            guard tails < TailEndpoint.maxTails else { return false }
            tails += 1
            return true
        }
    }

    func closeTail() { tails.withLock { $0 -= 1 } }
}
