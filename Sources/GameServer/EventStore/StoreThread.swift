import Glibc
import Observability
import Synchronization

/// A thread of its own for what must be done by one and may wait for the disk.
final class StoreThread: Sendable {
    private let thread: Mutex<pthread_t?>

    /// - Parameter name: at most 15 bytes.
    /// - Throws: `StoreError.thread`.
    init(name: String, _ body: sending @escaping () -> Void) throws(StoreError) {
        let handed = Unmanaged.passRetained(Body(name, body))
        var started = pthread_t()
        // Signals are for the thread that waits for them; this one inherits a mask that refuses all.
        var everySignal = sigset_t()
        var previous = sigset_t()
        sigfillset(&everySignal)
        pthread_sigmask(SIG_SETMASK, &everySignal, &previous)
        let code = pthread_create(
            &started, nil,
            { handed in
                guard let handed else { return nil }
                Unmanaged<Body>.fromOpaque(handed).takeRetainedValue().run()
                return nil
            }, handed.toOpaque())
        pthread_sigmask(SIG_SETMASK, &previous, nil)
        guard code == 0 else {
            handed.release()
            throw .thread(code: code)
        }
        thread = Mutex(started)
    }

    deinit {
        thread.withLock { thread in
            if let thread { pthread_detach(thread) }
        }
    }

    var isCurrent: Bool {
        thread.withLock { thread in thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    /// Processor time it has used; nil when it has ended.
    var cpuTime: Duration? {
        thread.withLock { thread in
            guard let thread else { return nil }
            var clock = clockid_t()
            var used = timespec()
            guard pthread_getcpuclockid(thread, &clock) == 0, clock_gettime(clock, &used) == 0 else { return nil }
            return .seconds(used.tv_sec) + .nanoseconds(used.tv_nsec)
        }
    }

    /// Returns when the thread has ended, to everyone who asks.
    func join() {
        thread.withLock { thread in
            guard let running = thread else { return }
            pthread_join(running, nil)
            thread = nil
        }
    }

    private final class Body {
        private let name: String
        private let body: () -> Void

        init(_ name: String, _ body: sending @escaping () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            nameThread(name)
            body()
        }
    }
}
