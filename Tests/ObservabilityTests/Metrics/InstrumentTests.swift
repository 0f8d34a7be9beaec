import Foundation
import Testing

@testable import Observability

@Suite("Instruments") struct InstrumentTests {
    private let metrics = Metrics(process: .init(version: "1", startSeconds: 0, uptimeSeconds: { 0 }))

    @Test func `a counter loses nothing between threads with a writer of their own and threads without`() {
        let metrics = metrics
        let done = DispatchGroup()
        for thread in 0..<4 {
            Thread.detachNewThread(in: done) {
                let writer = thread % 2 == 0 ? metrics.makeWriter() : nil
                for _ in 0..<50_000 { metrics.messages.add(1, .in, by: writer) }
            }
        }
        done.wait()
        #expect(metrics.messages.value(.in) == 200_000)
    }

    @Test func `a thread beyond the last writer shares the common row`() {
        let writers = (0..<MetricWriter.limit + 3).map { _ in metrics.makeWriter() }
        #expect(writers.count { $0 != nil } == MetricWriter.limit)
        for writer in writers { metrics.wsConnectionsOpened.add(by: writer) }
        #expect(metrics.wsConnectionsOpened.value == writers.count)
    }

    @Test func `a gauge is what was added, what was set and what is read together`() {
        metrics.queueDepth.add(3, .store)
        metrics.queueDepth.add(-1, .store)
        metrics.queueDepth.read(.store) { 5 }
        metrics.queueDepth.read(.room) { 7 }
        metrics.queueDepth.set(2.5, .log)
        #expect(metrics.queueDepth.value(.store) == 7)
        #expect(metrics.queueDepth.value(.room) == 7)
        #expect(metrics.queueDepth.value(.log) == 2.5)
        #expect(metrics.queueDepth.value(.monitor) == 0)
    }

    @Test func `a label outside its closed set counts as other`() {
        #expect(CloseLabel(code: 4504).labelValue == "4504")
        #expect(CloseLabel(code: 4999) == .other)
        #expect(CommandLabel(refusal: "not_your_turn") == .notYourTurn)
        #expect(CommandLabel(refusal: "liap-tui/wrong_count") == .game)
    }

    @Test func `every close code of the set has its case`() {
        for label in CloseLabel.allCases where label != .other {
            #expect(UInt16(label.labelValue).map(CloseLabel.init(code:)) == label)
        }
    }
}

extension Thread {
    /// Runs on a thread of its own; the group ends with it.
    static func detachNewThread(in group: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
        group.enter()
        Thread.detachNewThread {
            body()
            group.leave()
        }
    }
}
