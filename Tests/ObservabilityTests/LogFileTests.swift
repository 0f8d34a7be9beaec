import Foundation
import TestSupport
import Testing

@testable import Observability

@Suite("Log files: rotation, retention, full disks") struct LogFileTests {
    private let directory: TemporaryDirectory
    private let time = ManualTime()
    private var path: String { directory.path + "/server.log" }

    init() throws { directory = try TemporaryDirectory() }

    private func logger(_ rotation: LogRotation = LogRotation()) throws -> Logger {
        var options = Logger.Options()
        options.repeatsPerSecond = 0
        return Logger(
            sink: .file(try LogFilePlan(opening: path, rotation: rotation)),
            origin: LogOrigin(version: "1", node: "n", processID: 1), options: options,
            clock: { [time] in time.now })
    }

    private func file(_ rotation: LogRotation) throws -> LogFile {
        LogFile(try LogFilePlan(opening: path, rotation: rotation))
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    }

    private func lines(of file: LogArchive.File) throws -> [String] {
        var lines: [String] = []
        try LogReader(path: file.path).forEachLine {
            lines.append(String(decoding: $0, as: UTF8.self))
            return true
        }
        return lines
    }

    @Test func `a file that would grow beyond its limit is put aside, and no line is lost or cut`() throws {
        let file = try file(LogRotation(maxBytes: 100))
        for index in 0..<50 {
            time.advance(by: 1)
            #expect(file.write(Array("line number \(index) of fifty\n".utf8), at: time.now).isWritten)
        }
        #expect(file.archive.rotated.count > 10)
        let written = try file.archive.all.flatMap { try lines(of: $0) }
        #expect(written == (0..<50).map { "line number \($0) of fifty" })
        for kept in file.archive.all {
            #expect(try FileManager.default.attributesOfItem(atPath: kept.path).fileSize <= 100)
        }
    }

    @Test func `a file is put aside when its first line is old enough, also after a restart`() throws {
        let rotation = LogRotation(maxAge: .seconds(60))
        let first = try file(rotation)
        let line = Array("{\"timestamp\":\"\(Timestamp.text(microseconds: time.now))\"}\n".utf8)
        #expect(first.write(line, at: time.now).isWritten)
        let second = try file(rotation)
        time.advance(by: 59_999_999)
        #expect(second.write(line, at: time.now).isWritten)
        #expect(second.archive.rotated.isEmpty)
        time.advance(by: 1)
        #expect(second.write(line, at: time.now).isWritten)
        #expect(second.archive.rotated.map(\.putAside) == [time.now])
    }

    @Test func `what was put aside is compressed whole and under its name, readable by its owner alone`() throws {
        let file = try file(LogRotation(maxBytes: 1_000_000))
        let text = (0..<30_000).map { "line \($0)\n" }.joined()
        for _ in 0..<5 { #expect(file.write(Array(text.utf8), at: time.now).isWritten) }
        try Data("left over".utf8).write(to: URL(filePath: file.archive.rotated[0].path + ".gz.partial"))
        let result = file.archive.keep(LogRotation(), at: time.now)
        #expect(result.failures.isEmpty && result.compressed == file.archive.rotated.count && result.compressed > 0)
        #expect(!file.archive.rotated.contains { !$0.isCompressed })
        #expect(try names().allSatisfy { !$0.hasSuffix(".partial") })
        let kept = try file.archive.all.flatMap { try lines(of: $0) }
        #expect(kept.joined(separator: "\n") + "\n" == String(repeating: text, count: 5))
        for kept in file.archive.all {
            #expect(try FileManager.default.attributesOfItem(atPath: kept.path)[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `what is too old or too much is removed, the oldest first, and files of others stay`() throws {
        for day in 1...6 {
            let stamp = Timestamp.compact(microseconds: time.now - day * 86_400_000_000)
            try Data(count: 1000).write(to: URL(filePath: "\(path).\(stamp).gz"))
        }
        for name in ["server.log.1", "server.log-20260101", "server.log.20260101T.gz", "other.log"] {
            try Data("theirs".utf8).write(to: URL(filePath: "\(directory.path)/\(name)"))
        }
        let archive = LogArchive(path: path)
        let old = archive.keep(LogRotation(retention: .seconds(4.5 * 86_400)), at: time.now)
        #expect(old == LogKeeping(removed: 2, removedBytes: 2000))
        let much = archive.keep(LogRotation(retentionBytes: 2500), at: time.now)
        #expect(much == LogKeeping(removed: 2, removedBytes: 2000))
        #expect(archive.rotated.map(\.putAside) == [time.now - 2 * 86_400_000_000, time.now - 86_400_000_000])
        #expect(try names().count == 2 + 4)
    }

    @Test func `a log that is put aside by somebody else goes on in a new file after reopening`() throws {
        let logger = try logger()
        logger.log(.info, .system, "before", "")
        #expect(logger.flush(within: .seconds(30)))
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        logger.log(.info, .system, "still_old", "")
        #expect(logger.flush(within: .seconds(30)))
        logger.reopen()
        #expect(logger.flush(within: .seconds(30)))
        logger.log(.info, .system, "after", "")
        #expect(logger.close(within: .seconds(30)))
        let old = try String(contentsOfFile: path + ".1", encoding: .utf8)
        let new = try String(contentsOfFile: path, encoding: .utf8)
        #expect(old.contains("before") && old.contains("still_old") && !old.contains("after"))
        #expect(new.contains("after") && new.contains("log_file_reopened") && !new.contains("still_old"))
    }

    @Test func `a full disk loses lines and counts them, the server goes on, and a line tells when it is over`() throws
    {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
        let logger = try logger()
        for _ in 0..<10 { logger.log(.warning, .system, "lost", "") }
        #expect(logger.flush(within: .seconds(30)))
        #expect(logger.statistics.dropped[.warning] == 10)
        try FileManager.default.removeItem(atPath: path)
        logger.reopen()
        logger.log(.info, .system, "found", "")
        #expect(logger.close(within: .seconds(30)))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("\"event\":\"found\"") && !text.contains("\"event\":\"lost\""))
        let reports = try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let report = try #require(reports.first { $0["event"] as? String == "log_lines_dropped" })
        let details = try #require(report["details"] as? [String: Any])
        #expect(details["reason"] as? String == "sink")
        // The ten, and what the writer itself had to say meanwhile.
        #expect(try #require(details["dropped"] as? Int) >= 10)
    }

    @Test func `a file that cannot be put aside goes on being written, and it is tried again later`() throws {
        // The name fits, with the time behind it no longer.
        let path = directory.path + "/" + String(repeating: "n", count: 240)
        let file = LogFile(try LogFilePlan(opening: path, rotation: LogRotation(maxBytes: 20)))
        #expect(file.write(Array("0123456789\n".utf8), at: time.now).isWritten)
        for _ in 0..<2 {
            let second = file.write(Array("0123456789\n".utf8), at: time.now)
            #expect(second.isWritten)
            guard case .failed(.cannotRename) = second.report else {
                Issue.record("\(second)")
                return
            }
            #expect(file.write(Array("0123456789\n".utf8), at: time.now).report == nil)
            time.advance(by: 60_000_000)
        }
    }

    @Test func `a file that is aside already, since the new one could not be opened, goes on in a new one`() throws {
        let file = try file(LogRotation(maxBytes: 20))
        #expect(file.write(Array("first line\n".utf8), at: time.now).isWritten)
        try file.archive.putAside(at: time.now)
        let second = file.write(Array("second line\n".utf8), at: time.now)
        guard case (true, .rotated) = second else {
            Issue.record("\(second)")
            return
        }
        #expect(try file.archive.all.map { try lines(of: $0) } == [["first line"], ["second line"]])
    }

    @Test func `of lines that do not fit nothing stays, and what somebody else wrote to the file stays`() throws {
        let file = try file(LogRotation())
        #expect(file.write(Array("first line\n".utf8), at: time.now).isWritten)
        let other = open(path, O_WRONLY | O_APPEND)
        defer { close(other) }
        // The biggest file there can be, less a few bytes, takes a part of the next line.
        var (fits, tooMuch) = (0, Int.max)
        while tooMuch - fits > 1 {
            let middle = fits + (tooMuch - fits) / 2
            if ftruncate(other, middle) == 0 { fits = middle } else { tooMuch = middle }
        }
        #expect(ftruncate(other, fits - 5) == 0)
        #expect(!file.write(Array("half a line\n".utf8), at: time.now).isWritten)
        #expect(try FileManager.default.attributesOfItem(atPath: path).fileSize == fits - 5)
        #expect(ftruncate(other, 0) == 0)
        #expect(file.write(Array("second line\n".utf8), at: time.now).isWritten)
        #expect(try file.archive.all.map { try lines(of: $0) } == [["second line"]])
    }

    @Test func `a logger rotates, compresses and says so`() throws {
        let logger = try logger(LogRotation(maxBytes: 200_000, retentionBytes: 1_000_000))
        for index in 0..<4000 {
            time.advance(by: 1)
            logger.log(.info, .system, "line", "number \(index)")
            if index % 500 == 0 { #expect(logger.flush(within: .seconds(30))) }
        }
        #expect(logger.close(within: .seconds(30)))
        let archive = LogArchive(path: path)
        #expect(!archive.rotated.isEmpty)
        let written = try archive.all.flatMap { try lines(of: $0) }
        #expect(written.count { $0.contains("\"event\":\"line\"") } == 4000)
        #expect(written.contains { $0.contains("\"event\":\"log_file_rotated\"") })
    }
}

extension [FileAttributeKey: Any] {
    fileprivate var fileSize: Int { self[.size] as? Int ?? .max }
}
