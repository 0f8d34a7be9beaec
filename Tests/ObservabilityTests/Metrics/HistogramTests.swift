import Foundation
import Testing

@testable import Observability

@Suite("Histograms") struct HistogramTests {
    private static let layouts = [
        HistogramLayout(bounds: MetricBounds.handling, scale: 1e9),
        HistogramLayout(bounds: MetricBounds.life, scale: 1e9),
        HistogramLayout(bounds: MetricBounds.http, scale: 1e9), HistogramLayout(bounds: MetricBounds.fanout, scale: 1),
        HistogramLayout(bounds: MetricBounds.size, scale: 1), HistogramLayout(bounds: [0.5, 2.5, 1e8], scale: 1e6),
    ]

    /// The values around every edge, and luck.
    private static func values(_ layout: HistogramLayout) -> [Int] {
        var seed: UInt64 = 20_260_101
        let lucky = (0..<5000).map { _ -> Int in
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 1) >> Int(seed % 63)
        }
        var values: [Int] = lucky + [0, 1, 2, 3, .max]
        for upper in layout.uppers.dropLast() { values += [upper, upper + 1, max(0, upper - 1)] }
        for exponent in 0..<62 { values += [1 << exponent, (1 << exponent) - 1] }
        // Beyond it the test's own arithmetic would round.
        return values.filter { $0 <= 1 << 53 || $0 == .max }
    }

    /// The bin's classic and native bucket against their definition.
    private static func isRight(_ bin: Int, _ value: Int, _ layout: HistogramLayout) -> Bool {
        let real = Double(value) / layout.scale
        let classic = layout.bounds.firstIndex { real <= $0 } ?? layout.bounds.count
        guard layout.classic[bin] == classic else {
            return false
        }
        if bin == 0 { return value == 0 }
        let last = layout.binCount - 1
        if bin == last { return value > layout.uppers[last - 1] }
        let index = layout.native[bin]
        let low = (HistogramLayout.boundary(index - 1) * layout.scale).rounded(.down)
        return Double(value) > low && Double(value) <= HistogramLayout.boundary(index) * layout.scale
    }

    @Test(arguments: layouts.indices)
    func `every value lies in the classic bucket and the native bucket its number says`(number: Int) {
        let layout = Self.layouts[number]
        let rows = HistogramRows(layout, count: 1)
        let values = Self.values(layout)
        let wrong = values.filter { !Self.isRight(rows.bin($0), $0, layout) }
        #expect(wrong.isEmpty)
        for value in values.prefix(50) {
            let before = rows.snapshot(at: 0)
            rows.record(value, at: 0, row: 0)
            #expect(rows.snapshot(at: 0).subtracting(before).cells[rows.bin(value)] == 1)
        }
    }

    @Test(arguments: layouts.indices) func `bins ascend and cover the classic bounds`(number: Int) {
        let layout = Self.layouts[number]
        #expect(zip(layout.uppers, layout.uppers.dropFirst()).allSatisfy { $0 < $1 })
        #expect(zip(layout.native.dropFirst(), layout.native.dropFirst(2)).allSatisfy { $0 <= $1 })
        for bound in layout.bounds { #expect(layout.uppers.contains(Int((bound * layout.scale).rounded()))) }
        #expect(layout.binCount < 600)
    }

    @Test func `a negative duration counts as zero and one without end in the last bucket`() {
        let metrics = Metrics.forTests()
        metrics.deliverySeconds.record(.seconds(-5))
        metrics.deliverySeconds.record(.seconds(86_400 * 365))
        let snapshot = metrics.deliverySeconds.snapshot()
        #expect(snapshot.zeros == 1)
        #expect(snapshot.cumulative.suffix(2) == [1, 2])
        #expect(snapshot.count == 2)
    }

    @Test func `quantiles are right within the width of a bin`() throws {
        let metrics = Metrics.forTests()
        #expect(metrics.deliverySeconds.quantile(0.95) == nil)
        for milliseconds in 1...1000 { metrics.deliverySeconds.record(.milliseconds(milliseconds)) }
        for (share, expected) in [(0.01, 0.01), (0.5, 0.5), (0.95, 0.95), (0.99, 0.99), (1, 1)] {
            let found = try #require(metrics.deliverySeconds.quantile(share))
            #expect(abs(found / expected - 1) < 0.05, "\(share): \(found)")
        }
        #expect(metrics.deliverySeconds.snapshot().share(above: 0.2) == 0.8)
        #expect(metrics.deliverySeconds.snapshot().mean == 0.5005)
    }

    @Test func `what happened between two moments is their difference, what happened in two places their sum`() {
        let metrics = Metrics.forTests()
        metrics.messageSeconds.record(.milliseconds(1), .act)
        let before = metrics.messageSeconds.snapshot()
        metrics.messageSeconds.record(.seconds(1), .act)
        metrics.messageSeconds.record(.seconds(3), .join)
        let since = metrics.messageSeconds.snapshot().subtracting(before)
        #expect(since.count == 2)
        #expect(since.sum == 4)
        let act = metrics.messageSeconds.snapshot(.act)
        #expect(act.count == 2)
        #expect(act.merging(metrics.messageSeconds.snapshot(.join)).sum == 4.001)
    }

    @Test func `a family has no more series than its ceiling, the rest is counted as other`() {
        let metrics = Metrics.forTests(routes: (0..<90).map { "/r\($0)" })
        for route in 0..<90 {
            for status in [200, 404, 500] {
                metrics.httpRequestSeconds.record(.milliseconds(1), .get, route: route, HTTPStatusLabel(code: status))
            }
        }
        #expect(metrics.httpRequestSeconds.snapshot().count == 270)
        let lines = metrics.textLines()
        let counts = lines.filter { $0.hasPrefix("http_server_request_duration_seconds_count") }
        #expect(counts.count == HistogramRows.maxSeries + 1)
        #expect(counts.last?.contains("http_route=\"_other\"") == true && counts.last?.hasSuffix(" 70") == true)
        #expect(
            lines.contains("gameserver_metrics_overflow_total{family=\"http_server_request_duration_seconds\"} 70"))
    }

    @Test func `writers and readers at once lose nothing, and count and buckets always agree`() {
        let metrics = Metrics.forTests()
        let done = DispatchGroup()
        for thread in 0..<4 {
            Thread.detachNewThread(in: done) {
                let writer = thread > 0 ? metrics.makeWriter() : nil
                for turn in 0..<20_000 {
                    metrics.deliverySeconds.record(.microseconds(turn), by: writer)
                    metrics.messageSeconds.record(.microseconds(turn), turn % 2 == 0 ? .act : .join, by: writer)
                }
            }
        }
        Thread.detachNewThread(in: done) {
            var last = 0
            for _ in 0..<100 {
                let snapshot = metrics.deliverySeconds.snapshot()
                #expect(snapshot.count >= last)
                #expect(snapshot.cumulative.last == snapshot.count)
                last = snapshot.count
                _ = metrics.exposition(as: .protobuf)
            }
        }
        done.wait()
        #expect(metrics.deliverySeconds.snapshot().count == 80_000)
        #expect(metrics.deliverySeconds.snapshot().sum == 4 * 199.99)
        #expect(metrics.messageSeconds.snapshot(.join).count == 40_000)
    }
}

@Suite("Exemplars") struct ExemplarTests {
    private func exemplars(_ metrics: Metrics) -> [ExemplarSlot.Content] {
        metrics.deliverySeconds.family.histogramRows.exemplars(at: 0).compactMap { $0 }
    }

    @Test func `a bucket keeps its exemplar for a second`() {
        let metrics = Metrics.forTests()
        for (milliseconds, name) in [(1000, "a"), (1999, "b"), (2000, "c"), (2001, "d")] {
            metrics.deliverySeconds.record(
                .milliseconds(3), exemplar: Exemplar(traceID: name, unixMilliseconds: milliseconds))
        }
        #expect(exemplars(metrics).map(\.traceID) == ["d"])
        #expect(exemplars(metrics).map(\.value) == [3_000_000])
    }

    @Test func `the newest of several threads is shown`() {
        let metrics = Metrics.forTests()
        let writer = metrics.makeWriter()
        metrics.deliverySeconds.record(.milliseconds(3), exemplar: Exemplar(traceID: "old", unixMilliseconds: 1))
        metrics.deliverySeconds.record(
            .milliseconds(4), exemplar: Exemplar(traceID: "new", unixMilliseconds: 2), by: writer)
        #expect(exemplars(metrics).map(\.traceID) == ["new"])
    }

    @Test func `what is too long is cut or left out, so that names and values fit in 128 characters`() throws {
        let metrics = Metrics.forTests()
        metrics.deliverySeconds.record(
            .milliseconds(3),
            exemplar: Exemplar(
                traceID: String(repeating: "t", count: 40), event: String(repeating: "e", count: 65),
                unixMilliseconds: 1))
        metrics.deliverySeconds.record(
            .milliseconds(30), exemplar: Exemplar(event: String(repeating: "é", count: 32), unixMilliseconds: 1))
        let found = exemplars(metrics)
        #expect(found[0].traceID.count == 32 && found[0].event.isEmpty)
        #expect(found[1].event == String(repeating: "é", count: 32))
        for exemplar in found {
            let length = exemplar.labels.reduce(0) { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count }
            #expect(length <= 128)
        }
    }

    @Test func `a reader sees whole exemplars while they are replaced`() {
        let metrics = Metrics.forTests()
        let done = DispatchGroup()
        for thread in 0..<3 {
            Thread.detachNewThread(in: done) {
                for turn in 0..<5_000 {
                    let text = String(repeating: Character(UnicodeScalar(UInt8(97 + turn % 26))), count: 32)
                    metrics.deliverySeconds.record(
                        .milliseconds(3),
                        exemplar: Exemplar(
                            traceID: text, event: text, unixMilliseconds: turn * 2000 + thread))
                }
            }
        }
        Thread.detachNewThread(in: done) {
            for _ in 0..<5_000 {
                for exemplar in self.exemplars(metrics) {
                    #expect(Set(exemplar.traceID).count == 1 && exemplar.traceID == exemplar.event)
                    #expect(exemplar.traceID.count == 32)
                }
            }
        }
        done.wait()
        #expect(exemplars(metrics).count == 1)
    }
}

extension Metrics {
    /// Two games, and nothing of this machine.
    static func forTests(routes: [String] = [], domain: DomainMetrics = .none) -> Metrics {
        Metrics(
            process: .init(version: "1", startSeconds: 0, uptimeSeconds: { 0 }), plugins: ["liap-tui", "tic-tac-toe"],
            routes: routes, domain: domain, resources: nil)
    }

    func textLines(_ format: ExpositionFormat = .text) -> [String] {
        String(decoding: exposition(as: format), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
