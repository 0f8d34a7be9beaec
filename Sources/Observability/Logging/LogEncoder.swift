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

    private let addresses: ClientAddressPrivacy
    /// Who speaks, the same in every line and made once.
    private let speaker: [UInt8]

    init(origin: LogOrigin, addresses: ClientAddressPrivacy = .full) {
        self.addresses = addresses
        var line = LogText(capacity: Self.maxNameBytes)
        line.member("service", origin.service, maxBytes: Self.maxNameBytes)
        line.member("version", origin.version, maxBytes: Self.maxNameBytes)
        line.member("node", origin.node, maxBytes: 4 * Self.maxNameBytes)
        line.member("pid", .integer(origin.processID))
        speaker = line.bytes()
    }

    /// Writes a line behind those that are there.
    ///
    /// - Parameters:
    ///   - number: counts the lines of the process from 1, dropped ones too, so that a gap shows a drop.
    ///   - suppressed: lines like it that were left out before it.
    ///   - head: of the audit trail's chain. A line of the trail is left open at its end: the chain's seal closes it.
    func write(_ record: LogRecord, number: Int, suppressed: Int, after head: String, to text: inout LogText) {
        let start = text.count
        text.open("{")
        beginning(of: record, number, in: &text)
        about(record.context, in: &text)
        if let took = record.took { text.member("duration_ms", .duration(took)) }
        if let threshold = record.threshold { text.member("threshold_ms", .duration(threshold)) }
        let part = members(of: record, after: head)
        let room = Self.maxLineBytes - Self.tailBytes - part.count - AuditChain.sealBytes
        let isTruncated = details(record.fields, upTo: start + room, in: &text)
        if suppressed > 0 { text.member("suppressed", .integer(suppressed)) }
        if isTruncated { text.member("truncated", true) }
        text.append(members: part)
        if record.category != .audit { text.end() }
    }

    private func beginning(of record: LogRecord, _ number: Int, in line: inout LogText) {
        line.member("timestamp", microseconds: record.time)
        line.member("level", record.level.word)
        line.member("category", record.category.rawValue)
        line.member("event", record.event)
        line.member("message", record.message)
        line.append(members: speaker)
        line.member("log_seq", .integer(number))
    }

    private func about(_ context: LogContext, in line: inout LogText) {
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
    private func details(_ fields: LogFields, upTo limit: Int, in line: inout LogText) -> Bool {
        guard !fields.pairs.isEmpty else { return false }
        let beginning = line.count
        line.key("details")
        line.open("{")
        var written = 0
        var isTruncated = false
        for index in fields.pairs.indices {
            let (name, value) = fields.pairs[index]
            // Of two fields with one name the first counts.
            if fields.pairs[..<index].contains(where: { $0.0 == name }) { continue }
            let start = line.count
            line.key(any: name)
            line.value(value)
            if line.count > limit || written == Self.maxFields {
                line.cut(to: start)
                isTruncated = true
                break
            }
            written += 1
        }
        line.close("}")
        if written == 0 { line.cut(to: beginning) }
        return isTruncated
    }

    private func members(of record: LogRecord, after head: String) -> [UInt8] {
        guard record.part != nil || record.category == .audit else { return [] }
        var line = LogText(capacity: Self.maxNameBytes)
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
        case .audit(let audit): write(audit, after: head, in: &line)
        case nil where record.category == .audit:
            write(LogAudit(actor: "unknown", action: "\(record.event)"), after: head, in: &line)
        case nil: break
        }
        return line.bytes()
    }

    private func write(_ error: LogError, in line: inout LogText) {
        line.key("error")
        line.open("{")
        line.member("type", error.type, maxBytes: 2 * Self.maxNameBytes)
        line.member("message", error.message, maxBytes: Self.maxPartTextBytes)
        line.member("fingerprint", error.fingerprint)
        if let recovered = error.recovered { line.member("recovered", .boolean(recovered)) }
        if !error.stack.isEmpty {
            line.key("stack")
            line.open("[")
            let start = line.count
            for frame in error.stack.prefix(LogError.maxFrames)
            where line.count - start < Self.maxStackBytes - Self.maxFrameBytes {
                line.element(frame, maxBytes: Self.maxFrameBytes)
            }
            line.close("]")
        }
        line.close("}")
    }

    /// Open at its end: the seal closes it.
    private func write(_ audit: LogAudit, after head: String, in line: inout LogText) {
        line.key("audit")
        line.open("{")
        line.member("actor", audit.actor, maxBytes: Self.maxNameBytes)
        line.member("action", audit.action, maxBytes: Self.maxNameBytes)
        if let target = audit.target { line.member("target", target, maxBytes: 2 * Self.maxNameBytes) }
        if let before = audit.before { line.member("before", before, maxBytes: Self.maxPartTextBytes) }
        if let after = audit.after { line.member("after", after, maxBytes: Self.maxPartTextBytes) }
        line.member("prev_hash", head)
    }

    // MARK: For people

    func writeForPeople(_ record: LogRecord, suppressed: Int, to lines: inout LogText) {
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
        if suppressed > 0 { text += " (and \(suppressed) like it before)" }
        lines.append(Self.printable(text) + [UInt8(ascii: "\n")])
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
