import CLinux

/// A connection that speaks HTTP/1.1: requests one after the other, until one becomes a WebSocket. Lives on its loop.
final class HTTPConnection: Socket {
    enum Phase {
        case reading
        /// An exchange has not been answered yet; what the peer sends meanwhile waits.
        case answering(RequestHead)
        case over
    }

    /// Bytes taken from the kernel at once: pipelined requests beyond them wait there.
    private static let readBytes = 64 * 1024
    private static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    private let handler: any RequestHandler
    private let openedAt: MonotonicTime
    var parser: RequestParser
    var phase = Phase.reading
    /// Counts exchanges, so that one that was answered cannot answer again.
    private(set) var exchangeNumber = 0
    /// The turn in which requests were last handed out, and how many were.
    private var servingTurn = 0
    private var servedInTurn = 0
    /// Requests may be here that had to wait for the next turn.
    private var awaitsTurn = false
    /// When the peer has to have taken the whole response that waits for it.
    private var takenBy = MonotonicTime.never

    /// - Parameter instant: when it was accepted, which may have been on another loop.
    init(
        _ passage: Passage, shared: LoopShared.Pointer, handler: any RequestHandler, acceptedAt instant: MonotonicTime
    ) {
        self.handler = handler
        openedAt = instant
        parser = RequestParser(limits: shared.pointee.limits)
        super.init(passage, shared: shared)
    }

    var sinceOpened: Duration { MonotonicTime.now() - openedAt }

    /// A response is bounded by what the application makes, and only one waits at a time.
    override var outboxLimit: Int { .max }

    func begin() {
        let limits = shared.pointee.limits
        expire(after: isSecuring ? limits.handshakeMilliseconds : limits.requestMilliseconds)
    }

    // MARK: TLS

    override func secured() {
        expire(after: shared.pointee.limits.requestMilliseconds)
    }

    override func securingFailed(_ failure: TLSFailure) {
        switch failure {
        case .timeout, .gone: release()
        case .plainHTTP:
            becomePlain()
            refuse(RequestRefusal(400, "this port speaks TLS: its addresses begin with https:// or wss://"))
        default:
            phase = .over
            endInOrder()
        }
    }

    // MARK: Time

    override func expired() {
        if isSecuring { return failHandshake(.timeout) }
        guard outbox != nil || parser.isInsideRequest else {
            // Between two requests silence is nobody's fault.
            if exchangeNumber == 0 { shared.pointee.counters.timedOut += 1 }
            return release()
        }
        shared.pointee.counters.timedOut += 1
        if outbox != nil { return release() }
        refuse(RequestRefusal(408, "the request did not arrive in time"))
    }

    // MARK: Input

    override func readable(_ flags: UInt32) {
        let buffer = shared.pointee.receiveBuffer
        guard let count = read(into: buffer, capacity: min(Self.readBytes, shared.pointee.limits.receiveBufferBytes))
        else { return }
        if count == 0 { return peerEnded(flags) }
        if !parser.isInsideRequest, case .reading = phase {
            expire(after: shared.pointee.limits.requestMilliseconds)
        }
        parser.append(UnsafeRawBufferPointer(start: buffer, count: count))
        resume()
    }

    /// Requests that are here have to wait: for an answer, for an answer's bytes to leave, or for the next turn.
    private var isHeldUp: Bool {
        if case .answering = phase { return true }
        return outbox != nil || awaitsTurn
    }

    /// A peer that sent its last request and closed its side still gets the answers; one that is gone does not.
    ///
    /// - Source: RFC 9112 §9.6.
    private func peerEnded(_ flags: UInt32) {
        guard isHeldUp, flags & (clinux_epollerr() | clinux_epollhup()) == 0, !wasTruncated else { return release() }
        peerHasEnded = true
        settleInterest()
    }

    /// Serves what can be served, and reads on unless enough waits already.
    private func resume() {
        advance()
        settleInterest()
    }

    private func settleInterest() {
        guard fd >= 0, ending == .none else { return }
        let reads = !peerHasEnded && !(isHeldUp && parser.bufferedBytes >= Self.readBytes)
        setInterest(reads ? interest | clinux_epollin() : interest & ~clinux_epollin())
    }

    override func continueInput() {
        awaitsTurn = false
        if ending == .none { resume() }
    }

    /// Notes a request for this turn.
    ///
    /// - Returns: false when the connection has had its share; it goes on in the next turn then.
    private func takesTurn() -> Bool {
        let turn = shared.pointee.counters.turns
        if turn != servingTurn { (servingTurn, servedInTurn) = (turn, 0) }
        if servedInTurn < shared.pointee.limits.requestsPerTurn { return true }
        if !awaitsTurn { shared.pointee.continueNextTurn(self) }
        awaitsTurn = true
        return false
    }

    private func advance() {
        // The next request waits until the last answer has left, so answers cannot pile up.
        while case .reading = phase, fd >= 0, ending == .none, outbox == nil {
            if parser.bufferedBytes > 0, !takesTurn() { return }
            switch parser.next() {
            case .incomplete:
                if peerHasEnded { endInOrder() }
                return
            case .awaitsContinue:
                Self.continueLine.withUnsafeBytes { enqueue($0) }
            case .refusal(let refusal):
                return refuse(refusal)
            case .request(let head, let body):
                shared.pointee.counters.requests += 1
                servedInTurn += 1
                phase = .answering(head)
                deadline = .never
                exchangeNumber += 1
                let request = Request(head, body: body, peer: peerAddress.text)
                handler.handle(request, Exchange(self, request: request))
            }
        }
    }

    private func refuse(_ refusal: RequestRefusal) {
        shared.pointee.counters.requestsRefused += 1
        phase = .over
        send(response(to: refusal), keepsAlive: false, withBody: parser.method != "HEAD")
        endInOrder()
    }

    /// The handler words it; what the status demands is added.
    func response(to refusal: RequestRefusal) -> Response {
        var response = handler.refused(status: refusal.status, reason: refusal.reason)
        response.headers += refusal.headers
        return response
    }

    // MARK: Output

    func respond(_ response: Response) {
        guard case .answering(let head) = phase, fd >= 0 else { return }
        let isLast = !head.keepsAlive || peerHasEnded && parser.bufferedBytes == 0
        let keepsAlive = !isLast && response.status >= 200
        send(response, keepsAlive: keepsAlive, withBody: head.method != "HEAD" && response.carriesBody)
        if keepsAlive {
            phase = .reading
            let limits = shared.pointee.limits
            expire(after: parser.isInsideRequest ? limits.requestMilliseconds : limits.keepAliveMilliseconds)
            // Later in this turn, so that a handler that answers at once does not nest a call per pipelined request.
            shared.pointee.reap(self)
        } else {
            phase = .over
            endInOrder()
        }
    }

    private func send(_ response: Response, keepsAlive: Bool, withBody: Bool) {
        let date = shared.pointee.loop._withUnsafeGuaranteedRef { $0.dateText() }
        takenBy = shared.pointee.now + .milliseconds(shared.pointee.limits.responseMilliseconds)
        response.encodedHead(keepsAlive: keepsAlive, date: date).withUnsafeBytes { enqueue($0) }
        if withBody { response.body.withUnsafeBytes { enqueue($0) } }
    }

    override var flushMilliseconds: Int { shared.pointee.limits.responseStallMilliseconds }

    /// A response leaves in bounded time, also to a peer that takes a byte now and then.
    private func awaitReading() {
        expire(at: min(shared.pointee.now + .milliseconds(flushMilliseconds), takenBy))
    }

    override func outputMoved() {
        switch ending {
        case .none: if deadline != .never, !isSecuring { awaitReading() }
        case .flushing: awaitReading()
        case .lingering: break
        }
    }

    override func outputDrained() {
        guard case .reading = phase, !isSecuring else { return }
        let limits = shared.pointee.limits
        expire(after: parser.isInsideRequest ? limits.requestMilliseconds : limits.keepAliveMilliseconds)
        resume()
    }

    override func outputFailed(overflowAt bytes: Int?) {
        phase = .over
        shared.pointee.reap(self)
    }

    override func reap(_ closure: Closure?) {
        if isBroken { return release() }
        if ending != .none { return continueEnding() }
        guard case .reading = phase else { return }
        if outbox != nil { awaitReading() }
        resume()
    }

    override func release() {
        phase = .over
        super.release()
    }

    // MARK: Being let in

    /// Counts this connection for a client that something more than its peer's address tells.
    ///
    /// - Returns: why it may not stay, if so. One that counts already stays as it is.
    func identify(as client: IPAddress?) -> Doorkeeper.Refusal? {
        guard case .counted(nil) = admission else { return nil }
        switch shared.pointee.doorkeeper.identify(as: client, at: shared.pointee.now) {
        case .admitted(let network): admission = .counted(network)
        case .refused(let refusal):
            shared.pointee.counters.count(refusal)
            return refusal
        }
        return nil
    }

    /// Says why nobody is let in here, and ends.
    func turnAway(_ refusal: Doorkeeper.Refusal) {
        phase = .over
        send(response(to: RequestRefusal(refusal)), keepsAlive: false, withBody: true)
        endInOrder()
    }

    func isAnswering(_ number: Int) -> Bool {
        guard case .answering = phase else { return false }
        return number == exchangeNumber && fd >= 0
    }
}
