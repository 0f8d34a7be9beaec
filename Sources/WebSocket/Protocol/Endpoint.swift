/// Which end of a connection an endpoint is.
public enum Role: Sendable {
    /// Sends plain frames and takes masked ones only.
    case server
    /// Masks what it sends and takes no masked frame.
    case client

    var peer: Role { self == .server ? .client : .server }
}

/// Bytes read from a peer and not yet taken. The endpoint unmasks them where they lie.
struct ReceivedBytes {
    var next: UnsafeMutableRawPointer
    let end: UnsafeMutableRawPointer

    @inline(__always)
    init(_ start: UnsafeMutableRawPointer, count: Int) {
        next = start
        end = start + count
    }

    @inline(__always)
    var count: Int { end - next }
}

/// One end of a WebSocket connection after the handshake: bytes in, events out. Does no input or output.
///
/// Call `next` until it answers `.incomplete`; give the few bytes it leaves (part of a header or of a control frame)
/// again in front of what arrives later, for which `keep` and `restore` hold them. After `.close` or `.violation`
/// nothing further is read.
struct Endpoint: ~Copyable {
    /// What the peer did. Payloads stay valid until the next call.
    enum Event {
        /// More bytes are needed.
        case incomplete
        /// One complete message; text is valid UTF-8.
        case message(MessageKind, UnsafeRawBufferPointer)
        /// Answer with a pong of the same payload.
        case ping(UnsafeRawBufferPointer)
        case pong(UnsafeRawBufferPointer)
        /// The peer closes. Answer with the same code, or an empty close frame when there is none.
        case close(CloseCode?, reason: UnsafeRawBufferPointer)
        /// The peer broke the protocol: send a close frame with the violation's code and read nothing more.
        case violation(Violation)
    }

    let maxMessageBytes: Int
    let maxFragments: Int
    private let rules: FrameDecoder.Rules
    /// nil when nothing was agreed.
    private var deflate: PermessageDeflate?

    private var assembler = MessageAssembler()
    private var text = UTF8Validation()
    /// Kind of the message being put together; nil between messages.
    private var kind: MessageKind?
    /// Whether that message is compressed.
    private var isCompressed = false
    private var fragments = 0
    /// Bytes of the current data frame's payload still to come.
    private var missing = 0
    /// The current data frame's key, as seen from its next byte.
    private var key: UInt32 = 0
    private var isFinal = false
    /// Whether a message has begun and is not complete.
    var isInsideMessage: Bool { kind != nil }
    /// A message handed out lies in a block, which goes at the next call.
    private(set) var holdsMessage = false
    private var kept: UnsafeMutableRawBufferPointer?

    init(role: Role, limits: Limits, deflate: PermessageDeflate? = nil) {
        maxMessageBytes = limits.maxMessageBytes
        maxFragments = limits.maxFragmentsPerMessage
        rules = FrameDecoder.Rules(role: role, compression: deflate != nil)
        self.deflate = deflate
    }

    deinit {
        if holdsMessage, isCompressed { deflate?.letGoOfInflated() }
        kept?.deallocate()
    }

    /// Lets go of what belongs to the loop it is on: between two calls of `next`.
    mutating func leave() {
        if holdsMessage { finishMessage() }
        deflate = nil
    }

    /// Goes on, on another loop.
    ///
    /// - Parameter deflate: nil when none was agreed.
    mutating func arrive(_ deflate: PermessageDeflate?) {
        self.deflate = deflate
    }

    /// What the next bytes say, in order.
    ///
    /// - Source: RFC 6455 §5 and §8.1; RFC 7692 §6 and §7.2.2.
    mutating func next(_ input: inout ReceivedBytes) -> Event {
        if holdsMessage { finishMessage() }
        while true {
            if missing > 0 {
                if let event = takePayload(&input) { return event }
                continue
            }
            let header: FrameHeader
            switch FrameDecoder.header(at: input.next, count: input.count, rules) {
            case .incomplete: return .incomplete
            case .violation(let violation): return .violation(violation)
            case .compressed(let header):
                if let event = begin(header, isCompressed: true, &input) { return event }
                continue
            case .header(let found): header = found
            }
            if header.opcode.isControl {
                return takeControlFrame(header, &input)
            }
            if kind == nil, header.isFinal, header.opcode != .continuation,
                input.count - header.headerBytes >= header.payloadBytes, header.payloadBytes <= maxMessageBytes
            {
                return takeWholeMessage(header, &input)
            }
            if let event = begin(header, isCompressed: false, &input) { return event }
        }
    }

    /// A message that is one frame, all of it here: handed out where it lies.
    @inline(__always)
    private func takeWholeMessage(_ header: FrameHeader, _ input: inout ReceivedBytes) -> Event {
        let payload = input.next + header.headerBytes
        let count = header.payloadBytes
        input.next = payload + count
        let isASCII = Masking.unmask(payload, count: count, key: header.maskingKey)
        let bytes = UnsafeRawBufferPointer(start: payload, count: count)
        if header.opcode == .binary { return .message(.binary, bytes) }
        if !isASCII, !Self.isText(bytes) { return .violation(.invalidUTF8) }
        return .message(.text, bytes)
    }

    @inline(never)
    private static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        var text = UTF8Validation()
        return text.accept(base, count: bytes.count) && text.isComplete
    }

    /// Starts a data frame that is a fragment, compressed or has not arrived whole.
    @inline(never)
    private mutating func begin(_ header: FrameHeader, isCompressed: Bool, _ input: inout ReceivedBytes) -> Event? {
        if let violation = violation(of: header, isCompressed: isCompressed) { return .violation(violation) }
        input.next += header.headerBytes
        isFinal = header.isFinal
        missing = header.payloadBytes
        key = header.maskingKey
        if isCompressed, isFinal, input.count >= missing { return takeWholeCompressed(&input) }
        if missing > 0 {
            assembler.reserve(missing, limit: mostPayloadBytes, isWholeMessage: isFinal && fragments == 1)
        }
        return missing == 0 ? finishFrame() : nil
    }

    /// Places a frame in its message. Limits come before memory.
    private mutating func violation(of header: FrameHeader, isCompressed: Bool) -> Violation? {
        if header.opcode == .continuation {
            if kind == nil { return .continuationOfNothing }
        } else {
            if kind != nil { return .messageInsideMessage }
            kind = header.opcode == .text ? .text : .binary
            self.isCompressed = isCompressed
            text = UTF8Validation()
        }
        let limit = mostPayloadBytes
        let (total, overflow) = assembler.count.addingReportingOverflow(header.payloadBytes)
        if overflow || total > limit { return .messageTooBig(bytes: overflow ? .max : total, limit: limit) }
        fragments += 1
        return fragments > maxFragments ? .tooManyFragments(limit: maxFragments) : nil
    }

    /// Most bytes the frames of the running message may carry together.
    private var mostPayloadBytes: Int {
        isCompressed ? Inflater.mostBytes(inflatingTo: maxMessageBytes) : maxMessageBytes
    }

    /// A compressed message that is one frame, all of it here: inflated from where it lies.
    private mutating func takeWholeCompressed(_ input: inout ReceivedBytes) -> Event {
        let payload = input.next
        let count = missing
        input.next += count
        missing = 0
        _ = Masking.unmask(payload, count: count, key: key)
        return inflate(UnsafeRawBufferPointer(start: payload, count: count))
    }

    /// - Source: RFC 7692 §7.2.2; RFC 6455 §8.1.
    @inline(never)
    private mutating func inflate(_ payload: UnsafeRawBufferPointer) -> Event {
        guard let deflate, let kind else { return .incomplete }
        holdsMessage = true
        if let violation = deflate.inflate(payload, limit: maxMessageBytes) { return .violation(violation) }
        let message = deflate.inflated
        if kind == .text, !Self.isText(message) { return .violation(.invalidUTF8) }
        return .message(kind, message)
    }

    @inline(never)
    private mutating func takePayload(_ input: inout ReceivedBytes) -> Event? {
        let count = min(missing, input.count)
        if count == 0 { return .incomplete }
        let place = assembler.append(input.next, count: count)
        input.next += count
        return accept(place, count: count)
    }

    /// Unmasks and checks payload bytes that lie in the block, as soon as they are there.
    private mutating func accept(_ bytes: UnsafeMutableRawPointer, count: Int) -> Event? {
        let isASCII = Masking.unmask(bytes, count: count, key: key)
        if kind == .text, !isCompressed, !(isASCII && text.isComplete), !text.accept(bytes, count: count) {
            return .violation(.invalidUTF8)
        }
        key = Masking.key(key, from: count)
        missing -= count
        return missing == 0 ? finishFrame() : nil
    }

    private mutating func finishFrame() -> Event? {
        guard isFinal, let kind else { return nil }
        if isCompressed { return inflate(assembler.payload) }
        if kind == .text, !text.isComplete { return .violation(.invalidUTF8) }
        holdsMessage = true
        return .message(kind, assembler.payload)
    }

    @inline(never)
    private mutating func finishMessage() {
        holdsMessage = false
        if isCompressed { deflate?.letGoOfInflated() }
        isCompressed = false
        kind = nil
        fragments = 0
        assembler.free()
    }

    @inline(never)
    private func takeControlFrame(_ header: FrameHeader, _ input: inout ReceivedBytes) -> Event {
        guard input.count >= header.headerBytes + header.payloadBytes else { return .incomplete }
        let start = input.next + header.headerBytes
        input.next = start + header.payloadBytes
        _ = Masking.unmask(start, count: header.payloadBytes, key: header.maskingKey)
        let payload = UnsafeRawBufferPointer(start: start, count: header.payloadBytes)
        switch header.opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        default: return Self.closeEvent(payload)
        }
    }

    /// - Source: RFC 6455 §5.5.1 and §7.4.
    private static func closeEvent(_ payload: UnsafeRawBufferPointer) -> Event {
        if payload.isEmpty { return .close(nil, reason: payload) }
        if payload.count == 1 { return .violation(.closePayloadTooShort) }
        let code = CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.isAllowedOnTheWire else { return .violation(.closeCodeForbidden(code.rawValue)) }
        let reason = UnsafeRawBufferPointer(rebasing: payload[2...])
        guard isText(reason) else { return .violation(.invalidUTF8) }
        return .close(code, reason: reason)
    }
}

// MARK: - Bytes that wait

extension Endpoint {
    /// Most bytes `keep` is ever given: a control frame but for its last byte.
    static let maxKeptBytes = FrameHeader.maxHeaderOfControlBytes + FrameHeader.maxControlPayloadBytes

    /// Keeps what `next` left over until more arrives.
    mutating func keep(_ input: ReceivedBytes) {
        guard input.count > 0 else { return }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: input.count, alignment: 1)
        copy.copyMemory(from: UnsafeRawBufferPointer(start: input.next, count: input.count))
        kept?.deallocate()
        kept = copy
    }

    /// Puts what was kept at `target`, which holds `maxKeptBytes`.
    ///
    /// - Returns: its length.
    @inline(__always)
    mutating func restore(to target: UnsafeMutableRawPointer) -> Int {
        guard let bytes = kept, let base = bytes.baseAddress else { return 0 }
        target.copyMemory(from: base, byteCount: bytes.count)
        kept = nil
        bytes.deallocate()
        return bytes.count
    }

    /// Where a reader may put the rest of the running frame's payload without a detour; nil when less than `minimum`
    /// bytes of it are missing. Follow with `filled`.
    func window(minimum: Int) -> UnsafeMutableRawBufferPointer? {
        guard missing >= minimum, !holdsMessage else { return nil }
        return UnsafeMutableRawBufferPointer(start: assembler.tail(atLeast: missing), count: missing)
    }

    /// Takes `count` bytes that were put into `window`.
    mutating func filled(_ count: Int) -> Event {
        let place = assembler.extend(by: count)
        return accept(place, count: count) ?? .incomplete
    }
}
