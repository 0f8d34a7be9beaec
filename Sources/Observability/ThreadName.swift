import Glibc

/// Names the calling thread as `top -H` shows it; at most 15 bytes, the kernel cuts the rest.
///
/// Foundation passes a thread's name on only once it knows the thread, which may be after its first line. Without /proc
/// the thread has no name and works as well.
package func nameThread(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, name, name.utf8.count)
    close(file)
}
