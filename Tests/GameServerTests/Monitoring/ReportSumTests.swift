@testable import GameServer
import Observability
import Testing

@testable import TestSupport

@Suite("Reports of several loops") struct ReportSumTests {
    private func sum(_ reports: [ActionReport]) -> ActionReport? {
        let reply = Reply<ActionReport>()
        let sum = ReportSum(expected: reports.count) { reply($0) }
        for (index, report) in reports.enumerated() {
            #expect(reply.now == nil, "report \(index) is not the last")
            sum.add(report)
        }
        return reply.now
    }

    @Test func `numbers add up, and it speaks when all have spoken`() {
        let total = sum([
            ActionReport(.done, touched: 1, eligible: 10, repaired: 1, details: ["asked": "2"]),
            ActionReport(.done, touched: 2, eligible: 20, repaired: 0, details: ["asked": "3", "more": "x"]),
        ])
        #expect(
            total
                == ActionReport(
                    .done, touched: 3, eligible: 30, repaired: 1, details: ["asked": "2, 3", "more": "x"]))
    }

    @Test func `what was touched and what was left alone add up over the loops that have any`() {
        func cohorts(_ touched: Int, _ control: Int) -> RecoveryCohorts {
            RecoveryCohorts(
                touched: .init(objects: touched, sum: Double(touched * 10)),
                control: .init(objects: control, sum: Double(control * 10)))
        }
        let total = sum([
            ActionReport(.done, cohorts: cohorts(1, 2)), ActionReport(.nothingToDo),
            ActionReport(.done, cohorts: cohorts(3, 4)),
        ])
        #expect(total?.cohorts == cohorts(4, 6))
    }

    @Test func `one loop that did something outweighs one with nothing to do, a failure outweighs both`() {
        let (done, nothing) = (ActionReport(.done, touched: 1), ActionReport(.nothingToDo))
        let failed = ActionReport(.failed("no"))
        #expect(sum([nothing, done])?.outcome == .done)
        #expect(sum([nothing, nothing])?.outcome == .nothingToDo)
        #expect(sum([failed, done, nothing])?.outcome == .failed("no"))
        #expect(sum([done, failed])?.outcome == .failed("no"))
    }
}
