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
                for _ in 0..<50_000 { metrics.messagesReceived.add(by: writer) }
            }
        }
        done.wait()
        #expect(metrics.messagesReceived.value == 200_000)
    }

    @Test func `a thread beyond the last writer shares the common row`() {
        let writers = (0..<MetricWriter.limit + 3).map { _ in metrics.makeWriter() }
        #expect(writers.count { $0 != nil } == MetricWriter.limit)
        for writer in writers { metrics.connectionsOpened.add(by: writer) }
        #expect(metrics.connectionsOpened.value == writers.count)
    }

    @Test func `a gauge is what was added and what is read together`() {
        metrics.rooms.add(3, .playing)
        metrics.rooms.add(-1, .playing)
        metrics.rooms.read(.playing) { 5 }
        metrics.rooms.read(.waiting) { 7 }
        #expect(metrics.rooms.value(.playing) == 7)
        #expect(metrics.rooms.value(.waiting) == 7)
        #expect(metrics.rooms.value(.finished) == 0)
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
