import Observability
import Synchronization

/// How far an action may go on each of several loops, so that it goes no further on all of them than on one.
struct SharedScope {
    /// What a dry run found on each loop: objects it would change, and objects there are.
    let found: [ActionReport]
    let blastRadius: Double

    private var eligible: Int { found.reduce(0) { $0 + $1.eligible } }
    private var most: Int { RecoveryOrder.maxTouched(of: eligible, within: blastRadius) }

    /// What a dry run on all loops together would say.
    var report: ActionReport {
        ActionReport(.done, touched: min(most, found.reduce(0) { $0 + $1.touched }), eligible: eligible)
    }

    /// How many objects each loop may touch: those with most to do first, one each in turn.
    var shares: [Int] {
        var shares = Array(repeating: 0, count: found.count)
        var left = min(most, found.reduce(0) { $0 + $1.touched })
        let order = found.indices.sorted { found[$1].touched < found[$0].touched }
        while left > 0 {
            for loop in order where left > 0 && shares[loop] < found[loop].touched {
                shares[loop] += 1
                left -= 1
            }
        }
        return shares
    }
}

/// What several loops report of one order, each in its place, passed on when all have.
final class ReportList: Sendable {
    private let reports: Mutex<[ActionReport?]>
    private let reply: @Sendable ([ActionReport]) -> Void

    init(expected: Int, _ reply: @escaping @Sendable ([ActionReport]) -> Void) {
        reports = Mutex(Array(repeating: nil, count: expected))
        self.reply = reply
    }

    func put(_ report: ActionReport, at place: Int) {
        let all = reports.withLock { reports -> [ActionReport]? in
            reports[place] = report
            return reports.contains { $0 == nil } ? nil : reports.compactMap(\.self)
        }
        if let all { reply(all) }
    }
}
