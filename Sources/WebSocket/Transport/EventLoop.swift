import CLinux
import Glibc

/// One thread's world: its connections, timers and mailboxes, on epoll, level-triggered.
///
/// Create it on the thread that calls `run`; every method belongs to that thread. Other threads reach it through a
/// `Mailbox`. A turn is: wait, handle what is ready, run what is due once nobody who is ready was left unheard, send what
/// every connection has to say with one send each, then tell who was closed.
public final class EventLoop {
    let shared: LoopShared.Pointer
    private let epoll: Int32
    private let events: UnsafeMutableRawPointer
    private var isRunningTimers = false
    /// Polls since timers last ran that may have left somebody unheard.
    private var fullPolls = 0
    private var isStopping = false
    private var date = HTTPDate()

    /// - Parameter doorkeeper: who counts connections, one for all loops that share their ceilings; by default its own.
    /// - Throws: when the kernel gives no epoll descriptor.
    public init(limits: Limits = Limits(), doorkeeper: Doorkeeper? = nil) throws(SystemError) {
        epoll = clinux_epoll_create()
        guard epoll >= 0 else { throw SystemError("epoll_create1") }
        events = .allocate(byteCount: clinux_epoll_event_size() * limits.eventsPerTurn, alignment: 16)
        shared = .allocate(capacity: 1)
        shared.initialize(
            to: LoopShared(limits: limits, doorkeeper: doorkeeper ?? Doorkeeper(limits), epoll: epoll, loop: self))
    }

    deinit {
        end()
        shared.pointee.deallocate()
        shared.deinitialize(count: 1)
        shared.deallocate()
        events.deallocate()
        _ = Glibc.close(epoll)
    }

    /// The time of this turn, read once.
    public var now: MonotonicTime { shared.pointee.now }

    public var limits: Limits { shared.pointee.limits }

    /// What happened here so far.
    public var counters: TransportCounters {
        var counters = shared.pointee.counters
        if let deflate = shared.pointee.deflate { counters.compression = deflate.counters }
        return counters
    }

    /// The wall clock's time as HTTP writes it.
    func dateText() -> String { date.text(at: time(nil)) }

    // MARK: Running

    /// Turns until `stop`, then closes everything that is open.
    public func run() {
        shared.pointee.now = .now()
        finishTurn()
        while !isStopping {
            turn(timeoutMilliseconds: fullPolls > 0 || shared.pointee.hasContinuing ? 0 : untilNextTimer())
        }
        end()
    }

    /// Ends `run` after this turn. Open connections are cut and told so; servers that want a better farewell close
    /// them first.
    public func stop() {
        isStopping = true
    }

    private func turn(timeoutMilliseconds: Int32) {
        let capacity = Int32(shared.pointee.limits.eventsPerTurn)
        let beforePoll = now
        let count = clinux_epoll_wait(epoll, events, capacity, timeoutMilliseconds)
        shared.pointee.now = .now()
        shared.pointee.counters.turns += 1
        let continuing = shared.pointee.hasContinuing ? shared.pointee.takeContinuing() : nil
        var index: Int32 = 0
        while index < count {
            if let pointer = clinux_epoll_data(events, index) {
                let flags = clinux_epoll_flags(events, index)
                Unmanaged<Pollable>.fromOpaque(pointer)._withUnsafeGuaranteedRef { pollable in
                    // Closed by an earlier event of this batch.
                    if pollable.fd >= 0 { pollable.ready(flags) }
                }
            }
            index += 1
        }
        if let continuing {
            for socket in continuing where socket.fd >= 0 { socket.continueInput() }
        }
        runTimers(dueAt: beforePoll, afterPoll: count, of: capacity)
        finishTurn()
    }

    /// Sends, tells who was closed, and repeats while that caused more of either.
    private func finishTurn() {
        while true {
            if !shared.pointee.cork.isEmpty { shared.pointee.cork.flush() }
            guard shared.pointee.hasReaping else { break }
            for reaping in shared.pointee.takeReaping() { reaping.socket.reap(reaping.closure) }
        }
        if shared.pointee.hasClosed { _ = shared.pointee.takeClosed() }
    }

    private func end() {
        for pollable in shared.pointee.everything { pollable.loopEnds() }
        finishTurn()
    }

    // MARK: Timers

    /// Runs an action once, at or soon after a time; one that a timer's action schedules runs in a later turn.
    @discardableResult
    public func schedule(at deadline: MonotonicTime, _ action: @escaping () -> Void) -> TimerID {
        // An action that sets itself again for a time that has passed would otherwise never let the turn end.
        shared.pointee.timers.schedule(at: isRunningTimers ? max(deadline, now + .nanoseconds(1)) : deadline, action)
    }

    /// Forgets an action; one that ran or was cancelled already is no error.
    public func cancel(_ id: TimerID) {
        shared.pointee.timers.cancel(id)
    }

    /// Runs what was due before the poll, unless bytes may wait in the kernel that would have cancelled it: after a
    /// poll that was interrupted or filled the whole batch. What fell due since waits for the next poll, because a
    /// process that is stopped may come back long after the kernel gave its answer. The kernel lists who is ready in
    /// turn, so as many polls as all descriptors fill have heard everybody; timers then run whoever speaks again.
    private func runTimers(dueAt instant: MonotonicTime, afterPoll count: Int32, of capacity: Int32) {
        if count < 0 || count == capacity, fullPolls <= shared.pointee.mostDescriptors / Int(capacity) {
            fullPolls += 1
            return
        }
        fullPolls = 0
        isRunningTimers = true
        while let pollable = shared.pointee.wheel.takeDue(at: instant) { pollable.timeIsUp(at: instant) }
        while let action = shared.pointee.timers.takeDue(at: instant) { action() }
        isRunningTimers = false
    }

    private func untilNextTimer() -> Int32 {
        let deadlines = (shared.pointee.timers.nextDeadline(), shared.pointee.wheel.nextLook())
        guard let deadline = deadlines.0.map({ min($0, deadlines.1 ?? $0) }) ?? deadlines.1 else { return -1 }
        let nanoseconds = deadline.nanoseconds - MonotonicTime.now().nanoseconds
        if nanoseconds <= 0 { return 0 }
        // Rounded up: a timer never runs early.
        return Int32(clamping: nanoseconds / 1_000_000 + 1)
    }

    // MARK: What it waits for

    /// A way onto this loop for other threads.
    ///
    /// - Parameter capacity: most values that wait; above it `post` answers `full`.
    /// - Throws: when the kernel gives no descriptor.
    public func makeMailbox<Parcel: Sendable>(
        capacity: Int, _ receive: @escaping (Parcel) -> Void
    ) throws(SystemError) -> Mailbox<Parcel> {
        let mailbox = try Mailbox<Parcel>(capacity: capacity)
        let outlet = MailboxOutlet(mailbox, shared: shared, receive)
        try shared.pointee.register(outlet, interest: clinux_epollin())
        return mailbox
    }

    /// Serves HTTP and WebSocket on an address.
    ///
    /// - Parameter port: 0 takes a free one; the listener knows which.
    /// - Throws: when the address cannot be had.
    public func listen(host: String, port: UInt16, handler: any RequestHandler) throws(SystemError) -> Listener {
        try listen(at: ListenAddress(.port(port, host: host)), handler: handler)
    }

    /// Serves HTTP and WebSocket on an address.
    ///
    /// - Throws: when the address cannot be had.
    public func listen(
        at address: ListenAddress, options: ListenOptions = ListenOptions(), handler: any RequestHandler
    ) throws(SystemError) -> Listener {
        let listener = try Listener(at: address, options: options, shared: shared, handler: handler)
        do {
            try shared.pointee.register(listener, interest: clinux_epollin())
        } catch {
            listener.discard()
            throw error
        }
        return listener
    }
}

@available(*, unavailable) extension EventLoop: Sendable {}
