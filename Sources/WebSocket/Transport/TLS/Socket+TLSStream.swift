import CLinux
import COpenSSL
import Glibc

/// TLS between a socket and the kernel: what `read` and `write` do for a connection that has it.
extension Socket {
    // MARK: Reading

    /// Whether the peer has said that nothing follows.
    ///
    /// - Source: RFC 8446 §6.1.
    var peerSaidGoodbye: Bool { ssl.map { SSL_get_shutdown($0) & SSL_RECEIVED_SHUTDOWN != 0 } ?? false }

    /// Whether the stream ended in a way that only the network or an attacker ends it.
    var wasTruncated: Bool { ssl != nil && (tlsPhase == .broken || tlsPhase == .failed) }

    /// Takes what the kernel has and decrypts all of it, so that nothing waits where epoll does not look.
    ///
    /// - Parameter capacity: more than a record.
    /// - Returns: the plaintext's bytes; 0 when none will follow; nil when there is none yet.
    @inline(never)
    func readSecure(into target: UnsafeMutableRawPointer, capacity: Int) -> Int? {
        guard let ssl, let wire = shared.pointee.wire, !wasTruncated, !peerSaidGoodbye else { return 0 }
        let limits = shared.pointee.limits
        if tlsPhase == .handshaking,
            !wire.pointee.takesHandshakeStep(in: shared.pointee.counters.turns, limit: limits.handshakesPerTurn)
        {
            return nil
        }
        // With the record that may have begun earlier it still fits.
        let room = min(wire.pointee.inputCapacity, capacity - TLSWire.maxRecordBytes)
        precondition(room > 0, "a record fits what is read into")
        guard let count = readKernel(into: wire.pointee.input, capacity: room) else { return nil }
        if count == 0 {
            if tlsPhase == .handshaking { failHandshake(.gone) } else { tlsPhase = .broken }
            return 0
        }
        wire.pointee.filled(count)
        var total = 0
        var failure: TLSFailure?
        while wire.pointee.hasInput {
            ERR_clear_error()
            var decrypted = 0
            if SSL_read_ex(ssl, target + total, capacity - total, &decrypted) == 1 {
                total += decrypted
            } else {
                let error = SSL_get_error(ssl, 0)
                if error != SSL_ERROR_WANT_READ {
                    if error != SSL_ERROR_ZERO_RETURN { failure = TLSFailure.last(ssl) }
                    wire.pointee.dropInput()
                }
            }
        }
        if let failure {
            if tlsPhase == .handshaking {
                failHandshake(failure)
                return nil
            }
            tlsPhase = .broken
        } else if tlsPhase == .handshaking, SSL_is_init_finished(ssl) == 1 {
            handshakeDone(ssl)
        }
        flushWire()
        if total > 0 { return total }
        return tlsPhase == .broken || peerSaidGoodbye ? 0 : nil
    }

    // MARK: Writing

    func writeSecure(_ bytes: UnsafeRawBufferPointer) -> Int {
        var part = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        return withUnsafeMutablePointer(to: &part) {
            writeSecure(UnsafeMutableBufferPointer(start: $0, count: 1), count: 1)
        }
    }

    /// Encrypts and hands over as much as the kernel takes, in full records as far as there is enough for them.
    ///
    /// - Returns: the bytes that were encrypted. Those of them that the kernel refused wait in the outbox.
    @inline(never)
    func writeSecure(_ parts: UnsafeMutableBufferPointer<iovec>, count: Int) -> Int {
        guard tlsPhase == .established, let ssl, let wire = shared.pointee.wire else {
            // Before the handshake's end it waits; after the stream's end nobody reads it.
            if tlsPhase != .handshaking { isBroken = true }
            return 0
        }
        if let outbox, outbox.holdsSealed { return 0 }
        var taken = 0
        var index = 0
        var offset = 0
        while index < count {
            var room = TLSWire.roundBytes
            var staged = 0
            while room > 0, index < count {
                let left = parts[index].iov_len - offset
                let whole = index == count - 1 ? left : left / TLSWire.recordBytes * TLSWire.recordBytes
                guard let base = parts[index].iov_base.map({ $0 + offset }), left > 0 else {
                    (index, offset) = (index + 1, 0)
                    continue
                }
                let size: Int
                if staged == 0, whole > 0 {
                    size = min(whole, room)
                    guard seal(ssl, base, size) else { return 0 }
                    room -= size
                } else {
                    size = min(left, TLSWire.recordBytes - staged)
                    (wire.pointee.staging + staged).copyMemory(from: base, byteCount: size)
                    staged += size
                    if staged == TLSWire.recordBytes {
                        guard seal(ssl, wire.pointee.staging, staged) else { return 0 }
                        room -= staged
                        staged = 0
                    }
                }
                taken += size
                offset += size
            }
            if staged > 0, !seal(ssl, wire.pointee.staging, staged) { return 0 }
            guard flushWire() else { break }
        }
        return taken
    }

    /// The wire takes whatever comes, so only a session that is broken fails.
    private func seal(_ ssl: OpaquePointer, _ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        ERR_clear_error()
        var written = 0
        if SSL_write_ex(ssl, bytes, count, &written) == 1 { return true }
        tlsPhase = .broken
        isBroken = true
        shared.pointee.wire?.pointee.dropOutput()
        outputFailed(overflowAt: nil)
        return false
    }

    /// Hands the kernel what was encrypted; what it refuses goes to the front of the outbox.
    ///
    /// - Returns: whether it took everything.
    @discardableResult
    func flushWire() -> Bool {
        guard let wire = shared.pointee.wire, wire.pointee.outputCount > 0 else { return true }
        let bytes = UnsafeRawBufferPointer(start: wire.pointee.output, count: wire.pointee.outputCount)
        wire.pointee.dropOutput()
        guard fd >= 0, !isBroken else { return false }
        let isHeldUp = if let outbox { outbox.holdsSealed } else { false }
        let sent = isHeldUp ? 0 : writeKernel(bytes)
        if isBroken { return false }
        if sent == bytes.count { return true }
        queueSealed(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
        return false
    }

    /// Sends what was encrypted earlier and refused.
    ///
    /// - Returns: whether all of it has left.
    func sendSealed(_ outbox: Outbox) -> Bool {
        guard outbox.holdsSealed else { return true }
        let waiting = outbox.sealedBytes
        outbox.sendSealed { writeKernel($0) }
        if isBroken { return false }
        if outbox.sealedBytes < waiting { outputMoved() }
        return !outbox.holdsSealed
    }
}
