import Testing

@testable import Observability

@Suite("Exposition formats: text 0.0.4") struct ExpositionTests {
    private let metrics = Metrics(
        process: .init(version: "1.2\"3\\", startSeconds: 1.5, uptimeSeconds: { 60 }), plugins: ["liap-tui"])

    private var lines: [Substring] {
        String(decoding: metrics.exposition(), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }

    @Test func `the last line ends with a line feed and no line is empty`() {
        #expect(lines.last == "")
        #expect(lines.dropLast().allSatisfy { !$0.isEmpty })
    }

    @Test func `every metric whose zero means something is exposed once, its help and type before its samples`() {
        let lines = lines
        for metric in MetricCatalogue.all where metric.presence == .always && metric.kind != .info {
            let type = lines.indices.filter { lines[$0] == "# TYPE \(metric.name) \(metric.kind.rawValue)" }
            #expect(type.count == 1, "\(metric.name)")
            guard let line = type.first else { continue }
            #expect(lines[line - 1].hasPrefix("# HELP \(metric.name) "))
            #expect(lines[line + 1].hasPrefix(metric.name))
        }
    }

    @Test func `names are prefixed, end in their unit, and only counters end in total`() {
        for metric in MetricCatalogue.all {
            #expect(["gameserver_", "process_", "http_server_"].contains { metric.name.hasPrefix($0) })
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
        }
        #expect(Set(MetricCatalogue.all.map(\.name)).count == MetricCatalogue.all.count)
    }

    @Test func `every known label value is exposed as zero from the start`() {
        #expect(lines.contains("gameserver_rooms{plugin=\"liap-tui\",state=\"waiting\"} 0"))
        #expect(lines.contains("gameserver_commands_total{result=\"store_unavailable\"} 0"))
        #expect(lines.contains("gameserver_ws_close_codes_total{code=\"4504\"} 0"))
        #expect(lines.contains("gameserver_commits_total{outcome=\"committed\"} 0"))
        #expect(lines.contains("gameserver_ws_resumes_total{result=\"replayed\"} 0"))
    }

    @Test func `label values and help escape what the format asks for`() {
        #expect(lines.contains(#"gameserver_build_info{version="1.2\"3\\"} 1"#))
        #expect(Exposition.escaped("a\\b\nc\"d", quotes: false) == #"a\\b\nc"d"#)
    }

    @Test func `numbers are whole where they can be and infinite where they must be`() {
        #expect(Exposition.number(3) == "3")
        #expect(Exposition.number(0.25) == "0.25")
        #expect(Exposition.number(.infinity) == "+Inf")
        #expect(Exposition.number(.nan) == "NaN")
    }

    @Test func `a histogram is cumulative and its last bucket equals its count`() {
        metrics.commitSeconds.record(.microseconds(100))
        metrics.commitSeconds.record(.microseconds(101))
        metrics.commitSeconds.record(.seconds(60))
        #expect(lines.contains("gameserver_commit_seconds_bucket{le=\"0.0001\"} 1"))
        #expect(lines.contains("gameserver_commit_seconds_bucket{le=\"0.0005\"} 2"))
        #expect(lines.contains("gameserver_commit_seconds_bucket{le=\"10\"} 2"))
        #expect(lines.contains("gameserver_commit_seconds_bucket{le=\"+Inf\"} 3"))
        #expect(lines.contains("gameserver_commit_seconds_count 3"))
        #expect(lines.contains("gameserver_commit_seconds_sum 60.000201"))
    }
}
