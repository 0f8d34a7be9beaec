import Foundation
import Testing

@testable import Observability

@Suite("Log schema") struct LoggerTests {
    private let page = LogCapture()

    private func logger(
        level: LogLevel = .trace, format: LogFormat = .json, capacity: Int = 64, metrics: Metrics? = nil
    ) -> Logger {
        let page = page
        return Logger(
            level: level, sink: LogSink(format: format) { page.write($0) },
            origin: LogOrigin(version: "1", node: "n1", processID: 42), capacity: capacity, metrics: metrics,
            clock: { 1_700_000_000_123_456 })
    }

    @Test func `a line is one JSON object with the schema's names`() throws {
        let logger = logger()
        logger.log(
            .warning, .websocket, "connection_closed", "client went away",
            ["code": 1001, "peer": "p", "took": .duration(.milliseconds(2)), "clean": true],
            in: LogContext(correlationID: "c", connectionID: 7, roomID: "AB", roomSequence: 9))
        #expect(logger.close())
        let line = try #require(try page.objects().first)
        #expect(line["timestamp"] as? String == "2023-11-14T22:13:20.123456Z")
        #expect(line["level"] as? String == "WARNING")
        #expect(line["category"] as? String == "websocket")
        #expect(line["event"] as? String == "connection_closed")
        #expect(line["message"] as? String == "client went away")
        #expect(line["service"] as? String == "gameserver")
        #expect(line["pid"] as? Int == 42)
        #expect(line["log_seq"] as? Int == 1)
        #expect(line["correlation_id"] as? String == "c")
        #expect(line["conn_id"] as? String == "7")
        #expect(line["room_id"] as? String == "AB")
        #expect(line["room_seq"] as? Int == 9)
        let details = try #require(line["details"] as? [String: Any])
        #expect(details["code"] as? Int == 1001)
        #expect(details["took"] as? Double == 2)
        #expect(details["clean"] as? Bool == true)
    }

    @Test func `hostile text cannot break a line or forge a second one`() throws {
        let hostile = "a\"b\\c\r\n{\"level\":\"x\"}\u{0}\u{7f}\u{85}é😀"
        let logger = logger()
        logger.log(.info, .system, "hostile", hostile, ["field": .string(hostile)])
        logger.close()
        let lines = try page.objects()
        #expect(lines.count == 1)
        #expect(lines[0]["message"] as? String == hostile)
    }

    @Test func `a human line holds no control character of a peer`() {
        let logger = logger(format: .human)
        logger.log(.info, .system, "hostile", "a\u{1b}[31m\nb\u{202e}c\u{2028}d", ["seat": 3])
        logger.close()
        #expect(page.text == "22:13:20.123 INFO     system: a�[31m�b�c�d seat=3\n")
    }

    @Test func `a line is never longer than its limit and says when fields were left out`() throws {
        let long = String(repeating: "ü", count: 40_000)
        let logger = logger()
        logger.log(.info, .system, "long", long, ["a": .string(long), "b": .string(long), "c": .string(long), "d": 1])
        logger.close()
        #expect(page.text.utf8.count <= LogEncoder.maxLineBytes)
        #expect(try page.objects()[0]["truncated"] as? Bool == true)
    }

    @Test func `a secret prints as redacted wherever it is put`() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        let logger = logger()
        logger.log(.info, .security, "login", "with \(secret)", ["token": .secret(secret)])
        logger.close()
        #expect(!(dumped + "\(secret) \(String(reflecting: secret))" + page.text).contains("hunter2"))
        #expect(page.text.contains("\"token\":\"[redacted]\""))
    }

    @Test func `lines below the level are not even made`() {
        let logger = logger(level: .warning)
        logger.log(
            .info, .system, "quiet",
            {
                Issue.record("made")
                return ""
            }())
        logger.setLevel(.info)
        logger.log(.info, .system, "loud", "now")
        logger.close()
        #expect(page.text.contains("loud") && !page.text.contains("quiet"))
    }

    @Test func `a stuck reader blocks nobody, drops are counted, and warnings outlast lesser lines`() throws {
        let metrics = Metrics(process: .init(version: "1", startSeconds: 0, uptimeSeconds: { 0 }))
        let logger = logger(capacity: 64, metrics: metrics)
        page.stop()
        logger.log(.info, .system, "first", "taken by the writer, which is now stuck")
        page.waitUntilStuck()
        for _ in 0..<100 { logger.log(.info, .system, "less", "") }
        for _ in 0..<100 { logger.log(.warning, .system, "more", "") }
        #expect(!logger.flush(within: .zero))
        #expect(metrics.logDropped.total == 200 - 72)
        page.resume()
        #expect(logger.close(within: .seconds(30)))
        let lines = try page.objects()
        #expect(lines.count { $0["event"] as? String == "less" } == 56)
        #expect(lines.count { $0["event"] as? String == "more" } == 16)
        let report = try #require(lines.first { $0["event"] as? String == "log_lines_dropped" })
        #expect((report["details"] as? [String: Any])?["dropped"] as? Int == 128)
    }

    @Test func `flush waits for what was logged before it`() {
        let logger = logger()
        for index in 0..<50 { logger.log(.info, .system, "line", "\(index)") }
        #expect(logger.flush(within: .seconds(30)))
        #expect(page.text.split(separator: "\n").count == 50)
    }

    @Test func `a log file is appended to and kept from strangers`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        for event in ["first", "second"] {
            let logger = Logger(sink: try .file(path), origin: LogOrigin(version: "1", node: "n", processID: 1))
            logger.log(.info, .system, "line", event)
            #expect(logger.close(within: .seconds(30)))
        }
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains("first") && lines[1].contains("second"))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect((mode ?? 0o777) & 0o007 == 0)
    }

    @Test func `a log file that cannot be opened is told with its reason`() {
        let error = #expect(throws: LogFileError.self) { try LogSink.file("/nowhere/x.log") }
        #expect(error?.description == "log file /nowhere/x.log cannot be opened: No such file or directory")
    }

    @Test func `lines a sink refuses are counted as dropped`() {
        let metrics = Metrics(process: .init(version: "1", startSeconds: 0, uptimeSeconds: { 0 }))
        let logger = Logger(
            sink: LogSink { _ in false }, origin: LogOrigin(version: "1", node: "n", processID: 1), metrics: metrics)
        for _ in 0..<3 { logger.log(.info, .system, "line", "") }
        #expect(logger.close(within: .seconds(30)))
        #expect(metrics.logDropped.total == 3)
    }

    @Test func `a level is read by name in any case, and warn is warning`() {
        #expect(LogLevel(name: "INFO") == .info)
        #expect(LogLevel(name: "warn") == .warning)
        #expect(LogLevel(name: "loud") == nil)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"), (-1, "1969-12-31T23:59:59.999999Z"),
    ])
    func `a timestamp is UTC to the microsecond`(microseconds: Int, text: String) {
        #expect(Timestamp.text(microseconds: microseconds) == text)
    }
}
