import CLinux
import Glibc
import PluginAPI
import Synchronization

/// What waits for the store's thread: any thread puts in, that one takes out, in order.
final class StoreInbox: Sendable {
    private struct Waiting {
        var requests: [StoreRequest] = []
        var bytes = 0
        var isClosed = false
    }

    private let waiting = Mutex(Waiting())
    private let maxRequests: Int
    private let maxBytes: Int
    /// An eventfd, readable when something arrived in an empty inbox or it was closed.
    private let bell: Int32

    /// - Throws: `StoreError.thread` when the process has no file descriptor left.
    init(maxRequests: Int, maxBytes: Int) throws(StoreError) {
        self.maxRequests = maxRequests
        self.maxBytes = maxBytes
        bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard bell >= 0 else { throw .thread(code: errno) }
    }

    deinit { Glibc.close(bell) }

    var isEmpty: Bool { waiting.withLock { $0.requests.isEmpty } }

    /// Puts a request in, behind all others.
    ///
    /// - Returns: false when the inbox is full or closed; the request was not taken.
    func offer(_ request: StoreRequest) -> Bool {
        let bytes = request.bytes
        let (taken, wakes) = waiting.withLock { waiting in
            guard !waiting.isClosed, waiting.requests.count < maxRequests, waiting.bytes + bytes <= maxBytes else {
                return (false, false)
            }
            waiting.requests.append(request)
            waiting.bytes += bytes
            return (true, waiting.requests.count == 1)
        }
        if wakes { ring() }
        return taken
    }

    /// Takes nothing more; what is in it can still be taken out.
    func close() {
        waiting.withLock { $0.isClosed = true }
        ring()
    }

    enum Delivery {
        /// The oldest requests, at least one.
        case requests([StoreRequest])
        /// Nothing came in the time given.
        case quiet
        /// Closed, and everything was taken out.
        case closed
    }

    /// Waits for requests and takes the oldest.
    ///
    /// - Parameters:
    ///   - patience: how long to wait; nil for as long as it takes.
    ///   - maxBytes: most payload taken, but never less than one request.
    func take(atMost maxCount: Int, maxBytes: Int, patience: Duration?) -> Delivery {
        while true {
            if let delivery = takeNow(atMost: maxCount, maxBytes: maxBytes) { return delivery }
            var poll = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
            let timeout = patience.map { Int32(clamping: max($0.milliseconds, 1)) } ?? -1
            if Glibc.poll(&poll, 1, timeout) == 0 { return .quiet }
            var rings: UInt64 = 0
            // Nothing to read means that the bell was heard before; the loop looks either way.
            _ = Glibc.read(bell, &rings, MemoryLayout<UInt64>.size)
        }
    }

    private func takeNow(atMost maxCount: Int, maxBytes: Int) -> Delivery? {
        waiting.withLock { waiting in
            guard !waiting.requests.isEmpty else { return waiting.isClosed ? .closed : nil }
            var count = 0
            var bytes = 0
            for request in waiting.requests.prefix(maxCount) {
                guard count == 0 || bytes + request.bytes <= maxBytes else { break }
                bytes += request.bytes
                count += 1
            }
            let taken = Array(waiting.requests.prefix(count))
            waiting.requests.removeFirst(count)
            waiting.bytes -= bytes
            return .requests(taken)
        }
    }

    private func ring() {
        var one: UInt64 = 1
        // Fails only when the counter is full, and then the bell rings anyway.
        _ = Glibc.write(bell, &one, MemoryLayout<UInt64>.size)
    }
}
