import Foundation
import TestSupport
import Testing

@testable import Observability

@Suite("Where log lines go") struct LogSinkTests {
    @Test func `a log file is its owner's alone and is appended to`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/server.log"
        for line in ["one\n", "two\n"] {
            #expect(LogFile(try LogFilePlan(opening: path)).write(Array(line.utf8), at: 0).isWritten)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\ntwo\n")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func `a pipe that is not blocking and full for a moment loses and tears no line`() {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        let reader = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        let descriptor = ends[1]
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        let lines = Array(String(repeating: "a line of a log\n", count: 65_536).utf8)
        let writer = Thread {
            #expect(LogStream(descriptor).write(lines))
            close(descriptor)
        }
        writer.start()
        let read = reader.readDataToEndOfFile()
        #expect(read.count == lines.count && read.elementsEqual(lines))
    }
}
