import Foundation
import TestSupport
import Testing

@testable import Observability

@Suite("Audit trail") struct AuditTests {
    private let directory: TemporaryDirectory
    private let time = ManualTime()
    private let capture = LogCapture()
    private var path: String { directory.path + "/audit.log" }

    init() throws { directory = try TemporaryDirectory() }

    private func logger(_ rotation: LogRotation = LogRotation()) throws -> Logger {
        var options = Logger.Options()
        options.auditFile = try LogFilePlan(opening: path, rotation: rotation)
        return Logger(
            level: .critical, sink: capture.sink, origin: LogOrigin(version: "1", node: "n", processID: 1),
            options: options, capacity: 16, clock: { [time] in time.now })
    }

    private func write(_ range: Range<Int>, rotation: LogRotation = LogRotation()) throws {
        let logger = try logger(rotation)
        for index in range {
            time.advance(by: 1000)
            let audit = LogAudit(
                actor: "operator", action: "set_level", target: "websocket", before: "info", after: .integer(index))
            logger.audit(audit, "level_changed", "by hand", ["why": "quote \" and \\ and é"])
            if rotation.maxBytes != nil { #expect(logger.flush(within: .seconds(30))) }
        }
        #expect(logger.close(within: .seconds(30)))
    }

    private var text: [String] {
        get throws {
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
        }
    }

    private func put(_ lines: [String]) throws {
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: false, encoding: .utf8)
    }

    @Test func `lines are tied together over restarts, and the log and the trail hold the same`() throws {
        try write(0..<5)
        try write(5..<9)
        let result = try AuditChain.verify(path)
        #expect(result.isWhole && result.lines == 9 && result.first == AuditChain.beginning)
        let line = try #require(
            try JSONSerialization.jsonObject(with: Data(try text[8].utf8)) as? [String: Any])
        let audit = try #require(line["audit"] as? [String: Any])
        #expect(audit["actor"] as? String == "operator" && audit["after"] as? Int == 8)
        #expect(audit["hash"] as? String == result.head)
        #expect(capture.lines.count == 9)
        #expect(try capture.lines.map { String(decoding: $0, as: UTF8.self) } == text)
    }

    @Test func `the chain goes on over files that were put aside and compressed`() throws {
        try write(0..<20, rotation: LogRotation(maxBytes: 2000))
        let archive = LogArchive(path: path)
        #expect(archive.rotated.count > 3)
        #expect(archive.keep(LogRotation(), at: time.now).failures.isEmpty)
        try FileManager.default.removeItem(atPath: path)
        try write(20..<25)
        let result = try AuditChain.verify(path)
        #expect(result.lines < 25, "those of the removed file are gone")
        #expect(result.first == AuditChain.beginning)
        #expect(result.isWhole, "a file cut off at the end leaves no trace in the chain: \(result.faults)")
        try FileManager.default.removeItem(atPath: archive.rotated[1].path)
        #expect(try AuditChain.verify(path).faults.map(\.kind) == [.unlinked])
    }

    @Test func `every hour what grew old unseen is put aside, and what was put aside long ago is removed`() throws {
        let told = Journal<String>()
        var options = Logger.Options()
        let rotation = LogRotation(maxAge: .seconds(1800), retention: .seconds(7200))
        options.auditFile = try LogFilePlan(opening: path, rotation: rotation)
        let logger = Logger(
            sink: LogSink { bytes in
                for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") { told.add(String(line)) }
                return true
            }, origin: LogOrigin(version: "1", node: "n", processID: 1), options: options,
            clock: { [time] in time.now })
        logger.audit(LogAudit(actor: "operator", action: "set_level"), "level_changed", "by hand")
        #expect(logger.flush(within: .seconds(30)))
        let long = Timestamp.compact(microseconds: time.now - 7_200_000_001)
        try Data("{}".utf8).write(to: URL(filePath: "\(path).\(long).gz"))
        time.advance(by: 3_599_000_000)
        #expect(logger.flush(within: .seconds(30)))
        #expect(LogArchive(path: path).rotated.count == 1, "an hour is not over")
        time.advance(by: 1_000_000)
        #expect(logger.flush(within: .seconds(30)))
        var events: Set<String> = []
        while !events.contains("log_files_removed"), let line = told.next() {
            for event in ["log_file_rotated", "log_files_removed"] where line.contains(event) { events.insert(event) }
        }
        #expect(events == ["log_file_rotated", "log_files_removed"])
        #expect(LogArchive(path: path).rotated.map(\.putAside) == [time.now])
        #expect(logger.close(within: .seconds(30)))
        #expect(try AuditChain.verify(path).lines == 1)
    }

    @Test func `a line that was changed is found`() throws {
        try write(0..<6)
        var lines = try text
        lines[2] = lines[2].replacing("\"actor\":\"operator\"", with: "\"actor\":\"nobody\"")
        try put(lines)
        #expect(try AuditChain.verify(path).faults == [.init(file: path, line: 3, kind: .changed)])
    }

    @Test func `a line that was changed and hashed anew is found by the one after it`() throws {
        try write(0..<6)
        var lines = try text
        let end = try #require(lines[2].range(of: ",\"hash\":"))
        let forged = lines[2][..<end.lowerBound].replacing("operator", with: "nobody")
        let hash = SHA256.hexadecimal(SHA256.hash(Array(forged.utf8)))
        lines[2] = "\(forged),\"hash\":\"\(hash)\"}}"
        try put(lines)
        #expect(try AuditChain.verify(path).faults == [.init(file: path, line: 4, kind: .unlinked)])
    }

    @Test func `lines that were removed, put in or exchanged are found`() throws {
        try write(0..<6)
        let lines = try text
        try put(Array(lines[..<2] + lines[3...]))
        #expect(try AuditChain.verify(path).faults.map(\.line) == [3])
        try put(Array(lines[..<3] + [lines[1]] + lines[3...]))
        #expect(try AuditChain.verify(path).faults.map(\.line) == [4, 5])
        try put([lines[0], lines[2], lines[1]] + lines[3...])
        #expect(try AuditChain.verify(path).faults.map(\.line) == [2, 3, 4])
    }

    @Test func `half a line is found, and what comes later is tied to the last whole one`() throws {
        try write(0..<3)
        let lines = try text
        try (lines.joined(separator: "\n").dropLast(30)).write(toFile: path, atomically: false, encoding: .utf8)
        try write(3..<5)
        let result = try AuditChain.verify(path)
        #expect(result.faults == [.init(file: path, line: 3, kind: .notWhole)])
        #expect(result.lines == 5)
    }

    @Test func `no line is dropped while the log is stuck, nor left out as a repeat`() throws {
        let logger = try logger()
        capture.stop()
        logger.log(.critical, .system, "first", "")
        capture.waitUntilStuck()
        let ring = logger.makeRing(capacity: 16)
        for index in 0..<1000 {
            if index % 2 == 0 {
                logger.audit(LogAudit(actor: "a", action: "b"), "again", "")
            } else {
                ring.log(.trace, .audit, "again", "")
            }
        }
        #expect(logger.isKeepingAudit)
        capture.resume()
        #expect(logger.close(within: .seconds(30)))
        #expect(try AuditChain.verify(path).lines == 1000)
        #expect(logger.statistics.dropped.isEmpty && logger.statistics.suppressed == 0)
    }

    @Test func `when many wait, those who act are told to stop`() throws {
        let logger = try logger()
        capture.stop()
        logger.log(.critical, .system, "first", "")
        capture.waitUntilStuck()
        for _ in 0..<4096 { logger.audit(LogAudit(actor: "a", action: "b"), "again", "") }
        #expect(!logger.isKeepingAudit)
        capture.resume()
        #expect(logger.flush(within: .seconds(30)))
        #expect(logger.isKeepingAudit)
        #expect(logger.close(within: .seconds(30)))
        #expect(try AuditChain.verify(path).lines == 4096)
    }

    @Test func `lines wait for a full disk, and are all there when it has room`() throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
        let logger = try logger()
        for _ in 0..<10 { logger.audit(LogAudit(actor: "a", action: "b"), "again", "") }
        #expect(logger.flush(within: .seconds(30)))
        #expect(!logger.isKeepingAudit)
        try FileManager.default.removeItem(atPath: path)
        logger.reopen()
        #expect(logger.flush(within: .seconds(30)))
        #expect(logger.isKeepingAudit)
        #expect(logger.close(within: .seconds(30)))
        let result = try AuditChain.verify(path)
        #expect(result.isWhole && result.lines == 10)
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `the hash is SHA-256`(text: String, hash: String) {
        #expect(SHA256.hexadecimal(SHA256.hash(Array(text.utf8))) == hash)
    }

    @Test func `the keyed hash is that of RFC 4231`() {
        let second = SHA256.authenticated(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(SHA256.hexadecimal(second) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let sixth = SHA256.authenticated(
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            key: [UInt8](repeating: 0xaa, count: 131))
        #expect(SHA256.hexadecimal(sixth) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }
}
