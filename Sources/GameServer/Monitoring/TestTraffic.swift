import Synchronization

/// Bytes of the server's own test, which are nobody's traffic. Whichever loop serves a test, what it has counted of it
/// is taken off what some loop exposes: in sum each byte once.
final class TestTraffic: Sendable {
    private struct State {
        var tested = (in: 0, out: 0)
        /// Of those, bytes that were taken off already.
        var settled = (in: 0, out: 0)
    }

    private let state = Mutex(State())

    /// All so far.
    var bytes: (in: Int, out: Int) { state.withLock { $0.tested } }

    /// Before they leave, so that no count runs ahead of them.
    func tested(bytesIn: Int = 0, bytesOut: Int = 0) {
        state.withLock { state in
            state.tested.in += bytesIn
            state.tested.out += bytesOut
        }
    }

    /// - Returns: what is left of the bytes a loop has counted anew, without those of tests.
    func settle(bytesIn: Int, bytesOut: Int) -> (in: Int, out: Int) {
        state.withLock { state in
            let own = (
                in: min(bytesIn, max(0, state.tested.in - state.settled.in)),
                out: min(bytesOut, max(0, state.tested.out - state.settled.out))
            )
            state.settled.in += own.in
            state.settled.out += own.out
            return (bytesIn - own.in, bytesOut - own.out)
        }
    }
}
