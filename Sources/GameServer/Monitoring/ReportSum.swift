import Observability
import Synchronization

/// Adds up what several loops report of one order, and passes it on when all have.
final class ReportSum: Sendable {
    private struct State {
        var open: Int
        var touched = 0
        var eligible = 0
        var repaired = 0
        var details: [String: String] = [:]
        var cohorts: RecoveryCohorts?
        var isDone = false
        var failure: String?
    }

    private let state: Mutex<State>
    private let reply: @Sendable (ActionReport) -> Void

    init(expected: Int, _ reply: @escaping @Sendable (ActionReport) -> Void) {
        state = Mutex(State(open: expected))
        self.reply = reply
    }

    func add(_ report: ActionReport) {
        let sum: ActionReport? = state.withLock { state in
            state.open -= 1
            state.touched += report.touched
            state.eligible += report.eligible
            state.repaired += report.repaired
            state.details.merge(report.details) { "\($0), \($1)" }
            if let more = report.cohorts { state.cohorts = state.cohorts.map { $0 + more } ?? more }
            switch report.outcome {
            case .done: state.isDone = true
            case .nothingToDo: break
            case .failed(let why): state.failure = why
            }
            guard state.open == 0 else { return nil }
            // One loop that did something outweighs another that had nothing to do; a failure outweighs both.
            let outcome: ActionReport.Outcome =
                state.failure.map { .failed($0) } ?? (state.isDone ? .done : .nothingToDo)
            return ActionReport(
                outcome, touched: state.touched, eligible: state.eligible, repaired: state.repaired,
                details: state.details, cohorts: state.cohorts)
        }
        if let sum { reply(sum) }
    }
}
