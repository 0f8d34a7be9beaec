import Foundation
import Observability
import Synchronization
import WebSocket

/// The threads of a server's event loops: started together, drained together, ended together.
final class LoopThreads: Sendable {
    private struct State {
        var started: [GameLoop.Started] = []
        var boards: [LoopBoard] = []
        /// Loops on which something is still being committed.
        var committing: Int
        /// Loops that have not sent everybody away yet.
        var busy: Int
    }

    private let count: Int
    private let state: Mutex<State>
    private let ended: [Latch<Void>]

    init(count: Int) {
        self.count = count
        state = Mutex(State(committing: count, busy: count))
        ended = (0..<count).map { _ in Latch() }
    }

    /// Starts a loop for each plan. The first takes connections, once all know each other.
    ///
    /// - Returns: where the server is reached.
    /// - Throws: `StartError`; no loop is left running.
    func start(_ plan: (_ index: Int) -> GameLoop.Plan) throws(StartError) -> GameLoop.Served {
        do {
            for index in 0..<count { try start(plan(index)) }
            let addresses = state.withLock { $0.started.map(\.address) }
            for orders in orders {
                let met = Latch<Void>()
                orders.post(.meet(addresses, met: met))
                met.wait()
            }
            let listening = Latch<Result<GameLoop.Served, StartError>>()
            orders[0].post(.listen(listening))
            return try listening.wait().get()
        } catch {
            let running = orders
            for orders in running { orders.post(.stop) }
            for ended in ended.prefix(running.count) { ended.wait() }
            throw error
        }
    }

    private func start(_ plan: GameLoop.Plan) throws(StartError) {
        let started = Latch<Result<GameLoop.Started, StartError>>()
        let ended = ended[plan.index]
        let thread = Thread {
            nameThread("loop-\(plan.index)")
            GameLoop.run(plan) { started.open($0) }
            ended.open(())
        }
        thread.stackSize = 8 << 20
        thread.start()
        let loop = try started.wait().get()
        state.withLock { state in
            state.started.append(loop)
            state.boards.append(plan.board)
        }
    }

    private var orders: [Mailbox<GameLoop.Order>] { state.withLock { $0.started.map(\.orders) } }

    /// The loops as the monitor reaches them.
    var handles: [LoopHandle] {
        state.withLock { state in zip(state.boards, state.started).map { LoopHandle(board: $0, orders: $1.orders) } }
    }

    /// When the first of them was ready.
    var startedAt: MonotonicTime { state.withLock { $0.started[0].startedAt } }

    /// Has every loop finish what it has begun and send its clients away.
    func drain() { for orders in orders { orders.post(.drain) } }

    /// One more loop has nothing to commit. Only after the last of them is anybody sent away: what one loop commits may
    /// be a command that came over another's connection.
    func settled() {
        let isLast = state.withLock { state in
            state.committing -= 1
            return state.committing == 0
        }
        if isLast { for orders in orders { orders.post(.sendAway) } }
    }

    /// One more loop has sent everybody away: after the last of them all end, and not before, because until then they
    /// answer operators together.
    func drained() {
        let isLast = state.withLock { state in
            state.busy -= 1
            return state.busy == 0
        }
        if isLast { for orders in orders { orders.post(.stop) } }
    }

    /// Calls back when every loop has answered, from the thread of the last.
    func answer(_ reply: @escaping @Sendable () -> Void) {
        let missing = Countdown(count, then: reply)
        for orders in orders { orders.post(.answer { missing.count() }) }
    }

    /// Returns when every loop has ended.
    func wait() { for ended in ended { ended.wait() } }
}

/// Calls back once, when as many as were awaited have come.
private final class Countdown: Sendable {
    private let missing: Atomic<Int>
    private let reply: @Sendable () -> Void

    init(_ count: Int, then reply: @escaping @Sendable () -> Void) {
        missing = Atomic(count)
        self.reply = reply
    }

    func count() {
        if missing.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { reply() }
    }
}
