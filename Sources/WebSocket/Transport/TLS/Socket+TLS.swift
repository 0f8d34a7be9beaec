import CLinux
import COpenSSL

/// How far TLS has come on a connection.
enum TLSPhase: UInt8 {
    case handshaking
    case established
    /// We have said that nothing follows.
    case ended
    /// The stream broke off without the peer saying that it ends, or cannot be read any further.
    case broken
    /// The handshake came to nothing.
    case failed
}

/// How TLS begins and ends on a socket. Nothing of it is touched on a plain connection.
extension Socket {
    /// Begins TLS before the first byte: as the server, who waits for the client's first word.
    ///
    /// - Returns: false when there is no memory for it.
    func accept(_ context: TLSServerContext) -> Bool {
        context.makeSession().map { begin($0) } ?? false
    }

    /// Begins TLS on a connection we have opened, as the client, and sends its first word. `secured` or
    /// `securingFailed` follows; what is sent before waits for it.
    ///
    /// - Parameter host: name or address of the server, which its certificate has to be for.
    /// - Returns: false when there is no memory for it.
    func connect(_ context: TLSClientContext, to host: String) -> Bool {
        guard let session = context.makeSession(to: host), begin(session) else { return false }
        ERR_clear_error()
        _ = SSL_do_handshake(session)
        flushWire()
        return !isBroken
    }

    private func begin(_ session: OpaquePointer) -> Bool {
        guard let wire = shared.pointee.makeWire() else {
            SSL_free(session)
            return false
        }
        wire.pointee.attach(to: session)
        ssl = session
        tlsPhase = .handshaking
        shared.pointee.handshakeBegun()
        return true
    }

    /// Whether TLS is still being agreed on.
    var isSecuring: Bool { ssl != nil && tlsPhase == .handshaking }

    func handshakeDone(_ session: OpaquePointer) {
        tlsPhase = .established
        if SSL_session_reused(session) == 1 {
            shared.pointee.counters.tls.resumed += 1
        } else {
            shared.pointee.counters.tls.full += 1
        }
        shared.pointee.counters.tls.open += 1
        shared.pointee.handshakeEnded()?.goOn()
        if outbox != nil { setInterest(interest | clinux_epollout()) }
        secured()
    }

    /// Ends a handshake that came to nothing; a later call changes nothing.
    func failHandshake(_ failure: TLSFailure) {
        guard isSecuring else { return }
        tlsPhase = .failed
        shared.pointee.counters.tls[failure] += 1
        shared.pointee.handshakeEnded()?.goOn()
        if failure == .plainHTTP { shared.pointee.wire?.pointee.dropOutput() }
        flushWire()
        if fd >= 0, !isBroken { securingFailed(failure) }
    }

    /// Goes on without TLS: for the one answer to a peer that never began it.
    func becomePlain() {
        if let ssl { SSL_free(ssl) }
        ssl = nil
    }

    /// Lets go of the session. Called with the descriptor.
    func endTLS() {
        guard ssl != nil else { return }
        switch tlsPhase {
        case .handshaking:
            tlsPhase = .failed
            shared.pointee.counters.tls[.gone] += 1
            shared.pointee.handshakeEnded()?.goOn()
        case .established, .ended, .broken: shared.pointee.counters.tls.open -= 1
        case .failed: break
        }
        becomePlain()
    }

    /// Says that nothing follows.
    ///
    /// - Returns: whether that has left; if not it waits in the outbox.
    /// - Source: RFC 8446 §6.1.
    func sayGoodbye() -> Bool {
        guard tlsPhase == .established, let ssl else { return true }
        tlsPhase = .ended
        ERR_clear_error()
        _ = SSL_shutdown(ssl)
        return flushWire() || isBroken
    }
}
