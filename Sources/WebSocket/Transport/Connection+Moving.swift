import CLinux
import COpenSSL

/// How a connection leaves for another loop: what came in the rest of the turn, and how it is handed over.
final class Leaving {
    private let handOver: (Luggage) -> Bool
    /// Received after the message at which the connection was sent away.
    private(set) var unparsed: [UInt8] = []
    var failure: Closure.Cause?

    /// - Parameter handOver: false when nobody takes it.
    init(_ handOver: @escaping (Luggage) -> Bool) { self.handOver = handOver }

    func stash(_ bytes: ReceivedBytes) {
        unparsed += UnsafeRawBufferPointer(start: bytes.next, count: bytes.count)
    }

    func post(_ luggage: Luggage) -> Bool { handOver(luggage) }
}

extension Connection {
    /// Hands the connection to another loop, between two messages of the peer: what it has sent beyond the one being
    /// handled is read there, and what was sent to it and has not left goes along, in order.
    ///
    /// It leaves when the turn ends. From now on every call is ignored and this handler is told nothing, `closed`
    /// neither: let go of the connection here. The handler made from `ticket` gets another one, with an `id` of its own
    /// loop, on which nobody has asked to be woken. Only when the other loop takes nothing any more, because it has ended or
    /// is full, this handler is told `closed`; what is on its way when that loop ends is closed, and nobody is told.
    ///
    /// - Precondition: both loops were made with one doorkeeper.
    /// - Returns: false when the connection is closing or over: it stays.
    @discardableResult
    public func move<Ticket>(to landing: Landing<Ticket>, _ ticket: Ticket) -> Bool {
        guard phase == .open else { return false }
        readOn()
        phase = .moving
        leaving = Leaving { landing.take($0, ticket) }
        shared.pointee.reap(self)
        return true
    }

    /// Keeps what came behind the message at which it was sent away.
    @inline(never)
    func stash(_ input: ReceivedBytes) { leaving?.stash(input) }

    /// The turn ends, and what it had to send is sent or in the outbox.
    func leave(_ leaving: Leaving) {
        // What fails in this goes along, too.
        sendHeldBack()
        self.leaving = nil
        phase = .over
        shared.pointee.counters.openWebSockets -= 1
        guard fd >= 0 else { return stranded() }
        endpoint.pointee.leave()
        let luggage = Luggage(depart(), role: role, endpoint: endpoint, at: openedAt)
        hasHandedOver = true
        luggage.deflate = deflate?.pack()
        luggage.receivedAt = receivedAt
        luggage.controlFrames = controlFrames
        luggage.controlSince = controlSince
        luggage.partialSince = partialSince
        luggage.unparsed = leaving.unparsed
        luggage.failure = leaving.failure
        luggage.owesDrained = owesDrained
        luggage.outbox = outbox
        outbox = nil
        owesDrained = false
        if !leaving.post(luggage) { stranded() }
    }

    /// There is nobody to go on with it.
    private func stranded() {
        let lasted = shared.pointee.now - openedAt
        handler.closed(
            self, Closure(code: .abnormal, reason: "", cause: .stopped, isClean: false, lasted: lasted))
    }

    /// Goes on here, on the loop it was handed to.
    func arrive(_ luggage: Luggage) {
        // A kernel without memory to watch it: the connection is as good as lost, and its handler has to hear that.
        let hasPlace = moveIn()
        begin(luggage)
        if luggage.owesDrained { backlogTaken() }
        // What failed there has failed here.
        if let failure = luggage.failure ?? (hasPlace ? nil : .lost) { abandon(failure) }
        // The end of a TLS stream may have come with what was read there; epoll will not report it again.
        if ssl != nil { endSecureInput(0) }
    }

    private func abandon(_ cause: Closure.Cause) {
        switch phase {
        case .open, .closing, .moving: cut(cause)
        case .over: break
        }
    }
}

extension Socket {
    /// Takes the socket off this loop, with what lies between it and the bytes it says.
    func depart() -> Passage {
        if let ssl {
            // Nothing that goes along may refer to what stays.
            SSL_set_bio(ssl, nil, nil)
            shared.pointee.counters.tls.open -= 1
        }
        shared.pointee.counters.open -= 1
        shared.pointee.counters.handedOver += 1
        return Passage(fd: shared.pointee.letGo(of: self), of: self)
    }

    /// Begins to live on this loop, having been made from another's `Passage`.
    ///
    /// - Returns: false when there is no memory for that.
    func moveIn() -> Bool {
        shared.pointee.counters.open += 1
        shared.pointee.counters.takenOver += 1
        var hasWire = true
        if let ssl {
            shared.pointee.counters.tls.open += 1
            let wire = shared.pointee.makeWire()
            wire?.pointee.attach(to: ssl)
            hasWire = wire != nil
        }
        do throws(SystemError) {
            try shared.pointee.register(self, interest: interest)
            return hasWire
        } catch {
            shared.pointee.adopt(self)
            return false
        }
    }
}
