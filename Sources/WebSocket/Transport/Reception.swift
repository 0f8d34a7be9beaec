import CLinux

/// How a connection that was let in begins: with a proxy's word on whose it is, with TLS, with HTTP. Lives on its loop.
final class Reception {
    private let shared: LoopShared.Pointer
    private let handler: any RequestHandler
    /// nil for connections without TLS.
    let tls: TLSServerContext?

    init(shared: LoopShared.Pointer, handler: any RequestHandler, tls: TLSServerContext?) {
        self.shared = shared
        self.handler = handler
        self.tls = tls
    }

    /// - Parameters:
    ///   - isIntroduced: a proxy says first whose connection it is.
    ///   - instant: when it was accepted, which may have been on another loop.
    /// - Returns: false, and the connection is closed, when there is no memory for it.
    func begin(_ passage: Passage, isIntroduced: Bool, acceptedAt instant: MonotonicTime) -> Bool {
        if isIntroduced {
            let introduction = ProxyIntroduction(passage, shared: shared, reception: self)
            guard take(introduction, from: passage) else { return false }
            shared.pointee.counters.open += 1
            introduction.begin()
            return true
        }
        let connection = HTTPConnection(passage, shared: shared, handler: handler, acceptedAt: instant)
        guard take(connection, from: passage) else { return false }
        shared.pointee.counters.open += 1
        return speak(on: connection)
    }

    /// - Returns: false when the kernel has no memory to watch it: the same trouble as having none to accept it.
    private func take(_ pollable: Pollable, from passage: Passage) -> Bool {
        do throws(SystemError) {
            try shared.pointee.register(pollable, interest: clinux_epollin())
        } catch {
            // The passage has the descriptor still, and closes it.
            pollable.fd = -1
            return false
        }
        passage.arrived()
        return true
    }

    /// Tells one that is not let in why; without TLS only.
    func turnAway(_ passage: Passage, _ refusal: Doorkeeper.Refusal) {
        let connection = HTTPConnection(passage, shared: shared, handler: handler, acceptedAt: shared.pointee.now)
        guard take(connection, from: passage) else { return }
        shared.pointee.counters.turningAway += 1
        connection.turnAway(refusal)
    }

    /// A proxy has said whose connection this is: it is a client's from here on.
    func introduced(_ introduction: ProxyIntroduction, as client: PeerAddress) {
        let passage = Passage(
            fd: introduction.fd, client, .counted(nil), shared.pointee.doorkeeper, isToBeSecured: false)
        let connection = HTTPConnection(
            passage, shared: shared, handler: handler, acceptedAt: shared.pointee.now)
        passage.arrived()
        shared.pointee.replace(with: connection, interest: connection.interest)
        introduction.fd = -1
        guard let refusal = connection.identify(as: client.address) else {
            _ = speak(on: connection)
            return
        }
        if tls == nil { connection.turnAway(refusal) } else { connection.release() }
    }

    /// Begins with TLS where that is spoken, with HTTP elsewhere.
    ///
    /// - Returns: false, and the connection is closed, when there is no memory for TLS.
    private func speak(on connection: HTTPConnection) -> Bool {
        if let tls, !connection.accept(tls) {
            connection.release()
            return false
        }
        connection.begin()
        return true
    }
}
