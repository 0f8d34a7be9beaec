import Glibc

/// Takes the place of Swift's `Mutex` in what ThreadSanitizer runs.
///
/// Swift's is a futex inside the standard library, which is not instrumented: the sanitizer sees nobody wait there, and
/// takes what the lock protects for shared without one. It knows the locks of POSIX. A type of the same module comes
/// before an imported one, so a copy of this file in each module is all it takes, and nothing has to be suppressed.
// The value is reached under the lock alone.
struct Mutex<Value>: ~Copyable, @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let value = UnsafeMutablePointer<Value>.allocate(capacity: 1)

    init(_ initial: consuming sending Value) {
        pthread_mutex_init(lock, nil)
        value.initialize(to: initial)
    }

    deinit {
        value.deinitialize(count: 1).deallocate()
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    borrowing func withLock<Answer, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Answer
    ) throws(Failure) -> sending Answer {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value.pointee)
    }
}
