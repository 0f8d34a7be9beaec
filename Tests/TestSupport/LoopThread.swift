import Foundation
import Synchronization
import WebSocket

/// An event loop on a thread of its own, serving on a free port.
public final class LoopThread: Sendable {
    private enum Order: Sendable {
        case run(@Sendable (EventLoop) -> Void)
        case share([Door], @Sendable () -> Void)
    }

    public let port: UInt16
    private let orders: Mailbox<Order>
    private let ended: DispatchSemaphore

    private struct Started: Sendable {
        var port: UInt16
        var orders: Mailbox<Order>
    }

    /// - Parameters:
    ///   - doorkeeper: nil for the loop's own.
    ///   - address: a free port of the loopback unless told otherwise.
    ///   - makeHandler: called on the loop's thread.
    public init(
        limits: Limits = Limits(), doorkeeper: Doorkeeper? = nil,
        at address: ListenAddress = ListenAddress(.port(0, host: "127.0.0.1")),
        options: ListenOptions = ListenOptions(),
        _ makeHandler: @escaping @Sendable (EventLoop) throws -> any RequestHandler
    ) throws {
        let box = Box<Result<Started, any Error>>()
        let ended = DispatchSemaphore(value: 0)
        let thread = Thread {
            do {
                let loop = try EventLoop(limits: limits, doorkeeper: doorkeeper)
                let listener = try loop.listen(at: address, options: options, handler: try makeHandler(loop))
                // The loop outlives its mailboxes, so the reference back is safe to leave out of the count.
                let orders: Mailbox<Order> = try loop.makeMailbox(capacity: 100) { [unowned loop] order in
                    switch order {
                    case .run(let action): action(loop)
                    case .share(let doors, let done):
                        listener.share(with: doors)
                        done()
                    }
                }
                box.put(.success(Started(port: listener.port, orders: orders)))
                loop.run()
            } catch {
                box.put(.failure(error))
            }
            ended.signal()
        }
        thread.start()
        let started = try box.take().get()
        port = started.port
        orders = started.orders
        self.ended = ended
    }

    /// Runs an action on the loop.
    public func run(_ action: @escaping @Sendable (EventLoop) -> Void) {
        orders.post(.run(action))
    }

    /// Has the listener hand connections to other loops as well.
    public func shareListener(with doors: [Door], _ done: @escaping @Sendable () -> Void) {
        orders.post(.share(doors, done))
    }

    /// Runs an action on the loop and waits for its answer.
    public func ask<Answer: Sendable>(_ question: @escaping @Sendable (EventLoop) -> Answer) -> Answer {
        let box = Box<Answer>()
        run { box.put(question($0)) }
        return box.take()
    }

    /// Ends the loop and waits for its thread; more than once is no error.
    public func stop() {
        run { $0.stop() }
        ended.wait()
        ended.signal()
    }
}

/// One value that one thread puts and another waits for.
public final class Box<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let filled = DispatchSemaphore(value: 0)

    public init() {}

    public func put(_ new: Value) {
        value.withLock { $0 = new }
        filled.signal()
    }

    public func take() -> Value {
        filled.wait()
        guard let taken = value.withLock({ $0 }) else { preconditionFailure("signalled without a value") }
        return taken
    }
}

/// What a loop's handlers saw, in order, for a test on another thread to wait for.
public final class Journal<Entry: Sendable>: Sendable {
    private let entries = Mutex<[Entry]>([])
    private let added = DispatchSemaphore(value: 0)

    public init() {}

    public func add(_ entry: Entry) {
        entries.withLock { $0.append(entry) }
        added.signal()
    }

    /// The next entry; nil when none came before the deadline.
    public func next(deadlineSeconds: Int = 20) -> Entry? {
        guard added.wait(timeout: .now() + .seconds(deadlineSeconds)) == .success else { return nil }
        return entries.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// What was added since the last look.
    public func takeAll() -> [Entry] {
        entries.withLock { all in
            defer { all = [] }
            return all
        }
    }
}

/// An action on a thread of its own.
public final class Poster: Sendable {
    private let done = DispatchSemaphore(value: 0)

    public init(_ action: @escaping @Sendable () -> Void) {
        let thread = Thread { [done] in
            action()
            done.signal()
        }
        thread.start()
    }

    public func join() {
        done.wait()
    }
}
