import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Observability

@Suite("Log search and tail") struct LogSearchTests {
    private let directory: TemporaryDirectory
    private let time = ManualTime()
    private var path: String { directory.path + "/server.log" }

    init() throws { directory = try TemporaryDirectory() }

    /// With so many lines in memory, and files that are put aside often.
    private func logger(memory: Int = 5000, maxBytes: Int = 20_000) throws -> Logger {
        var options = Logger.Options()
        options.memoryLines = memory
        options.repeatsPerSecond = 0
        return Logger(
            level: .trace, sink: .file(try LogFilePlan(opening: path, rotation: LogRotation(maxBytes: maxBytes))),
            origin: LogOrigin(version: "1", node: "n", processID: 1), options: options,
            clock: { [time] in time.now })
    }

    private func objects(_ page: LogPage) throws -> [[String: Any]] {
        try page.lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
        }
    }

    private func found(_ logger: Logger, _ change: (inout LogFilter) -> Void) throws -> [String] {
        var filter = LogFilter()
        change(&filter)
        return try objects(logger.search(filter)).compactMap { $0["message"] as? String }
    }

    @Test func `each condition chooses its lines, newest first`() throws {
        let logger = try logger()
        let start = time.now
        logger.log(.debug, .websocket, "opened", "one", in: LogContext(connectionID: 7, session: "s1"))
        time.advance(by: 1_000_000)
        logger.log(
            .notice, .gameEvent, "moved", "two Späße",
            in: LogContext(correlationID: "c", requestID: "r", roomID: "ABCD", seat: 2, plugin: "p"))
        time.advance(by: 1_000_000)
        logger.log(.error, .error, "fault", "three", ["room_id": "ABCD", "quote": "\"x\""])
        #expect(logger.flush(within: .seconds(30)))
        #expect(try found(logger) { _ in } == ["three", "two Späße", "one"])
        #expect(try found(logger) { $0.from = start + 1 } == ["three", "two Späße"])
        #expect(try found(logger) { $0.to = start + 1_000_000 } == ["two Späße", "one"])
        #expect(try found(logger) { $0.level = .info } == ["three", "two Späße"])
        #expect(try found(logger) { $0.level = .notice } == ["three", "two Späße"], "a line knows only INFO")
        #expect(try found(logger) { $0.level = .warning } == ["three"])
        #expect(try found(logger) { $0.category = .websocket } == ["one"])
        #expect(try found(logger) { $0.event = "moved" } == ["two Späße"])
        #expect(try found(logger) { $0.room = "ABCD" } == ["two Späße"], "a field of that name is not the room")
        #expect(try found(logger) { $0.player = "ABCD/2" } == ["two Späße"])
        #expect(try found(logger) { $0.correlationID = "c" } == ["two Späße"])
        #expect(try found(logger) { $0.requestID = "r" } == ["two Späße"])
        #expect(try found(logger) { $0.connectionID = "7" } == ["one"])
        #expect(try found(logger) { $0.session = "s1" } == ["one"])
        #expect(try found(logger) { $0.plugin = "p" } == ["two Späße"])
        #expect(try found(logger) { $0.text = "THREE" } == ["three"])
        #expect(try found(logger) { $0.text = "späße" } == ["two Späße"])
        #expect(try found(logger) { $0.text = "\"x\"" } == ["three"])
        #expect(try found(logger) { $0.text = "nowhere" } == [])
        #expect(try found(logger) { $0.after = 1 } == ["three", "two Späße"])
        #expect(try found(logger) { $0.limit = 1 } == ["three"])
        #expect(try found(logger) { $0.limit = 0 } == ["three"], "a page has a line at least")
    }

    @Test(arguments: [0, 10, 500])
    func `pages through memory, the file and compressed files miss and repeat nothing`(memory: Int) throws {
        let logger = try logger(memory: memory)
        for index in 0..<400 {
            time.advance(by: 1000)
            logger.log(index % 2 == 0 ? .info : .debug, .system, "line", "\(index)")
            if index % 20 == 0 { #expect(logger.flush(within: .seconds(30))) }
        }
        #expect(logger.flush(within: .seconds(30)))
        #expect(LogArchive(path: path).rotated.count >= 3)
        var filter = LogFilter()
        filter.event = "line"
        filter.level = .info
        filter.limit = 7
        filter.includesFiles = true
        var all: [String] = []
        var pages = 0
        repeat {
            let page = logger.search(filter)
            all += try objects(page).compactMap { $0["message"] as? String }
            #expect(!page.isTruncated && page.lines.count <= 7)
            filter.before = page.next
            pages += 1
        } while filter.before != nil && pages < 100
        #expect(all == stride(from: 398, through: 0, by: -2).map(String.init))
        filter.includesFiles = false
        filter.limit = 1000
        let inMemory = logger.search(filter).lines.count
        #expect(memory == 0 ? inMemory == 0 : inMemory > 0 && inMemory <= max(200, memory / 2))
    }

    @Test func `lines of an earlier run are found although its numbers began at one too`() throws {
        for run in ["first", "second"] {
            let logger = try logger()
            for _ in 0..<3 {
                time.advance(by: 1000)
                logger.log(.info, .system, "line", run)
            }
            #expect(logger.close(within: .seconds(30)))
            if run == "second" {
                #expect(try found(logger) { $0.includesFiles = true }.count == 6)
                #expect(try found(logger) { _ in }.count == 3)
            }
        }
    }

    @Test func `a page never reads more than its limit and says where it stopped`() throws {
        let logger = try logger(memory: 0, maxBytes: .max)
        for index in 0..<2000 {
            time.advance(by: 1_000_000)
            logger.log(.info, .system, "line", "\(index)")
            if index % 500 == 0 { #expect(logger.flush(within: .seconds(30))) }
        }
        #expect(logger.close(within: .seconds(30)))
        var filter = LogFilter()
        filter.text = "nowhere"
        filter.includesFiles = true
        var pages = 0
        repeat {
            var search = LogSearch(filter, maxBytes: 100_000)
            let page = search.page(in: [], then: LogArchive(path: path))
            #expect(page.lines.isEmpty && page.isTruncated == (page.next != nil))
            filter.before = page.next
            pages += 1
        } while filter.before != nil && pages < 100
        let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        #expect(size > 300_000)
        #expect((size / 100_000...2 * size / 100_000 + 20).contains(pages), "\(pages) pages")
        filter.text = nil
        filter.limit = 2
        filter.before = LogCursor(time: time.now - 1_990_000_000, number: .max)
        var search = LogSearch(filter, maxBytes: 400_000)
        let page = search.page(in: [], then: LogArchive(path: path))
        #expect(
            try objects(page).map { $0["message"] as? String } == ["9", "8"], "the end of the page is found by halving")
    }

    /// Writes lines a second apart and puts them aside, compressed.
    private func aside(_ numbers: Range<Int>) throws {
        let logger = try logger(memory: 0, maxBytes: .max)
        for number in numbers {
            time.advance(by: 1_000_000)
            logger.log(.info, .system, "line", "\(number)")
            if number % 500 == 0 { #expect(logger.flush(within: .seconds(30))) }
        }
        #expect(logger.close(within: .seconds(30)))
        let archive = LogArchive(path: path)
        try archive.putAside(at: time.now)
        // The logger looks after its files on a thread of its own, and may be at one of them.
        repeat {
            #expect(archive.keep(LogRotation(), at: time.now).failures.isEmpty)
        } while archive.rotated.contains { !$0.isCompressed }
    }

    @Test func `of a compressed file that is too long the beginning is found, and the page says so`() throws {
        try aside(0..<10)
        try aside(10..<4010)
        var filter = LogFilter()
        filter.event = "line"
        filter.includesFiles = true
        filter.limit = 500
        var found: [Int] = []
        var incomplete = 0
        var pages = 0
        repeat {
            var search = LogSearch(filter, maxBytes: 300_000)
            let page = search.page(in: [], then: LogArchive(path: path))
            found += try objects(page).compactMap { ($0["message"] as? String).flatMap { Int($0) } }
            incomplete += page.isIncomplete ? 1 : 0
            #expect(!page.isIncomplete || page.isTruncated)
            filter.before = page.next
            pages += 1
        } while filter.before != nil && pages < 100
        let first = try #require(found.first)
        #expect((500..<3500).contains(first), "as far as was read")
        #expect(found == (0...first).reversed() && incomplete == 1)
        // What ends before the reading does is there whole.
        filter.to = time.now - (4009 - first / 2) * 1_000_000
        var search = LogSearch(filter, maxBytes: 300_000)
        let page = search.page(in: [], then: LogArchive(path: path))
        #expect(!page.isIncomplete && page.lines.count == 500)
        #expect(try objects(page).first?["message"] as? String == "\(first / 2)")
    }

    @Test func `a place in the log is read back from its text`() {
        let cursor = LogCursor(time: 1_700_000_000_000_000, number: 42)
        #expect(LogCursor(cursor.description) == cursor)
        for text in ["", "1", "1-", "-1-1", "a-b", "1-2-3", "-"] { #expect(LogCursor(text) == nil) }
    }

    @Test func `memory keeps the newest lines within its limits`() {
        let memory = LogMemory(capacity: 10)
        for index in 0..<100 { memory.append([Array("\(index)\n".utf8)]) }
        #expect(memory.lines.map { String(decoding: $0, as: UTF8.self) } == (90..<100).map { "\($0)\n" })
        let big = LogMemory(capacity: 100_000)
        let line = [UInt8](repeating: 0x20, count: LogEncoder.maxLineBytes)
        for _ in 0..<2000 { big.append([line]) }
        #expect(big.lines.count == LogMemory.maxBytes / LogEncoder.maxLineBytes)
    }

    // MARK: Tail

    @Test func `a tail gets the lines it wants as they are written, and none after it was cancelled`() throws {
        let logger = try logger()
        let capture = LogCapture()
        var filter = LogFilter()
        filter.category = .security
        let tail = try #require(
            logger.tail(filter) { capture.write($0 + [UInt8(ascii: "|")]) })
        logger.log(.info, .security, "wanted", "")
        logger.log(.info, .system, "unwanted", "")
        #expect(logger.flush(within: .seconds(30)))
        tail.cancel()
        logger.log(.info, .security, "late", "")
        #expect(logger.flush(within: .seconds(30)))
        let lines = capture.text.split(separator: "|")
        #expect(lines.count == 1 && lines[0].contains("\"wanted\"") && !lines[0].contains("\n"))
    }

    @Test func `a tail that is slow gets later what it has room for, and loses the rest, counted`() throws {
        let logger = try logger()
        let taker = Taker()
        let tail = try #require(logger.tail(LogFilter(), capacity: 10) { taker.take($0) })
        for _ in 0..<25 { logger.log(.info, .system, "line", "") }
        #expect(logger.flush(within: .seconds(30)))
        #expect(tail.lost == 15)
        taker.makeRoom()
        logger.log(.info, .system, "line", "")
        #expect(logger.flush(within: .seconds(30)))
        #expect(taker.numbers == Array(1...10) + [26])
        #expect(tail.lost == 15 && logger.statistics.lostByTails == 15)
    }

    @Test func `there is a limit to tails, and those that are gone make room`() throws {
        let logger = try logger()
        var tails = (0..<LogTails.limit).map { _ in logger.tail(LogFilter()) { _ in true } }
        #expect(!tails.contains { $0 == nil })
        #expect(logger.tail(LogFilter()) { _ in true } == nil)
        tails.removeLast()
        #expect(logger.tail(LogFilter()) { _ in true } != nil)
    }
}

/// Takes the numbers of lines as soon as it has room.
private final class Taker: Sendable {
    private let hasRoom = Atomic(false)
    private let taken = Mutex<[Int]>([])

    var numbers: [Int] { taken.withLock { $0 } }

    func makeRoom() { hasRoom.store(true, ordering: .relaxed) }

    func take(_ line: [UInt8]) -> Bool {
        guard hasRoom.load(ordering: .relaxed) else { return false }
        taken.withLock { $0.append(LogMatcher.place(line[...])?.number ?? 0) }
        return true
    }
}
