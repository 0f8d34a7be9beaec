import Observability

/// When what lasts is asked for again: loops end it by themselves (`recovery.hold_ms`), for when nobody is left who could.
struct Renewals {
    /// How long a loop keeps what it was asked for.
    private let hold: Duration
    /// When each run was asked for last.
    private var asked: [Int: Duration] = [:]

    init(hold: Duration) { self.hold = hold }

    /// - Parameter inForce: orders whose effects are meant to last on.
    /// - Returns: those to ask for again now: halfway, so that one that comes late still comes in time.
    mutating func due(_ inForce: [RecoveryOrder], at now: Duration) -> [RecoveryOrder] {
        let known = asked
        asked = [:]
        return inForce.filter { order in
            let last = known[order.run] ?? now
            let isDue = now - last >= hold / 2
            asked[order.run] = isDue ? now : last
            return isDue
        }
    }
}
