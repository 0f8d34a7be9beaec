/// How a record becomes a line.
public enum LogFormat: Sendable {
    /// One JSON object, for machines.
    case json
    /// Time, level, category, message and fields, for a terminal.
    case human
}

/// Who speaks in a log: the fields that stay the same from line to line.
public struct LogOrigin: Sendable {
    public var service: String
    public var version: String
    public var node: String
    public var processID: Int

    public init(service: String = "gameserver", version: String, node: String, processID: Int) {
        self.service = service
        self.version = version
        self.node = node
        self.processID = processID
    }
}

/// Turns records into lines, each ended by a line feed and never longer than `maxLineBytes`.
struct LogEncoder: Sendable {
    /// Beyond it further fields are left out and the line says `"truncated":true`.
    static let maxLineBytes = 16 * 1024
    /// Bytes of one text value; the rest is cut at a character.
    static let maxValueBytes = 4 * 1024
    /// Kept free for the end of a line whose fields do not all fit.
    private static let tailBytes = 32

    var format: LogFormat
    var origin: LogOrigin

    func line(_ record: LogRecord) -> [UInt8] {
        switch format {
        case .json: json(record)
        case .human: human(record)
        }
    }

    private func json(_ record: LogRecord) -> [UInt8] {
        var line = LogLine()
        line.open("{")
        line.member("timestamp", .string(Timestamp.text(microseconds: record.time)))
        line.member("level", .string(record.level.name))
        line.member("category", .string(record.category.rawValue))
        line.member("event", .string("\(record.event)"))
        line.member("message", .string(record.message))
        line.member("service", .string(origin.service))
        line.member("version", .string(origin.version))
        line.member("node", .string(origin.node))
        line.member("pid", .integer(origin.processID))
        line.member("log_seq", .integer(record.number))
        let context = record.context
        if let id = context.correlationID { line.member("correlation_id", .string(id)) }
        if let id = context.connectionID { line.member("conn_id", .string(String(id))) }
        if let id = context.roomID { line.member("room_id", .string(id)) }
        if let sequence = context.roomSequence { line.member("room_seq", .integer(sequence)) }
        var isTruncated = false
        if !record.fields.isEmpty {
            line.key("details")
            line.open("{")
            for (name, value) in record.fields {
                let start = line.bytes.count
                line.member("\(name)", value)
                guard line.bytes.count > Self.maxLineBytes - Self.tailBytes else { continue }
                line.cut(to: start)
                isTruncated = true
                break
            }
            line.close("}")
        }
        if isTruncated { line.member("truncated", true) }
        line.close("}")
        return line.bytes + [UInt8(ascii: "\n")]
    }

    private func human(_ record: LogRecord) -> [UInt8] {
        let time = Timestamp.text(microseconds: record.time).dropFirst(11).prefix(12)
        let level = record.level.name.uppercased()
        let padding = String(repeating: " ", count: max(0, 8 - level.count))
        var text = "\(time) \(level)\(padding) \(record.category.rawValue): \(record.message)"
        if let id = record.context.connectionID { text += " conn_id=\(id)" }
        if let id = record.context.roomID { text += " room_id=\(id)" }
        for (name, value) in record.fields {
            switch value {
            case .string(let value): text += " \(name)=\(value)"
            case .integer(let value): text += " \(name)=\(value)"
            case .number(let value): text += " \(name)=\(value)"
            case .boolean(let value): text += " \(name)=\(value)"
            case .redacted: text += " \(name)=[redacted]"
            }
        }
        // What a peer wrote must not steer the operator's terminal, turn its reading direction or forge a second line.
        let steering: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
        let safe = text.unicodeScalars.map { steering.contains($0.properties.generalCategory) ? "�" : Character($0) }
        return Array(String(safe).utf8.prefix(Self.maxLineBytes - 1)) + [UInt8(ascii: "\n")]
    }
}
