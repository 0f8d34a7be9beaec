import Observability
import WebSocket

/// The slow readers a run found: those whose messages it collapsed, and those it left alone. Lives on the loop.
struct CollapseTrial {
    let run: Int
    /// By then nobody asks any more.
    let until: MonotonicTime
    /// By number: a connection that is gone is not kept for it.
    private(set) var touched: [UInt64] = []
    private var control: [UInt64] = []
    /// What waited for them before.
    private(set) var before = RecoveryCohorts(touched: .init(), control: .init())

    init(run: Int, until: MonotonicTime) {
        self.run = run
        self.until = until
    }

    mutating func note(_ session: Session, pending: Int, isTouched: Bool) {
        if isTouched {
            touched.append(session.number)
            before.touched.objects += 1
            before.touched.sum += Double(pending)
        } else {
            control.append(session.number)
            before.control.objects += 1
            before.control.sum += Double(pending)
        }
    }

    /// What waits for them now. Nothing waits for one who is gone.
    func cohorts(_ sessions: SessionDirectory, at now: MonotonicTime) -> RecoveryCohorts {
        func cohort(_ numbers: [UInt64]) -> RecoveryCohorts.Cohort {
            let pending = numbers.reduce(0) { $0 + (sessions[$1]?.pendingMessages(at: now) ?? 0) }
            return .init(objects: numbers.count, sum: Double(pending))
        }
        return RecoveryCohorts(touched: cohort(touched), control: cohort(control))
    }
}
