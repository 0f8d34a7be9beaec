import Testing

@testable import Observability

@Suite("Exposition formats") struct ExpositionTests {
    private let metrics = Metrics(
        process: .init(version: "1.2\"3\\", startSeconds: 1.5, uptimeSeconds: { 60 }), plugins: ["liap-tui"],
        middleware: ["latency"], resources: nil)

    private func lines(_ format: ExpositionFormat = .text) -> [Substring] {
        String(decoding: metrics.exposition(as: format), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The lines of one family, metadata included.
    private func family(_ name: String, _ format: ExpositionFormat) -> [Substring] {
        lines(format).filter { line in
            line.hasPrefix(name) || ["HELP", "TYPE", "UNIT"].contains { line.hasPrefix("# \($0) \(name) ") }
        }
    }

    private func protobuf(_ name: String) throws -> [Int: [ProtobufReader.Field]] {
        let all = ProtobufReader.delimited(metrics.exposition(as: .protobuf))
        return try #require(all.first { $0.text(1) == name })
    }

    @Test(arguments: [ExpositionFormat.text, .openMetrics])
    func `the last line ends with a line feed and no line is empty`(format: ExpositionFormat) {
        let lines = lines(format)
        #expect(lines.last == "")
        #expect(lines.dropLast().allSatisfy { !$0.isEmpty })
    }

    @Test func `every metric whose zero means something is exposed once, its help and type before its samples`() {
        let lines = lines()
        for metric in MetricCatalogue.all where metric.presence == .always && metric.name != "gameserver_node_info" {
            let kind = metric.kind == .info ? "gauge" : metric.kind.rawValue
            let type = lines.indices.filter { lines[$0] == "# TYPE \(metric.name) \(kind)" }
            #expect(type.count == 1, "\(metric.name)")
            guard let line = type.first else { continue }
            #expect(lines[line - 1].hasPrefix("# HELP \(metric.name) "))
            #expect(lines[line + 1].hasPrefix(metric.name))
        }
    }

    @Test func `every known label value is exposed as zero from the start, what may never come is not`() {
        let lines = lines()
        #expect(lines.contains("gameserver_rooms{plugin=\"liap-tui\",state=\"waiting\"} 0"))
        #expect(lines.contains("gameserver_commands_total{result=\"store_unavailable\"} 0"))
        #expect(lines.contains("gameserver_ws_close_codes_total{code=\"4504\"} 0"))
        #expect(lines.contains("gameserver_commits_total{outcome=\"committed\"} 0"))
        #expect(lines.contains("gameserver_ws_resumes_total{result=\"replayed\"} 0"))
        #expect(lines.contains("gameserver_eventloop_busy_seconds_total{loop=\"0\"} 0"))
        for quiet in ["none", "latency", "_other"] { #expect(!lines.contains { $0.contains("plugin=\"\(quiet)\"") }) }
        metrics.pluginExceptions.add(plugin: metrics.pluginIndex("latency"))
        #expect(self.lines().contains("gameserver_plugin_exceptions_total{plugin=\"latency\"} 1"))
    }

    @Test func `label values and help escape what the format asks for`() {
        #expect(lines().contains { $0.hasPrefix(#"gameserver_build_info{version="1.2\"3\\",swift="#) })
        #expect(!lines().contains { $0.contains("=\"\"") }, "an empty value is no label")
        var text: [UInt8] = []
        text.append(escaped: "a\\b\nc\"d", quotes: false)
        #expect(String(decoding: text, as: UTF8.self) == #"a\\b\nc"d"#)
    }

    @Test(arguments: [
        (3, "3"), (0.25, "0.25"), (-7, "-7"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        (1e300, "1e+300"),
    ])
    func `numbers are whole where they can be and infinite where they must be`(value: Double, text: String) {
        var bytes: [UInt8] = []
        bytes.append(number: value)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test(arguments: [
        (0, "0"), (1, "0.000000001"), (60_000_201_000, "60.000201"), (5_000_000_000, "5"), (-1_500_000_000, "-1.5"),
    ])
    func `nanoseconds are seconds without a digit too many`(value: Int, text: String) {
        var bytes: [UInt8] = []
        bytes.append(nanoseconds: value)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test func `a histogram in text is cumulative and its last bucket equals its count`() {
        metrics.commitSeconds.record(.microseconds(100))
        metrics.commitSeconds.record(.microseconds(101))
        metrics.commitSeconds.record(.seconds(60))
        #expect(
            family("gameserver_commit_seconds", .text).joined(separator: "\n") == """
                # HELP gameserver_commit_seconds From offering a record to the event store until its outcome.
                # TYPE gameserver_commit_seconds histogram
                gameserver_commit_seconds_bucket{le="0.0001"} 1
                gameserver_commit_seconds_bucket{le="0.0005"} 2
                gameserver_commit_seconds_bucket{le="0.001"} 2
                gameserver_commit_seconds_bucket{le="0.005"} 2
                gameserver_commit_seconds_bucket{le="0.01"} 2
                gameserver_commit_seconds_bucket{le="0.05"} 2
                gameserver_commit_seconds_bucket{le="0.1"} 2
                gameserver_commit_seconds_bucket{le="0.5"} 2
                gameserver_commit_seconds_bucket{le="1.0"} 2
                gameserver_commit_seconds_bucket{le="5.0"} 2
                gameserver_commit_seconds_bucket{le="10.0"} 2
                gameserver_commit_seconds_bucket{le="+Inf"} 3
                gameserver_commit_seconds_sum 60.000201
                gameserver_commit_seconds_count 3
                """)
    }

    @Test func `OpenMetrics names counters without total, states the unit between type and help, and ends`() {
        metrics.obsCPUSeconds.add(.milliseconds(1500), .monitor)
        #expect(
            family("gameserver_obs_cpu_seconds", .openMetrics).joined(separator: "\n") == """
                # TYPE gameserver_obs_cpu_seconds counter
                # UNIT gameserver_obs_cpu_seconds seconds
                # HELP gameserver_obs_cpu_seconds CPU time of the threads that observe the server.
                gameserver_obs_cpu_seconds_total{part="monitor"} 1.5
                gameserver_obs_cpu_seconds_total{part="log_writer"} 0
                gameserver_obs_cpu_seconds_total{part="store_reader"} 0
                """)
        #expect(lines(.openMetrics).suffix(2) == ["# EOF", ""])
        #expect(!lines(.text).contains("# EOF"))
    }

    @Test func `OpenMetrics has an info's and a state set's own types`() {
        metrics.healthState.set(component: metrics.componentIndex("store"), .critical)
        #expect(lines(.openMetrics).contains("# TYPE gameserver_build info"))
        #expect(
            family("gameserver_health_state", .openMetrics).joined(separator: "\n") == """
                # TYPE gameserver_health_state stateset
                # HELP gameserver_health_state The level of a component: one of the states is 1, the others are 0.
                gameserver_health_state{component="store",gameserver_health_state="healthy"} 0
                gameserver_health_state{component="store",gameserver_health_state="warning"} 0
                gameserver_health_state{component="store",gameserver_health_state="critical"} 1
                gameserver_health_state{component="store",gameserver_health_state="unknown"} 0
                """)
    }

    @Test func `OpenMetrics shows an exemplar behind its bucket, text does not`() {
        let exemplar = Exemplar(traceID: "t1", event: "ABCDEFGH:7", unixMilliseconds: 1_700_000_000_250)
        metrics.messageSeconds.record(.milliseconds(150), .act, exemplar: exemplar)
        let bucket = #"gameserver_message_duration_seconds_bucket{op="act",le="0.2"} 1"#
        #expect(
            lines(.openMetrics).contains(
                bucket + #" # {trace_id="t1",event="ABCDEFGH:7"} 0.15 1700000000.25"#[...]))
        #expect(lines(.text).contains(bucket[...]))
    }

    @Test func `OpenMetrics and protobuf show a counter's exemplar, text does not`() throws {
        let exemplar = Exemplar(traceID: "t1", unixMilliseconds: 1_700_000_000_250)
        metrics.recoveryAttempts.add(2, .memoryPressure, .failed, exemplar: exemplar)
        let sample = #"gameserver_recovery_attempts_total{procedure="memory_pressure",result="failed"} 2"#
        #expect(lines(.openMetrics).contains(sample + #" # {trace_id="t1"} 2 1700000000.25"#[...]))
        #expect(lines(.text).contains(sample[...]))
        let counters = try protobuf("gameserver_recovery_attempts_total").messages(4).compactMap {
            $0.messages(3).first
        }
        let found = counters.filter { !$0.messages(2).isEmpty }
        #expect(found.map { $0.double(1) } == [2])
        let kept = try #require(found.first?.messages(2).first)
        #expect(kept.messages(1).map { [$0.text(1), $0.text(2)] } == [["trace_id", "t1"]])
        #expect(kept.double(2) == 2 && kept.messages(3).first?.number(1) == 1_700_000_000)
        // One that keeps none takes it and forgets it.
        metrics.storeErrors.add(1, .commit, .io, exemplar: exemplar)
        #expect(!lines(.openMetrics).contains { $0.hasPrefix("gameserver_store_errors_total") && $0.contains("#") })
    }

    @Test func `protobuf carries a counter with its labels`() throws {
        metrics.messages.add(42, .out)
        let family = try protobuf("gameserver_messages_total")
        #expect(family.text(2) == "WebSocket data messages.")
        #expect(family.number(3) == 0)
        let samples = family.messages(4).map { metric in
            (metric.messages(1).map { [$0.text(1), $0.text(2)] }, metric.messages(3).first?.double(1))
        }
        #expect(samples.map(\.0) == [[["direction", "in"]], [["direction", "out"]]])
        #expect(samples.map(\.1) == [0, 42])
    }

    @Test func `protobuf carries classic and native buckets of one histogram`() throws {
        // 2 zeros; 1 ms twice, 1.05 ms, and far away 1 s: native buckets -79 twice (0.917…1.0 ms), -79+…
        for time in [Duration.zero, .zero, .milliseconds(1), .milliseconds(1), .microseconds(1050), .seconds(1)] {
            metrics.commitSeconds.record(time)
        }
        let family = try protobuf("gameserver_commit_seconds")
        #expect(family.number(3) == 4)
        #expect(family.text(5) == "seconds")
        let histogram = try #require(family.messages(4).first?.messages(7).first)
        #expect(histogram.number(1) == 6)
        #expect(histogram.double(2) == 1.00305)
        let classic = histogram.messages(3)
        #expect(classic.map { $0.number(1) } == [2, 2, 4, 5, 5, 5, 5, 5, 6, 6, 6, 6])
        #expect(
            classic.map { $0.double(2) } == [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, .infinity])
        #expect(histogram.number(5).map(ProtobufReader.signed) == 3)
        #expect(histogram.double(6) == 0x1p-128)
        #expect(histogram.number(7) == 2)
        var buckets: [Int: Int] = [:]
        var index = 0
        var count = 0
        var deltas = ProtobufReader.varints(try #require(histogram.bytes(13).first)).map(ProtobufReader.signed)[...]
        for span in histogram.messages(12) {
            index += ProtobufReader.signed(span.number(1) ?? 0)
            for _ in 0..<(span.number(2) ?? 0) {
                count += deltas.popFirst() ?? 0
                buckets[index] = count
                index += 1
            }
        }
        #expect(deltas.isEmpty)
        // 0.001 s lies in (2^(-80/8), 2^(-79/8)], 0.00105 s in the same, 1 s in (2^(-1/8), 1].
        #expect(buckets == [-79: 3, 0: 1])
    }

    @Test func `protobuf carries exemplars with their time`() throws {
        let exemplar = Exemplar(traceID: "t1", event: "E:1", unixMilliseconds: 1_700_000_000_250)
        metrics.commitSeconds.record(.milliseconds(7), exemplar: exemplar)
        let histogram = try #require(protobuf("gameserver_commit_seconds").messages(4).first?.messages(7).first)
        let found = try #require(histogram.messages(16).first)
        #expect(found.messages(1).map { [$0.text(1), $0.text(2)] } == [["trace_id", "t1"], ["event", "E:1"]])
        #expect(found.double(2) == 0.007)
        #expect(found.messages(3).first?.number(1) == 1_700_000_000)
        #expect(found.messages(3).first?.number(2) == 250_000_000)
        #expect(histogram.messages(3).filter { !$0.messages(3).isEmpty }.map { $0.double(2) } == [0.01])
    }

    @Test func `all three forms have the same families`() {
        for operation in OperationLabel.allCases { metrics.messageSeconds.record(.milliseconds(1), operation) }
        let text = lines().filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
        let protobuf = ProtobufReader.delimited(metrics.exposition(as: .protobuf)).compactMap { $0.text(1) }
        let open = lines(.openMetrics).filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
        #expect(text == protobuf)
        #expect(open == text.map { MetricCatalogue.description(named: $0)?.familyName ?? $0 })
    }
}
