import Foundation
import Testing

@testable import Observability

@Suite("Logging never blocks: rings, queues and drops") struct LogQueueTests {
    private let capture = LogCapture()
    private let time = ManualTime()

    private func logger(capacity: Int = 64, gatherMilliseconds: Int = 100) -> Logger {
        var options = Logger.Options()
        options.repeatsPerSecond = 0
        options.gatherMilliseconds = gatherMilliseconds
        return Logger(
            level: .trace, sink: capture.sink, origin: LogOrigin(version: "1", node: "n", processID: 1),
            options: options, capacity: capacity, clock: { [time] in time.now })
    }

    /// Has the writer stuck in the sink with everything taken from it.
    private func stop(_ logger: Logger) {
        capture.stop()
        logger.log(.error, .system, "first", "")
        capture.waitUntilStuck()
    }

    private func expect(
        _ admission: inout LogAdmission, _ level: LogLevel, waiting: Int, at time: Int, _ isAdmitted: Bool
    ) {
        let verdict = admission.admits(level, waiting: waiting, at: time)
        #expect(verdict == isAdmitted, "\(level) behind \(waiting) lines at \(time)")
    }

    /// Lines would gather for an hour: whatever comes sooner did not wait for others.
    @Test func `an error, an operator's action and a flush do not wait for lines to gather`() {
        let logger = logger(gatherMilliseconds: 3_600_000)
        stop(logger)
        // The writer is at work and hears no bell.
        logger.log(.error, .system, "second", "")
        capture.letOneThrough()
        #expect(capture.isStuck(within: 10))
        logger.audit(LogAudit(actor: "a", action: "b"), "third", "")
        capture.letOneThrough()
        #expect(capture.isStuck(within: 10))
        logger.log(.info, .system, "fourth", "")
        capture.resume()
        #expect(logger.close(within: .seconds(10)))
        #expect(capture.lines.count == 4)
    }

    @Test func `the least important lines are dropped first`() {
        var admission = LogAdmission(capacity: 64)
        expect(&admission, .debug, waiting: 47, at: 0, true)
        expect(&admission, .debug, waiting: 48, at: 0, false)
        expect(&admission, .notice, waiting: 55, at: 0, true)
        expect(&admission, .notice, waiting: 56, at: 0, false)
        expect(&admission, .warning, waiting: 63, at: 0, true)
    }

    @Test func `warnings are dropped only when it has been full for a second`() {
        var admission = LogAdmission(capacity: 64)
        expect(&admission, .warning, waiting: 64, at: 5_000_000, true)
        expect(&admission, .info, waiting: 64, at: 5_100_000, false)
        expect(&admission, .critical, waiting: 65, at: 5_999_999, true)
        expect(&admission, .critical, waiting: 65, at: 6_000_000, false)
        expect(&admission, .warning, waiting: 63, at: 6_100_000, true)  // there was room again
        expect(&admission, .warning, waiting: 64, at: 6_200_000, true)  // and a second begins anew
    }

    @Test func `a queue that is full has a ceiling all the same`() {
        var admission = LogAdmission(capacity: 64)
        expect(&admission, .critical, waiting: 71, at: 0, true)
        expect(&admission, .critical, waiting: 72, at: 0, false)
        #expect(admission.ceiling == 72)
    }

    @Test func `a ring whose writer is stuck drops by level and counts every drop`() throws {
        let logger = logger()
        let ring = logger.makeRing(capacity: 64)
        stop(logger)
        for _ in 0..<100 { ring.log(.debug, .system, "debug", "") }
        for _ in 0..<100 { ring.log(.info, .system, "info", "") }
        for _ in 0..<100 { ring.log(.warning, .system, "warning", "") }
        #expect(logger.statistics.dropped == [.debug: 100 - 48, .info: 100 - 8, .warning: 100 - 16])
        time.advance(by: 2_000_000)
        ring.log(.critical, .system, "critical", "")
        #expect(logger.statistics.dropped[.critical] == 1)
        capture.resume()
        #expect(logger.close(within: .seconds(30)))
        let lines = try capture.objects()
        #expect(lines.count { $0["event"] as? String == "debug" } == 48)
        #expect(lines.count { $0["event"] as? String == "info" } == 8)
        #expect(lines.count { $0["event"] as? String == "warning" } == 16)
    }

    @Test func `gaps in the numbers are as long as what was dropped`() throws {
        let logger = logger()
        let ring = logger.makeRing(capacity: 64)
        stop(logger)
        for _ in 0..<200 {
            ring.log(.info, .system, "ring", "")
            logger.log(.info, .system, "queue", "")
        }
        let dropped = logger.statistics.dropped.values.reduce(0, +)
        #expect(dropped == 400 - 2 * 56)
        capture.resume()
        #expect(logger.close(within: .seconds(30)))
        let numbers = try capture.objects().compactMap { $0["log_seq"] as? Int }
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
        #expect(try #require(numbers.last) - numbers.count == dropped)
    }

    @Test func `lines of many threads all come out, those of each in their order`() throws {
        let logger = logger(capacity: 1_000_000)
        let count = 5000
        let threads = (0..<4).map { index in
            let done = DispatchSemaphore(value: 0)
            Thread {
                // Two with a ring of their own, two with the shared queue.
                let ring = index < 2 ? logger.makeRing(capacity: 1 << 16) : nil
                for line in 0..<count {
                    let fields: LogFields = ["thread": .integer(index), "line": .integer(line)]
                    if let ring {
                        ring.log(.info, .system, "line", "", fields)
                    } else {
                        logger.log(.info, .system, "line", "", fields)
                    }
                }
                done.signal()
            }
            .start()
            return done
        }
        for done in threads { done.wait() }
        #expect(logger.close(within: .seconds(120)))
        #expect(logger.statistics.dropped.isEmpty)
        var next = [0, 0, 0, 0]
        for line in try capture.objects() {
            let details = try #require(line["details"] as? [String: Int])
            let thread = try #require(details["thread"])
            #expect(details["line"] == next[thread])
            next[thread] += 1
        }
        #expect(next == [count, count, count, count])
    }

    @Test func `a ring that is gone still gives out what it held`() throws {
        let logger = logger()
        stop(logger)
        do {
            let ring = logger.makeRing()
            for _ in 0..<10 { ring.log(.info, .system, "kept", "") }
        }
        capture.resume()
        #expect(logger.close(within: .seconds(30)))
        #expect(try capture.objects().count { $0["event"] as? String == "kept" } == 10)
    }

    @Test func `a line in a ring wakes a writer that sleeps`() {
        let logger = logger()
        let ring = logger.makeRing()
        let written = DispatchSemaphore(value: 0)
        let tail = logger.tail(LogFilter()) { _ in
            written.signal()
            return true
        }
        for _ in 0..<200 {
            ring.log(.debug, .system, "line", "")
            #expect(written.wait(timeout: .now() + 30) == .success)
        }
        tail?.cancel()
    }

    @Test func `lines after the close are counted as dropped`() {
        let logger = logger()
        let ring = logger.makeRing()
        #expect(logger.close(within: .seconds(30)))
        #expect(logger.close(within: .seconds(30)), "a second close changes nothing")
        ring.log(.info, .system, "late", "")
        logger.log(.warning, .system, "late", "")
        #expect(logger.statistics.dropped == [.info: 1, .warning: 1])
    }
}
