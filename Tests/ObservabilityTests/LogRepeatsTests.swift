import Testing

@testable import Observability

@Suite("Repeated log lines") struct LogRepeatsTests {
    private func record(
        _ event: StaticString = "again", plugin: String? = nil, category: LogCategory = .system, at seconds: Double
    ) -> LogRecord {
        LogRecord(
            time: Int(seconds * 1e6), level: .info, category: category, event: event, message: "", fields: [:],
            context: LogContext(plugin: plugin))
    }

    /// How many of a run of lines were written.
    private func passed(
        _ repeats: inout LogRepeats, _ count: Int, _ event: StaticString = "again", plugin: String? = nil,
        category: LogCategory = .system, at seconds: Double
    ) -> Int {
        var passed = 0
        for _ in 0..<count where repeats.pass(record(event, plugin: plugin, category: category, at: seconds)) != nil {
            passed += 1
        }
        return passed
    }

    @Test func `a run of one line is cut to its share and the next line says how many there were`() {
        var repeats = LogRepeats(perSecond: 5)
        let passed = self.passed(&repeats, 80, at: 1)
        #expect(passed == 50)
        #expect(repeats.isHolding)
        let next = repeats.pass(record(at: 2))
        #expect(next?.suppressed == 30)
        #expect(!repeats.isHolding)
        let last = repeats.pass(record(at: 2))
        #expect(last?.suppressed == 0)
    }

    @Test func `what no line comes after is told by the last of the run itself`() {
        var repeats = LogRepeats(perSecond: 5)
        for index in 0..<60 { _ = repeats.pass(record(at: 1 + Double(index) / 1000)) }
        let early = repeats.due(at: 1_100_000)
        #expect(early.isEmpty)
        let due = repeats.due(at: 2_100_000)
        #expect(due.map(\.suppressed) == [9] && due.map(\.record.time) == [1_059_000])
        #expect(!repeats.isHolding)
    }

    @Test func `each event of each plugin has a share of its own`() {
        var repeats = LogRepeats(perSecond: 1)
        for (event, plugin) in [("a" as StaticString, "x"), ("a", "y"), ("b", "x")] {
            let passed = self.passed(&repeats, 20, event, plugin: plugin, at: 1)
            #expect(passed == 10)
        }
    }

    @Test(arguments: [LogCategory.access, .gameEvent, .audit])
    func `lines that each count are never left out`(category: LogCategory) {
        var repeats = LogRepeats(perSecond: 1)
        #expect(passed(&repeats, 100, category: category, at: 1) == 100)
    }

    @Test func `no more events are looked after than the limit, and the quiet ones are forgotten`() {
        var repeats = LogRepeats(perSecond: 1)
        for index in 0..<LogRepeats.maxBuckets { _ = repeats.pass(record(plugin: "\(index)", at: 1)) }
        #expect(passed(&repeats, 20, plugin: "late", at: 1) == 20)
        #expect(passed(&repeats, 20, plugin: "later", at: 100) == 10)
    }

    @Test func `numbers count what was written, so repeats left out make no gap`() throws {
        let capture = LogCapture()
        let logger = Logger(
            sink: capture.sink, origin: LogOrigin(version: "1", node: "n", processID: 1), clock: { 0 })
        for _ in 0..<500 { logger.log(.info, .system, "again", "") }
        #expect(logger.close(within: .seconds(30)))
        let lines = try capture.objects()
        #expect(lines.map { $0["log_seq"] as? Int } == (1...201).map { $0 }, "\(lines.count)")
        #expect(lines.last?["suppressed"] as? Int == 299)
        #expect(logger.statistics.suppressed == 300)
    }
}
