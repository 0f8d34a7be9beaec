import Foundation
import Observability

/// SIGTERM, SIGINT and SIGHUP as something a thread waits for instead of being interrupted by.
public enum Signals {
    private static var stopping: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        sigaddset(&set, SIGHUP)
        return set
    }

    /// Keeps them away from the calling thread and all it starts, and turns a broken pipe into an error of `write`.
    public static func block() {
        var set = stopping
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Calls `first` at the first that asks the server to stop. A second SIGTERM changes nothing, the drain has its own
    /// time limit; a second SIGINT is a person at a terminal who will not wait, and ends the process at once. That loses nothing anybody
    /// was told, since that is stored.
    ///
    /// - Parameter reopening: what SIGHUP is for, at any time; nil has it ask the server to stop.
    public static func wait(
        reopening: (@Sendable () -> Void)? = nil, then first: @escaping @Sendable (String) -> Void
    ) {
        /// The next signal that is not answered by reopening.
        @Sendable func nextStop() -> String {
            while true {
                let name = next()
                guard name == "SIGHUP", let reopening else { return name }
                reopening()
            }
        }
        let thread = Thread {
            nameThread("signals")
            first(nextStop())
            while nextStop() != "SIGINT" {}
            Console.complain("gameserver: SIGINT again: ends without waiting for clients")
            _exit(ExitCode.failed)
        }
        thread.start()
    }

    private static func next() -> String {
        var set = stopping
        var number: Int32 = 0
        while sigwait(&set, &number) != 0 {}
        return switch number {
        case SIGTERM: "SIGTERM"
        case SIGHUP: "SIGHUP"
        default: "SIGINT"
        }
    }
}
