import Foundation
import Testing

@testable import Observability

@Suite("Log schema: Resources/schemas/log.schema.json") struct LogSchemaTests {
    private let schema: [String: Any]
    private let capture = LogCapture()

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let data = try Data(contentsOf: root.appending(path: "Resources/schemas/log.schema.json"))
        schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func logger(addresses: ClientAddressPrivacy = .full) -> Logger {
        var options = Logger.Options()
        options.clientAddresses = addresses
        options.repeatsPerSecond = 0
        return Logger(
            level: .trace, sink: capture.sink, origin: LogOrigin(version: "1", node: "n1", processID: 42),
            options: options, clock: { 1_700_000_000_123_456 })
    }

    private var everything: LogContext {
        LogContext(
            correlationID: "c-1", traceID: "0af7651916cd43dd8448eb211c80319c", spanID: "b7ad6b7169203331",
            requestID: "r.1", connectionID: 7, session: "s-1", roomID: "ABCD", roomSequence: 9, seat: 2,
            plugin: "liap-tui", op: "act", clientAddress: "192.0.2.77", userAgent: "agent/1")
    }

    private func properties(_ path: String...) throws -> [String: Any] {
        try path.reduce(schema) { try #require(($0["properties"] as? [String: Any])?[$1] as? [String: Any]) }
    }

    private func written(_ logger: Logger) throws -> [[String: Any]] {
        #expect(logger.close(within: .seconds(30)))
        return try capture.objects()
    }

    @Test func `its lists are those of the code`() throws {
        #expect(try properties("category")["enum"] as? [String] == LogCategory.allCases.map(\.rawValue))
        #expect(try properties("level")["enum"] as? [String] == LogLevel.trace.wordsFromHere)
        #expect(Set(LogLevel.allCases.map(\.word)) == Set(LogLevel.trace.wordsFromHere))
        #expect(try properties("details")["maxProperties"] as? Int == LogEncoder.maxFields)
        #expect(try properties("error", "stack")["maxItems"] as? Int == LogError.maxFrames)
    }

    @Test func `its members are those a line can have, each is written once somewhere, and none is missing`() throws {
        let logger = logger()
        let error = LogError(type: "T", message: "m", stack: ["0 frame"], recovered: true)
        let http = LogHTTP(method: "GET", route: "/x", status: 200, bytes: 1)
        logger.log(
            .error, .error, "everything", "m", ["field": 1], took: .milliseconds(3), threshold: .seconds(1),
            about: .error(error), in: everything)
        logger.log(.info, .access, "exchange", "m", about: .http(http))
        logger.audit(LogAudit(actor: "a", action: "b", target: "t", before: 1, after: "2"), "done", "m")
        let long = String(repeating: "x", count: 5000)
        logger.log(
            .info, .system, "long", "m",
            ["a": .string(long), "b": .string(long), "c": .string(long), "d": .string(long)])
        let lines = try written(logger)
        var members: Set<String> = ["suppressed"]
        for line in lines { members.formUnion(line.keys) }
        #expect(members == Set(try #require(schema["properties"] as? [String: Any]).keys))
        for part in ["error", "http", "audit"] {
            let inside = try #require(lines.compactMap { $0[part] as? [String: Any] }.first)
            #expect(Set(inside.keys) == Set(try #require(try properties(part)["properties"] as? [String: Any]).keys))
        }
        let required = try #require(schema["required"] as? [String])
        for line in lines { #expect(Set(line.keys).isSuperset(of: required)) }
    }

    @Test func `a line names what it is about by the schema's names`() throws {
        let logger = logger()
        logger.log(.notice, .websocket, "named", "m", took: .microseconds(1500), in: everything)
        logger.log(.trace, .websocket, "traced", "m", in: LogContext(traceID: "t", seat: 3))
        let lines = try written(logger)
        let texts = lines[0].compactMapValues { $0 as? String }
        #expect(texts["level"] == "INFO" && texts["correlation_id"] == "c-1" && texts["span_id"] == "b7ad6b7169203331")
        #expect(texts["conn_id"] == "7" && texts["session_id"] == "s-1" && texts["player_id"] == "ABCD/2")
        #expect(texts["client_ip"] == "192.0.2.77" && texts["user_agent"] == "agent/1" && texts["op"] == "act")
        #expect(lines[0]["room_seq"] as? Int == 9 && lines[0]["duration_ms"] as? Double == 1.5)
        #expect(lines[1]["correlation_id"] as? String == "t", "without one of its own it is the trace's")
        #expect(lines[1]["level"] as? String == "DEBUG" && lines[1]["player_id"] as? String == "3")
    }

    @Test func `a field named like a member of the schema lands in the details and changes nothing`() throws {
        let logger = logger()
        logger.log(
            .info, .system, "named", "m",
            ["level": "x", "room_id": "x", "details": "x", "audit": "x", "": "x", "log_seq": 9, "log_seq": 8],
            in: LogContext(roomID: "ABCD"))
        let line = try #require(try written(logger).first)
        #expect(line["level"] as? String == "INFO" && line["room_id"] as? String == "ABCD" && line["audit"] == nil)
        let details = try #require(line["details"] as? [String: Any])
        #expect(details.count == 6 && details["room_id"] as? String == "x")
        #expect(details["log_seq"] as? Int == 9, "of two fields with one name the first counts")
    }

    @Test func `no more fields than the limit`() throws {
        let logger = logger()
        logger.log(.info, .system, "many", "m", LogFields((0..<100).map { ("field\($0)", .integer($0)) }))
        let line = try #require(try written(logger).first)
        #expect((line["details"] as? [String: Any])?.count == 64 && line["truncated"] as? Bool == true)
    }

    @Test(arguments: [
        (ClientAddressPrivacy.full, "192.0.2.77", "192.0.2.77"), (.truncated, "192.0.2.77", "192.0.2.0/24"),
        (.truncated, "2001:db8:aa:bb::1", "2001:db8:aa::/48"), (.truncated, "::1", "0:0:0::/48"),
        (.truncated, "::ffff:192.0.2.77", "192.0.2.0/24"), (.truncated, "secret.example", "unknown"),
        (.hashed, "secret.example", "unknown"),
    ])
    func `an address shows as much of a client as is wanted`(
        privacy: ClientAddressPrivacy, address: String, shown: String
    ) {
        #expect(privacy.shown(address) == shown)
    }

    @Test func `a hashed address is the same for one client and tells nothing of it`() {
        let hashes = ["192.0.2.77", "::ffff:192.0.2.77", "192.0.2.78"].map(ClientAddressPrivacy.hashed.shown)
        #expect(hashes[0] == hashes[1] && hashes[0] != hashes[2])
        #expect(hashes[0].utf8.count == 16 && !hashes[0].contains("192"))
    }

    // MARK: Errors

    private enum Fault: Error { case carrying(String), plain }

    @Test func `an error tells its type and case and nothing it carries`() {
        let error = LogError(Fault.carrying("canary"))
        #expect(error.message == "carrying" && error.type == "ObservabilityTests.LogSchemaTests.Fault")
        #expect(LogError(Fault.plain).message == "plain")
    }

    @Test func `a fingerprint is the same for one origin over runs, and another for another`() {
        func error(_ message: String, _ frame: String) -> LogError {
            LogError(type: "T", message: message, stack: [frame])
        }
        let first = error("room AB12 is at 17: \"x\"", "0   gameserver 0x00005581 decide(_:) + 1234")
        let again = error("room ZZ99 is at 3: \"yy\"", "0   gameserver 0x00007ffe decide(_:) + 99")
        #expect(first.fingerprint == again.fingerprint)
        #expect(first.fingerprint != error("room AB12 was at 17: \"x\"", "0 gameserver 0x1 decide(_:) + 1").fingerprint)
        #expect(first.fingerprint != error("room AB12 is at 17: \"x\"", "0 gameserver 0x1 apply(_:) + 1").fingerprint)
    }

    @Test func `a stack is no longer than its limits`() throws {
        let logger = logger()
        let frames = (0..<100).map { String(repeating: "f", count: 1000) + "\($0)" }
        logger.log(.error, .error, "fault", "m", about: .error(LogError(type: "T", message: "m", stack: frames)))
        let error = try #require(try written(logger).first?["error"] as? [String: Any])
        #expect((1...32).contains(try #require(error["stack"] as? [String]).count))
        #expect(LogError.currentStack().count > 1)
    }
}
