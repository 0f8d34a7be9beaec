import Glibc

/// Processor time the calling thread has used since it began; zero where the system does not say.
package func threadTime() -> Duration {
    var used = timespec()
    guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0 else { return .zero }
    return .seconds(used.tv_sec) + .nanoseconds(used.tv_nsec)
}
