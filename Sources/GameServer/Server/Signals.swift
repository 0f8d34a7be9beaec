import Foundation

/// SIGTERM and SIGINT as something a thread waits for instead of being interrupted by.
public enum Signals {
    private static var stopping: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        return set
    }

    /// Keeps both away from the calling thread and all it starts, and turns a broken pipe into an error of `write`.
    public static func block() {
        var set = stopping
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Calls `first` at the first of them. A second SIGTERM changes nothing, the drain has its own time limit; a second
    /// SIGINT is a person at a terminal who will not wait, and ends the process at once. That loses nothing anybody
    /// was told, since that is stored.
    public static func wait(then first: @escaping @Sendable (String) -> Void) {
        let thread = Thread {
            first(next())
            while next() != "SIGINT" {}
            Console.complain("gameserver: SIGINT again: ends without waiting for clients")
            _exit(ExitCode.failed)
        }
        thread.name = "signals"
        thread.start()
    }

    private static func next() -> String {
        var set = stopping
        var number: Int32 = 0
        while sigwait(&set, &number) != 0 {}
        return number == SIGTERM ? "SIGTERM" : "SIGINT"
    }
}
