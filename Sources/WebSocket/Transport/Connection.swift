import CLinux

/// One WebSocket connection. Lives on its event loop; after it closed every call is ignored.
public final class Connection: Socket {
    enum Phase {
        case open
        /// Our close frame is sent; the peer's is awaited.
        case closing
        /// Another loop gets it when the turn ends; here nothing is handed out any more.
        case moving
        /// How it ended is settled; nothing is handed out any more.
        case over

        /// Whether what the peer sends is still looked at.
        @inline(__always)
        var reads: Bool { self == .open || self == .closing }
    }

    /// A frame of which this much is missing is read into its own block instead of the loop's buffer.
    private static let windowBytes = 64 * 1024

    /// Unique on its loop.
    public let id: UInt64
    /// When the last byte came; now, while we do not read.
    public var lastReceived: MonotonicTime { isPaused ? shared.pointee.now : receivedAt }
    var receivedAt: MonotonicTime
    let openedAt: MonotonicTime
    let handler: any ConnectionHandler
    /// Behind a pointer of its own: as a stored property, every call on it would check for overlapping access at run
    /// time, which costs as much as decoding a short message.
    let endpoint: UnsafeMutablePointer<Endpoint>
    /// nil when nothing was agreed.
    let deflate: PermessageDeflate?
    /// What is known of its way to another loop, while it is `moving`.
    var leaving: Leaving?
    var controlSince: MonotonicTime
    /// Since when part of a message or control frame is here; `.never` between them.
    var partialSince: MonotonicTime
    // What is small stands together: there are as many of these as connections.
    /// Pings and pongs since `controlSince`, which is at most a second ago.
    var controlFrames: Int32
    /// Why we close, while the peer's answer is awaited.
    var closeCode = CloseCode.normal
    var phase = Phase.open
    /// A client masks what it sends.
    let role: Role
    /// Frames leave as a server sends them: neither masked nor compressed.
    private let sendsPlainFrames: Bool
    /// A backlog went in one send, and nobody has been told yet.
    var owesDrained = false
    /// What the peer sends stays in the kernel.
    private var isPaused = false
    /// Another loop has taken the endpoint over.
    var hasHandedOver = false

    /// A connection as it is handed over, from this loop's own requests or by another loop.
    init(_ luggage: Luggage, shared: LoopShared.Pointer, handler: any ConnectionHandler) {
        id = shared.pointee.nextConnectionID
        shared.pointee.nextConnectionID += 1
        openedAt = luggage.openedAt
        receivedAt = luggage.receivedAt
        controlFrames = luggage.controlFrames
        controlSince = luggage.controlSince
        self.handler = handler
        role = luggage.role
        deflate = luggage.deflate.map { shared.pointee.deflatePool().unpack($0) }
        sendsPlainFrames = role == .server && deflate == nil
        partialSince = luggage.partialSince
        if let known = luggage.takeEndpoint() {
            endpoint = known
            endpoint.pointee.arrive(deflate)
        } else {
            endpoint = .allocate(capacity: 1)
            endpoint.initialize(to: Endpoint(role: role, limits: shared.pointee.limits, deflate: deflate))
        }
        super.init(luggage.passage, shared: shared)
        luggage.passage.arrived()
        outbox = luggage.outbox
    }

    deinit {
        if hasHandedOver { return }
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

    /// Asks the peer for a sign of life, which its engine gives by itself: `lastReceived` then moves on.
    ///
    /// - Source: RFC 6455 §5.5.2.
    public func ping() {
        if phase == .open { sendFrame(.ping, UnsafeRawBufferPointer(start: nil, count: 0)) }
    }

    /// Sends what this turn has held back so far, before the turn ends.
    public func flush() {
        if phase.reads { sendHeldBack() }
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
        readOn()
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
        if phase.reads { cut(.aborted) }
    }

    func sendClose(_ code: CloseCode, reason: String = "") {
        FrameEncoder.closePayload(code, reason: reason).withUnsafeBytes { sendFrame(.close, $0) }
    }

    /// How it ended is known: the handler hears it when the turn ends.
    func settle(_ cause: Closure.Cause, code: CloseCode, reason: String = "", isClean: Bool) {
        guard phase != .over else { return }
        phase = .over
        readOn()
        shared.pointee.counters.openWebSockets -= 1
        let lasted = shared.pointee.now - openedAt
        shared.pointee.reap(
            self, Closure(code: code, reason: reason, cause: cause, isClean: isClean, lasted: lasted))
    }

    /// The connection is gone or must go, without the peer's close frame.
    func cut(_ cause: Closure.Cause) {
        if let leaving, phase == .moving {
            // The next loop tells.
            leaving.failure = leaving.failure ?? cause
        } else if phase == .closing {
            settle(.local, code: closeCode, isClean: false)
        } else {
            settle(cause, code: .abnormal, isClean: false)
        }
        isBroken = true
    }

    override func reap(_ closure: Closure?) {
        if let closure { handler.closed(self, closure) }
        if let leaving, phase == .moving { return leave(leaving) }
        if owesDrained {
            owesDrained = false
            // What followed may have been refused: then the outbox tells.
            if unsentBytes == 0 { outputDrained() }
        }
        if isBroken { release() } else { continueEnding() }
    }

    override func expired() {
        if phase == .closing { return cut(.local) }
        // The next loop looks after one that moves.
        guard phase == .open else { return }
        let limit = shared.pointee.limits.messageMilliseconds
        guard partialSince != .never else { return }
        // It may all be here, but for us.
        if isPaused { partialSince = shared.pointee.now }
        let due = partialSince + .milliseconds(limit)
        if due > shared.pointee.now { return expire(at: due) }
        shared.pointee.counters.timedOut += 1
        fail(.messageTooSlow(limitMilliseconds: limit))
    }

    override func woken() {
        if phase.reads { handler.woken(self) }
    }

    override func outputFailed(overflowAt bytes: Int?) {
        if phase == .over { return shared.pointee.reap(self) }
        cut(bytes.map { .outboxFull(bytes: $0) } ?? .lost)
    }

    override func outputDrained() {
        if phase == .open { handler.drained(self) }
        if phase == .moving { owesDrained = true }
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

    // MARK: Holding the peer back

    /// Leaves what the peer sends from now on in the kernel, which then lets it send no more. What was read already is
    /// still handed out. Meanwhile no time counts as the peer's silence.
    ///
    /// A connection that moves, closes or ends is read again by itself.
    public func pauseReading() {
        guard phase == .open, !isPaused else { return }
        isPaused = true
        setInterest(interest & ~clinux_epollin())
    }

    /// Reads again; no error when it was not paused.
    public func resumeReading() {
        if phase == .open { readOn() }
    }

    func readOn() {
        guard isPaused else { return }
        isPaused = false
        receivedAt = shared.pointee.now
        if partialSince != .never { partialSince = shared.pointee.now }
        setInterest(interest | clinux_epollin())
    }

    // MARK: Opening

    /// Begins, or goes on where another loop stopped: what was received before comes first.
    func begin(_ luggage: Luggage) {
        shared.pointee.counters.openWebSockets += 1
        if outbox != nil { setInterest(interest | clinux_epollout()) }
        if let answer = luggage.answer {
            shared.pointee.counters.upgrades += 1
            answer.withUnsafeBytes { enqueue($0) }
        }
        if partialSince != .never {
            expire(at: partialSince + .milliseconds(shared.pointee.limits.messageMilliseconds))
        }
        handler.opened(self)
        guard !luggage.unparsed.isEmpty else { return }
        luggage.unparsed.withUnsafeMutableBytes { buffer in
            process(ReceivedBytes(buffer.baseAddress ?? shared.pointee.receiveBuffer, count: buffer.count))
        }
    }

    // MARK: Receiving

    override func readable(_ flags: UInt32) {
        // The kernel says so unasked.
        if isPaused, flags & (clinux_epollerr() | clinux_epollhup()) != 0 { return cut(.lost) }
        if let window = endpoint.pointee.window(minimum: Self.windowBytes) {
            // What is still missing is read where the connection goes.
            return phase == .moving ? () : read(into: window)
        }
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
}
