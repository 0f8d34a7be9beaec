/// What becomes of the bytes a connection receives.
extension Connection {
    func process(_ bytes: ReceivedBytes) {
        var input = bytes
        while phase.reads {
            let event = endpoint.pointee.next(&input)
            if case .message(let kind, let payload) = event {
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
        if phase == .moving { stash(input) }
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
        partialSince = .never
        // Sent by the peer before it heard that we close: nobody listens any more.
        if phase == .open { handler.received(payload.bytes, kind, on: self) }
    }

    @inline(never)
    func handle(_ event: Endpoint.Event) {
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
    func fail(_ violation: Violation) {
        shared.pointee.counters.violations += 1
        if phase == .open { sendClose(violation.code, reason: violation.description) }
        settle(.violation(violation), code: violation.code, isClean: false)
        endInOrder()
    }
}
