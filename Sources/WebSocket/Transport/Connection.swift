import CLinux

/// One WebSocket connection. Lives on its event loop; after it closed every call is ignored.
public final class Connection: Socket {
    private enum Phase {
        case open
        /// Our close frame is sent; the peer's is awaited.
        case closing
        /// How it ended is settled; nothing is handed out any more.
        case over
    }

    /// A frame of which this much is missing is read into its own block instead of the loop's buffer.
    private static let windowBytes = 64 * 1024

    /// Unique on its loop.
    public let id: UInt64
    /// When the last byte came.
    public var lastReceived: MonotonicTime { receivedAt }
    private var receivedAt: MonotonicTime
    private let openedAt: MonotonicTime
    private let handler: any ConnectionHandler
    /// Behind a pointer of its own: as a stored property, every call on it would check for overlapping access at run
    /// time, which costs as much as decoding a short message.
    private let endpoint: UnsafeMutablePointer<Endpoint>
    /// A client masks what it sends.
    let role: Role
    /// nil when nothing was agreed.
    let deflate: PermessageDeflate?
    /// Frames leave as a server sends them: neither masked nor compressed.
    private let sendsPlainFrames: Bool
    private var phase = Phase.open
    /// Why we close, while the peer's answer is awaited.
    private var closeCode = CloseCode.normal
    /// Pings and pongs since `controlSince`, which is at most a second ago.
    private var controlFrames = 0
    private var controlSince: MonotonicTime
    /// Since when part of a message or control frame is here; `.never` between them.
    private var partialSince = MonotonicTime.never
    /// A backlog went in one send, and nobody has been told yet.
    private var owesDrained = false

    init(
        fd: Int32, shared: LoopShared.Pointer, peerAddress: PeerAddress, role: Role, deflate: PermessageDeflate?,
        handler: any ConnectionHandler
    ) {
        id = shared.pointee.nextConnectionID
        shared.pointee.nextConnectionID += 1
        openedAt = shared.pointee.now
        receivedAt = openedAt
        controlSince = openedAt
        self.handler = handler
        self.role = role
        self.deflate = deflate
        sendsPlainFrames = role == .server && deflate == nil
        endpoint = .allocate(capacity: 1)
        endpoint.initialize(to: Endpoint(role: role, limits: shared.pointee.limits, deflate: deflate))
        super.init(fd: fd, shared: shared, peerAddress: peerAddress)
    }

    deinit {
        endpoint.deinitialize(count: 1)
        endpoint.deallocate()
    }

    /// Address and port of the other end.
    public var peer: String { peerAddress.text }

    /// Bytes sent that the kernel has not taken yet.
    public var unsentBytes: Int { pendingBytes + (outbox?.bytes ?? 0) }

    /// The part of `unsentBytes` that the kernel has refused so far.
    public var refusedBytes: Int { outbox?.bytes ?? 0 }

    /// Whether messages can still be sent.
    public var isOpen: Bool { phase == .open }

    // MARK: Sending

    /// Sends a text message, valid UTF-8. It leaves when the loop's turn ends.
    public func send(text: [UInt8]) {
        send(.text, text.span.bytes)
    }

    public func send(text: RawSpan) {
        send(.text, text)
    }

    public func send(binary: RawSpan) {
        send(.binary, binary)
    }

    /// Sends a text message that is never compressed, whatever was agreed: one that holds a secret, whose length must not
    /// depend on what stands beside it.
    public func send(uncompressed text: [UInt8]) {
        guard phase == .open else { return }
        shared.pointee.counters.messagesOut &+= 1
        text.withUnsafeBytes { sendFrame(.text, $0) }
    }

    /// Sends a message that was encoded once for many connections; this one has no copy of its own unless it has to be
    /// masked, or compressed with this connection's own context.
    public func send(_ message: EncodedMessage) {
        guard phase == .open else { return }
        shared.pointee.counters.messagesOut &+= 1
        if sendsPlainFrames { enqueue(message) } else { sendEncoded(message) }
    }

    @inline(never)
    private func send(_ opcode: Opcode, _ payload: RawSpan) {
        guard sendsPlainFrames else { return sendOtherwise(opcode, payload) }
        guard phase == .open else { return }
        shared.pointee.counters.messagesOut &+= 1
        // The span, and with it the bytes, outlives this call; inside a closure the compiler would not inline it.
        enqueueFrame(opcode, payload.withUnsafeBytes { $0 })
    }

    /// Masked, compressed or both.
    @inline(never)
    private func sendOtherwise(_ opcode: Opcode, _ payload: RawSpan) {
        guard phase == .open else { return }
        shared.pointee.counters.messagesOut &+= 1
        sendMessage(opcode, payload.withUnsafeBytes { $0 })
    }

    /// Takes back messages at the end of what the kernel has refused that were encoded as replaceable.
    public func takeBackBroadcasts() -> TakenBack {
        let taken = phase == .open ? outbox?.takeBackReplaceable() ?? TakenBack() : TakenBack()
        shared.pointee.counters.messagesOut &-= taken.messages
        return taken
    }

    // MARK: Closing

    /// Closes in order: what is queued leaves, then a close frame; the peer has `closeMilliseconds` to answer it.
    ///
    /// - Parameter reason: cut to the 123 bytes a close frame holds.
    /// - Source: RFC 6455 §7.1.2.
    public func close(_ code: CloseCode, reason: String = "") {
        guard phase == .open else { return }
        phase = .closing
        closeCode = code
        sendClose(code, reason: reason)
        expire(after: shared.pointee.limits.closeMilliseconds)
    }

    /// Has the handler called once, at or soon after a time; the last call counts, nil forgets it.
    public func wake(at instant: MonotonicTime?) {
        if phase != .over { wake(atOrAfter: instant ?? .never) }
    }

    /// Cuts the connection without a word.
    public func abort() {
        if phase != .over { cut(.aborted) }
    }

    private func sendClose(_ code: CloseCode, reason: String = "") {
        FrameEncoder.closePayload(code, reason: reason).withUnsafeBytes { sendFrame(.close, $0) }
    }

    /// How it ended is known: the handler hears it when the turn ends.
    private func settle(_ cause: Closure.Cause, code: CloseCode, reason: String = "", isClean: Bool) {
        guard phase != .over else { return }
        phase = .over
        shared.pointee.counters.openWebSockets -= 1
        let lasted = shared.pointee.now - openedAt
        shared.pointee.reap(
            self, Closure(code: code, reason: reason, cause: cause, isClean: isClean, lasted: lasted))
    }

    /// The connection is gone or must go, without the peer's close frame.
    private func cut(_ cause: Closure.Cause) {
        if phase == .closing {
            settle(.local, code: closeCode, isClean: false)
        } else {
            settle(cause, code: .abnormal, isClean: false)
        }
        isBroken = true
    }

    override func reap(_ closure: Closure?) {
        if let closure { handler.closed(self, closure) }
        if owesDrained {
            owesDrained = false
            // What followed may have been refused: then the outbox tells.
            if unsentBytes == 0 { outputDrained() }
        }
        if isBroken { release() } else { continueEnding() }
    }

    override func expired() {
        if phase == .closing { return cut(.local) }
        let limit = shared.pointee.limits.messageMilliseconds
        guard partialSince != .never else { return }
        let due = partialSince + .milliseconds(limit)
        if due > shared.pointee.now { return expire(at: due) }
        shared.pointee.counters.timedOut += 1
        fail(.messageTooSlow(limitMilliseconds: limit))
    }

    override func woken() {
        if phase != .over { handler.woken(self) }
    }

    override func outputFailed(overflowAt bytes: Int?) {
        if phase == .over { return shared.pointee.reap(self) }
        cut(bytes.map { .outboxFull(bytes: $0) } ?? .lost)
    }

    override func outputDrained() {
        if phase == .open { handler.drained(self) }
    }

    override func backlogTaken() {
        guard !owesDrained else { return }
        owesDrained = true
        shared.pointee.reap(self)
    }

    override var endsStreamFirst: Bool { role == .server }

    override func loopEnds() {
        cut(.stopped)
        release()
    }

    // MARK: Opening

    func inherit(_ waiting: Outbox?) {
        guard let waiting else { return }
        outbox = waiting
        setInterest(interest | clinux_epollout())
    }

    func begin(with answer: [UInt8], remainder: [UInt8]) {
        shared.pointee.counters.upgrades += 1
        shared.pointee.counters.openWebSockets += 1
        answer.withUnsafeBytes { enqueue($0) }
        handler.opened(self)
        guard !remainder.isEmpty else { return }
        var bytes = remainder
        bytes.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress { process(ReceivedBytes(base, count: buffer.count)) }
        }
    }

    // MARK: Receiving

    override func readable(_ flags: UInt32) {
        if let window = endpoint.pointee.window(minimum: Self.windowBytes) { return read(into: window) }
        let buffer = shared.pointee.receiveBuffer
        let kept = endpoint.pointee.restore(to: buffer)
        let capacity = shared.pointee.limits.receiveBufferBytes
        guard let count = read(into: buffer + kept, capacity: capacity) else {
            return endpoint.pointee.keep(ReceivedBytes(buffer, count: kept))
        }
        if count == 0 { return cut(.lost) }
        receivedAt = shared.pointee.now
        if phase == .closing, !mayDiscard(count) { return cut(.local) }
        process(ReceivedBytes(buffer, count: kept + count))
    }

    /// Reads the rest of a long frame to where it stays.
    @inline(never)
    private func read(into window: UnsafeMutableRawBufferPointer) {
        guard let base = window.baseAddress, let count = read(into: base, capacity: window.count) else { return }
        if count == 0 { return cut(.lost) }
        receivedAt = shared.pointee.now
        handle(endpoint.pointee.filled(count))
        // Lets go of the message just handed out.
        if endpoint.pointee.holdsMessage { process(ReceivedBytes(shared.pointee.receiveBuffer, count: 0)) }
    }

    private func process(_ bytes: ReceivedBytes) {
        var input = bytes
        while phase != .over {
            let event = endpoint.pointee.next(&input)
            if case .message(let kind, let payload) = event {
                partialSince = .never
                deliver(kind, payload)
                if input.count == 0, !endpoint.pointee.holdsMessage { return }
                continue
            }
            if case .incomplete = event {
                let isPartial = input.count > 0 || endpoint.pointee.isInsideMessage
                if isPartial { awaitRest() } else { partialSince = .never }
                return endpoint.pointee.keep(input)
            }
            handle(event)
        }
    }

    /// What has begun to come has to come whole in bounded time, however evenly its bytes come.
    @inline(never)
    private func awaitRest() {
        guard partialSince == .never, phase == .open else { return }
        partialSince = shared.pointee.now
        expire(after: shared.pointee.limits.messageMilliseconds)
    }

    @inline(__always)
    private func deliver(_ kind: MessageKind, _ payload: UnsafeRawBufferPointer) {
        shared.pointee.counters.messagesIn &+= 1
        // Sent by the peer before it heard that we close: nobody listens any more.
        if phase == .open { handler.received(payload.bytes, kind, on: self) }
    }

    @inline(never)
    private func handle(_ event: Endpoint.Event) {
        switch event {
        case .incomplete: break
        case .pong: _ = takesControlFrame()
        case .message(let kind, let payload): deliver(kind, payload)
        case .ping(let payload):
            if takesControlFrame(), phase == .open { sendFrame(.pong, payload) }
        case .close(let code, let reason): peerCloses(code, reason)
        case .violation(let violation): fail(violation)
        }
    }

    /// Counts a ping or pong; one too many ends the connection.
    private func takesControlFrame() -> Bool {
        if !endpoint.pointee.isInsideMessage { partialSince = .never }
        let now = shared.pointee.now
        if now - controlSince >= .seconds(1) { (controlSince, controlFrames) = (now, 0) }
        controlFrames += 1
        let limit = shared.pointee.limits.maxControlFramesPerSecond
        if controlFrames > limit { fail(.tooManyControlFrames(limit: limit)) }
        return controlFrames <= limit
    }

    /// - Source: RFC 6455 §5.5.1 and §7.1.4.
    private func peerCloses(_ code: CloseCode?, _ reason: UnsafeRawBufferPointer) {
        if phase == .closing {
            settle(.local, code: closeCode, isClean: true)
        } else {
            if let code { sendClose(code) } else { sendFrame(.close, UnsafeRawBufferPointer(start: nil, count: 0)) }
            settle(.peer, code: code ?? .noStatus, reason: String(decoding: reason, as: UTF8.self), isClean: true)
        }
        endInOrder()
    }

    /// - Source: RFC 6455 §7.1.7.
    private func fail(_ violation: Violation) {
        shared.pointee.counters.violations += 1
        if phase == .open { sendClose(violation.code, reason: violation.description) }
        settle(.violation(violation), code: violation.code, isClean: false)
        endInOrder()
    }
}
