import Foundation
import TestSupport
import Testing

@testable import Observability

@Suite("Logs: hostile text and secrets") struct LogHostilityTests {
    private static let canary = "canary-9f3b"

    private func logger(_ capture: LogCapture, _ format: LogFormat = .json) -> Logger {
        var options = Logger.Options()
        options.repeatsPerSecond = 0
        return Logger(
            level: .trace, sink: LogSink(format: format) { capture.write($0) },
            origin: LogOrigin(version: "1", node: "n", processID: 1), options: options, capacity: 100_000)
    }

    /// Text of every kind that has broken a log before, and of any other.
    private func hostileText(_ random: inout some RandomNumberGenerator) -> String {
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            return String(
                decoding: (0..<Int.random(in: 0..<200, using: &random)).map { _ in
                    UInt8.random(in: .min ... .max, using: &random)
                }, as: UTF8.self)
        case 1:
            return String(
                repeating: ["\"", "\\", "\u{0}", "é", "😀", "\u{2028}", "]}"].randomElement(using: &random) ?? "",
                count: Int.random(in: 0..<9000, using: &random))
        case 2: return "\"},\"level\":\"CRITICAL\",\"x\":{\"y\":[[[[{\"z\":1}]]]]"
        case 3: return "\r\n{\"timestamp\":\"1970-01-01T00:00:00.000000Z\"}\n\u{85}\u{2029}"
        case 4: return "\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}\u{2066}\u{feff}"
        default:
            let scalars = (0..<Int.random(in: 0..<100, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...0x10ffff, using: &random))
            }
            return String(String.UnicodeScalarView(scalars))
        }
    }

    @Test(arguments: [UInt64.random(in: .min ... .max), 1, 2])
    func `whatever is put into a line, it is one whole JSON object of bounded length`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let capture = LogCapture()
        let logger = logger(capture)
        let count = 200
        for _ in 0..<count {
            func text() -> String { hostileText(&random) }
            let error = LogError(type: text(), message: text(), stack: (0..<40).map { _ in text() })
            let http = LogHTTP(method: text(), route: text(), status: 200, bytes: 0)
            let context = LogContext(
                correlationID: text(), traceID: text(), spanID: text(), requestID: text(), connectionID: .max,
                session: text(), roomID: text(), roomSequence: .min, seat: .max, plugin: text(), op: text(),
                clientAddress: text(), userAgent: text())
            let fields = LogFields(
                (0..<Int.random(in: 0..<80, using: &random)).map { _ in
                    (text(), Bool.random(using: &random) ? .string(text()) : .number(Double(bitPattern: random.next())))
                })
            switch Int.random(in: 0..<3, using: &random) {
            case 0: logger.log(.info, .error, "hostile", text(), fields, about: .error(error), in: context)
            case 1: logger.log(.info, .access, "hostile", text(), fields, about: .http(http), in: context)
            default:
                let audit = LogAudit(
                    actor: text(), action: text(), target: text(), before: .string(text()), after: .string(text()))
                logger.audit(audit, "hostile", text(), fields, in: context)
            }
        }
        #expect(logger.close(within: .seconds(60)))
        #expect(capture.lines.count == count, "seed \(seed)")
        for line in capture.lines {
            #expect(line.count < LogEncoder.maxLineBytes, "seed \(seed)")
            let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
            #expect(object?["event"] as? String == "hostile" && object?["level"] as? String == "INFO", "seed \(seed)")
            #expect(!line.contains { $0 < 0x20 || $0 == 0x7f }, "seed \(seed)")
            #expect(
                LogMatcher(LogFilter()).match(line[...]) != nil, "search reads what the encoder wrote; seed \(seed)")
        }
    }

    @Test(arguments: [UInt64.random(in: .min ... .max), 1])
    func `a human line is one line without anything that steers a terminal`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let capture = LogCapture()
        let logger = logger(capture, .human)
        for _ in 0..<200 {
            logger.log(
                .info, .system, "hostile", hostileText(&random), LogFields([(hostileText(&random), "x")]),
                in: LogContext(plugin: hostileText(&random), userAgent: hostileText(&random)))
        }
        #expect(logger.close(within: .seconds(60)))
        #expect(capture.lines.count == 200, "seed \(seed)")
        for line in capture.lines {
            #expect(line.count < LogEncoder.maxLineBytes && !line.contains(0x1b), "seed \(seed)")
        }
    }

    @Test func `a secret is nowhere in what is written, however it is put in`() throws {
        struct Carrier: Error { var secret = Secret(LogHostilityTests.canary), text = LogHostilityTests.canary }
        enum Fault: Error { case login(token: String), secret(Secret) }
        let secret = Secret(Self.canary)
        for format in [LogFormat.json, .human] {
            let directory = try TemporaryDirectory()
            let capture = LogCapture()
            var options = Logger.Options()
            options.auditFile = try LogFilePlan(opening: directory.path + "/audit.log")
            let logger = Logger(
                level: .trace, sink: LogSink(format: format) { capture.write($0) },
                origin: LogOrigin(version: "1", node: "n", processID: 1), options: options)
            let tailed = LogCapture()
            let tail = logger.tail(LogFilter()) { tailed.write($0) }
            let ring = logger.makeRing()
            let errors: [any Error] = [Fault.login(token: Self.canary), Fault.secret(secret), Carrier()]
            for error in errors {
                logger.log(.error, .error, "fault", "m", about: .error(LogError(error)))
                ring.log(.error, .error, "fault", "m", about: .error(LogError(error)))
            }
            logger.log(
                .info, .security, "login", "with \(secret) \(String(describing: secret)) \(String(reflecting: secret))",
                ["token": .secret(secret)])
            ring.log(.info, .security, "login", "with \([secret]) \(["token": secret])", ["token": .secret(secret)])
            logger.audit(
                LogAudit(actor: "a", action: "rotate", before: .secret(secret), after: .secret(secret)), "rotated",
                "\(secret)", ["token": .secret(secret)])
            #expect(logger.close(within: .seconds(30)))
            let audit = try String(contentsOfFile: directory.path + "/audit.log", encoding: .utf8)
            let memory = logger.search(LogFilter()).lines.map { String(decoding: $0, as: UTF8.self) }.joined()
            #expect(
                memory.contains("[redacted]") && audit.contains("[redacted]") && capture.text.contains("[redacted]"))
            #expect(!(capture.text + tailed.text + audit + memory).contains(Self.canary))
            tail?.cancel()
        }
    }
}

/// Luck that a seed gives again.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
