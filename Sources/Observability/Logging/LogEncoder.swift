/// Turns records into lines, each ended by a line feed and never longer than `maxLineBytes`.
///
/// `Resources/schemas/log.schema.json` describes a JSON line. The members come in the schema's order: who and what,
/// about whom, how long, `details`, and last the part with a form of its own.
struct LogEncoder: Sendable {
    /// Beyond it further fields are left out and the line says `"truncated":true`.
    static let maxLineBytes = 16 * 1024
    /// Bytes of one text value; the rest is cut at a character.
    static let maxValueBytes = 4 * 1024
    /// Most members of `details`.
    static let maxFields = 64
    /// Bytes of what names somebody or something.
    static let maxNameBytes = 128
    /// Bytes of a text inside a part, and of a frame.
    static let maxPartTextBytes = 1024
    static let maxFrameBytes = 256
    /// Bytes of all frames of a stack.
    static let maxStackBytes = 4 * 1024
    /// Kept free for the end of a line whose fields do not all fit.
    private static let tailBytes = 64
    /// As long as most lines are.
    private static let usualLineBytes = 512

    private let addresses: ClientAddressPrivacy
    /// Who speaks, the same in every line and made once.
    private let speaker: LogLine

    init(origin: LogOrigin, addresses: ClientAddressPrivacy = .full) {
        self.addresses = addresses
        var line = LogLine(capacity: Self.usualLineBytes)
        line.member("service", origin.service, maxBytes: Self.maxNameBytes)
        line.member("version", origin.version, maxBytes: Self.maxNameBytes)
        line.member("node", origin.node, maxBytes: 4 * Self.maxNameBytes)
        line.member("pid", .integer(origin.processID))
        speaker = line
    }

    /// - Parameter chain: seals a line of the audit trail.
    func json(_ record: LogRecord, chain: inout AuditChain) -> [UInt8] {
        var line = LogLine(capacity: Self.usualLineBytes)
        line.open("{")
        head(record, in: &line)
        about(record.context, in: &line)
        if let took = record.took { line.member("duration_ms", .duration(took)) }
        if let threshold = record.threshold { line.member("threshold_ms", .duration(threshold)) }
        let part = members(of: record, chain: chain)
        let room = Self.maxLineBytes - Self.tailBytes - part.bytes.count - AuditChain.sealBytes
        let isTruncated = details(record.fields, within: room, in: &line)
        if record.suppressed > 0 { line.member("suppressed", .integer(record.suppressed)) }
        if isTruncated { line.member("truncated", true) }
        line.append(members: part)
        guard record.category == .audit else {
            line.end()
            return line.bytes
        }
        return chain.seal(line.bytes)
    }

    private func head(_ record: LogRecord, in line: inout LogLine) {
        line.member("timestamp", microseconds: record.time)
        line.member("level", record.level.word)
        line.member("category", record.category.rawValue)
        line.member("event", record.event)
        line.member("message", record.message)
        line.append(members: speaker)
        line.member("log_seq", .integer(record.number))
    }

    private func about(_ context: LogContext, in line: inout LogLine) {
        forEachName(context) { line.member($0, $1, maxBytes: Self.maxNameBytes) }
        if let sequence = context.roomSequence { line.member("room_seq", .integer(sequence)) }
        if let agent = context.userAgent { line.member("user_agent", agent, maxBytes: 2 * Self.maxNameBytes) }
    }

    /// The context's texts that are there.
    private func forEachName(_ context: LogContext, _ body: (_ name: StaticString, _ value: String) -> Void) {
        func name(_ name: StaticString, _ value: String?) { if let value { body(name, value) } }
        name("correlation_id", context.correlationID ?? context.traceID)
        name("trace_id", context.traceID)
        name("span_id", context.spanID)
        name("request_id", context.requestID)
        if let id = context.connectionID { body("conn_id", String(id)) }
        name("session_id", context.session)
        name("room_id", context.roomID)
        name("player_id", context.playerID)
        name("plugin", context.plugin)
        name("op", context.op)
        if let address = context.clientAddress { body("client_ip", addresses.shown(address)) }
    }

    /// - Returns: whether fields were left out.
    private func details(_ fields: LogFields, within room: Int, in line: inout LogLine) -> Bool {
        guard !fields.pairs.isEmpty else { return false }
        let beginning = line.bytes.count
        line.key("details")
        line.open("{")
        var written: [String] = []
        var isTruncated = false
        for (name, value) in fields.pairs where !written.contains(name) {
            let start = line.bytes.count
            line.key(any: name)
            line.value(value)
            guard line.bytes.count > room || written.count == Self.maxFields else {
                written.append(name)
                continue
            }
            line.cut(to: start)
            isTruncated = true
            break
        }
        line.close("}")
        if written.isEmpty { line.cut(to: beginning) }
        return isTruncated
    }

    private func members(of record: LogRecord, chain: AuditChain) -> LogLine {
        var line = LogLine(capacity: 0)
        switch record.part?.kind {
        case .http(let exchange):
            line.key("http")
            line.open("{")
            line.member("method", exchange.method, maxBytes: Self.maxNameBytes)
            line.member("route", exchange.route, maxBytes: Self.maxPartTextBytes)
            line.member("status", .integer(exchange.status))
            line.member("bytes", .integer(exchange.bytes))
            line.close("}")
        case .error(let error): write(error, in: &line)
        case .audit(let audit): write(audit, after: chain, in: &line)
        case nil where record.category == .audit:
            write(LogAudit(actor: "unknown", action: "\(record.event)"), after: chain, in: &line)
        case nil: break
        }
        return line
    }

    private func write(_ error: LogError, in line: inout LogLine) {
        line.key("error")
        line.open("{")
        line.member("type", error.type, maxBytes: 2 * Self.maxNameBytes)
        line.member("message", error.message, maxBytes: Self.maxPartTextBytes)
        line.member("fingerprint", error.fingerprint)
        if let recovered = error.recovered { line.member("recovered", .boolean(recovered)) }
        if !error.stack.isEmpty {
            line.key("stack")
            line.open("[")
            let start = line.bytes.count
            for frame in error.stack.prefix(LogError.maxFrames)
            where line.bytes.count - start < Self.maxStackBytes - Self.maxFrameBytes {
                line.element(frame, maxBytes: Self.maxFrameBytes)
            }
            line.close("]")
        }
        line.close("}")
    }

    /// Open at its end: the seal closes it.
    private func write(_ audit: LogAudit, after chain: AuditChain, in line: inout LogLine) {
        line.key("audit")
        line.open("{")
        line.member("actor", audit.actor, maxBytes: Self.maxNameBytes)
        line.member("action", audit.action, maxBytes: Self.maxNameBytes)
        if let target = audit.target { line.member("target", target, maxBytes: 2 * Self.maxNameBytes) }
        if let before = audit.before { line.member("before", before, maxBytes: Self.maxPartTextBytes) }
        if let after = audit.after { line.member("after", after, maxBytes: Self.maxPartTextBytes) }
        line.member("prev_hash", chain.head)
    }

    // MARK: For people

    func human(_ record: LogRecord) -> [UInt8] {
        let time = Timestamp.text(microseconds: record.time).dropFirst(11).prefix(12)
        let level = record.level.name.uppercased()
        let padding = String(repeating: " ", count: max(0, 8 - level.count))
        var text = "\(time) \(level)\(padding) \(record.category.rawValue): \(record.message)"
        forEachName(record.context) { name, value in
            if "\(name)" != "trace_id" || record.context.correlationID != nil { text += " \(name)=\(value)" }
        }
        if let sequence = record.context.roomSequence { text += " room_seq=\(sequence)" }
        if let took = record.took { text += " duration_ms=\(took.seconds * 1000)" }
        if let threshold = record.threshold { text += " threshold_ms=\(threshold.seconds * 1000)" }
        for (name, value) in record.fields.pairs.prefix(Self.maxFields) { text += " \(name)=\(Self.text(value))" }
        switch record.part?.kind {
        case .http(let http): text += " \(http.method) \(http.route) \(http.status) bytes=\(http.bytes)"
        case .error(let error): text += " error=\(error.type): \(error.message) [\(error.fingerprint)]"
        case .audit(let audit):
            text += " actor=\(audit.actor) action=\(audit.action)"
            if let target = audit.target { text += " target=\(target)" }
            if let before = audit.before { text += " before=\(Self.text(before))" }
            if let after = audit.after { text += " after=\(Self.text(after))" }
        case nil: break
        }
        if record.suppressed > 0 { text += " (and \(record.suppressed) like it before)" }
        return Self.printable(text) + [UInt8(ascii: "\n")]
    }

    private static func text(_ value: LogValue) -> String {
        switch value {
        case .string(let value): value
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .boolean(let value): "\(value)"
        case .redacted: "[redacted]"
        }
    }

    /// What a peer wrote must not steer the operator's terminal, turn its reading direction or forge a second line.
    private static func printable(_ text: String) -> [UInt8] {
        let steering: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            let shown = steering.contains(scalar.properties.generalCategory) ? "\u{fffd}" : scalar
            guard bytes.count < maxLineBytes - 5 else { break }
            UTF8.encode(shown).map { bytes.append(contentsOf: $0) }
        }
        return bytes
    }
}
