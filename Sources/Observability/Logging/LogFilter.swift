/// Which lines are wanted. What is nil does not matter.
public struct LogFilter: Sendable, Equatable {
    /// Unix time in microseconds of the first and the last moment.
    public var from: Int?
    public var to: Int?
    /// This level and those above it.
    public var level: LogLevel?
    public var category: LogCategory?
    public var event: String?
    public var correlationID: String?
    public var requestID: String?
    public var connectionID: String?
    public var session: String?
    public var room: String?
    /// As a line has it: the room and the seat, `ABCD/2`.
    public var player: String?
    public var plugin: String?
    /// Somewhere in the line, upper and lower case alike.
    public var text: String?
    /// Most lines of a page: 1 to `maxLines`.
    public var limit = 100
    /// Only lines with a greater `log_seq`; for asking again what is new. It counts from 1 in each process.
    public var after: Int?
    /// Only lines older than this one; for the next page.
    public var before: LogCursor?
    /// Whether to go on in the log file and in those put aside when the lines in memory are not enough.
    public var includesFiles = false

    public static let maxLines = 1000

    public init() {}
}

/// A place in the log: a page of a search ends there and the next begins.
public struct LogCursor: Sendable, Equatable, Comparable, LosslessStringConvertible {
    /// Unix time in microseconds.
    public var time: Int
    /// The line's `log_seq`.
    public var number: Int

    init(time: Int, number: Int) {
        self.time = time
        self.number = number
    }

    /// - Parameter text: what `description` gave.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let time = Int(parts[0]), let number = Int(parts[1]), time >= 0, number >= 0 else {
            return nil
        }
        self.init(time: time, number: number)
    }

    public var description: String { "\(time)-\(number)" }

    public static func < (left: LogCursor, right: LogCursor) -> Bool {
        (left.time, left.number) < (right.time, right.number)
    }
}

/// A filter made ready to look at encoded lines.
struct LogMatcher: Sendable {
    private let filter: LogFilter
    /// Members that must be there, as they are written.
    private let wanted: [(name: [UInt8], value: [UInt8])]
    private let levels: [[UInt8]]
    /// In lower case, as it is written inside a line.
    private let text: [UInt8]

    init(_ filter: LogFilter) {
        self.filter = filter
        let texts: [(String, String?)] = [
            ("category", filter.category?.rawValue), ("event", filter.event),
            ("correlation_id", filter.correlationID), ("request_id", filter.requestID),
            ("conn_id", filter.connectionID), ("session_id", filter.session), ("room_id", filter.room),
            ("player_id", filter.player), ("plugin", filter.plugin),
        ]
        wanted = texts.compactMap { name, text in text.map { (Array(name.utf8), Self.written($0)) } }
        levels = (filter.level?.wordsFromHere ?? []).map(Self.written)
        text = filter.text.map { Self.lowered(Self.written($0).dropFirst().dropLast()) } ?? []
    }

    /// - Returns: where the line stands when it is wanted; `place` tells of any line.
    func match(_ line: ArraySlice<UInt8>) -> LogCursor? {
        guard let time = LogScanner.time(of: line) else { return nil }
        if let from = filter.from, time < from { return nil }
        if let to = filter.to, time > to { return nil }
        var found = 0
        var number: Int?
        let isWhole = LogScanner.members(of: line) { name, value in
            if name.elementsEqual("log_seq".utf8) {
                number = LogScanner.number(value)
            } else if name.elementsEqual("level".utf8) {
                return levels.isEmpty || levels.contains { value.elementsEqual($0) }
            } else if let want = wanted.first(where: { name.elementsEqual($0.name) }) {
                guard value.elementsEqual(want.value) else { return false }
                found += 1
            }
            return true
        }
        guard isWhole, found == wanted.count, let number else { return nil }
        let place = LogCursor(time: time, number: number)
        if let after = filter.after, number <= after { return nil }
        if let before = filter.before, place >= before { return nil }
        return text.isEmpty || Self.contains(line, text) ? place : nil
    }

    /// Where any line stands.
    static func place(_ line: ArraySlice<UInt8>) -> LogCursor? {
        guard let time = LogScanner.time(of: line) else { return nil }
        var number: Int?
        _ = LogScanner.members(of: line) { name, value in
            guard name.elementsEqual("log_seq".utf8) else { return true }
            number = LogScanner.number(value)
            return false
        }
        return number.map { LogCursor(time: time, number: $0) }
    }

    private static func written(_ text: String) -> [UInt8] {
        var line = LogText(capacity: text.utf8.count + 2)
        line.element(text, maxBytes: LogEncoder.maxValueBytes)
        return line.bytes()
    }

    private static func lowered(_ bytes: ArraySlice<UInt8>) -> [UInt8] { bytes.map(lower) }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func contains(_ line: ArraySlice<UInt8>, _ text: [UInt8]) -> Bool {
        line.withUnsafeBufferPointer { line in
            guard line.count >= text.count else { return false }
            for start in 0...line.count - text.count where lower(line[start]) == text[0] {
                var index = 1
                while index < text.count && lower(line[start + index]) == text[index] { index += 1 }
                if index == text.count { return true }
            }
            return false
        }
    }
}
