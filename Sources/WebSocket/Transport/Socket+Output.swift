import CLinux
import Glibc

/// How a socket's bytes leave: through the cork when they are few, at once when they are many, through the outbox when
/// the kernel refuses.
extension Socket {
    /// Copies bytes for the end of the turn; long ones leave at once.
    func enqueue(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        if outbox != nil { return queue(bytes) }
        if bytes.count >= Self.directBytes { return sendNow(header: nil, bytes) }
        let place = shared.pointee.cork.reserve(bytes.count)
        if outbox != nil { return queue(bytes) }
        place.copyMemory(from: base, byteCount: bytes.count)
        shared.pointee.cork.commit(bytes.count, of: self)
    }

    /// Queues one WebSocket frame.
    @inline(__always)
    func enqueueFrame(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer) {
        let count = payload.count
        guard let base = payload.baseAddress, count < Self.directBytes, outbox == nil else {
            return enqueueOtherFrame(opcode, payload)
        }
        let place = shared.pointee.cork.reserve(count &+ FrameEncoder.maxHeaderBytes)
        // Making room may have met a kernel that refuses.
        guard outbox == nil else { return enqueueOtherFrame(opcode, payload) }
        let header = FrameEncoder.writeHeader(opcode, payloadBytes: count, to: place)
        (place + header).copyMemory(from: base, byteCount: count)
        shared.pointee.cork.commit(header &+ count, of: self)
    }

    /// A frame that is empty or long, or must stand in line.
    @inline(never)
    private func enqueueOtherFrame(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer) {
        withUnsafeTemporaryAllocation(byteCount: FrameEncoder.maxHeaderBytes, alignment: 1) { buffer in
            guard let base = buffer.baseAddress else { return }
            let length = FrameEncoder.writeHeader(opcode, payloadBytes: payload.count, to: base)
            let header = UnsafeRawBufferPointer(start: base, count: length)
            if outbox == nil, payload.count >= Self.directBytes { return sendNow(header: header, payload) }
            enqueue(header)
            enqueue(payload)
        }
    }

    /// Adds a message that many connections share.
    func enqueue(_ message: EncodedMessage) {
        if pendingBytes + message.bytes.count > outboxLimit { sendHeldBack() }
        if outbox != nil { return queue(message, from: 0) }
        shared.pointee.cork.reserve(message)
        // Making room may have met a kernel that refuses.
        if outbox != nil { return queue(message, from: 0) }
        shared.pointee.cork.append(message, to: self)
    }

    /// Sends what this turn held back for this socket.
    func sendHeldBack() {
        if firstSegment >= 0 { shared.pointee.cork.send(self) }
    }

    /// Hands long bytes to the kernel without a copy, behind what this turn held back.
    private func sendNow(header: UnsafeRawBufferPointer?, _ payload: UnsafeRawBufferPointer) {
        sendHeldBack()
        guard fd >= 0, !isBroken else { return }
        if outbox == nil {
            let parts = shared.pointee.cork.parts
            var count = 0
            for bytes in [header, payload] {
                guard let bytes, let base = bytes.baseAddress else { continue }
                parts[count] = iovec(iov_base: UnsafeMutableRawPointer(mutating: base), iov_len: bytes.count)
                count += 1
            }
            var sent = write(parts, count: count)
            if isBroken { return }
            for bytes in [header, payload] {
                guard let bytes else { continue }
                if sent < bytes.count { queue(UnsafeRawBufferPointer(rebasing: bytes[max(sent, 0)...])) }
                sent -= bytes.count
            }
        } else {
            if let header { queue(header) }
            queue(payload)
        }
    }

    /// Copies bytes into the outbox.
    func queue(_ bytes: UnsafeRawBufferPointer) {
        guard let outbox = roomInOutbox(bytes.count) else { return }
        outbox.append(bytes)
    }

    func queue(_ message: EncodedMessage, from offset: Int) {
        guard let outbox = roomInOutbox(message.bytes.count - offset) else { return }
        outbox.append(message, from: offset)
    }

    /// Keeps what was encrypted and then refused, in front of everything else.
    func queueSealed(_ bytes: UnsafeRawBufferPointer) {
        // However much the application may queue: a peer that reads nothing can ask TLS for answers again and again.
        let sealed = (outbox?.sealedBytes ?? 0) + bytes.count
        if sealed > shared.pointee.limits.maxOutboxBytes { return overflow(at: sealed) }
        guard let outbox = roomInOutbox(bytes.count) else { return }
        outbox.appendSealed(bytes)
    }

    private func overflow(at bytes: Int) {
        isBroken = true
        shared.pointee.counters.outboxOverflows += 1
        outputFailed(overflowAt: bytes)
    }

    private func roomInOutbox(_ bytes: Int) -> Outbox? {
        guard fd >= 0, !isBroken else { return nil }
        let box = outbox ?? Outbox()
        if box.bytes + bytes > outboxLimit {
            overflow(at: box.bytes + bytes)
            return nil
        }
        if outbox == nil {
            outbox = box
            shared.pointee.counters.sendsRefused += 1
            setInterest(interest | clinux_epollout())
        }
        return box
    }

    // MARK: The kernel

    /// - Returns: the bytes the kernel took, or TLS in its stead; 0 when it refused or the peer is gone.
    @inline(__always)
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        if ssl != nil { return writeSecure(bytes) }
        return writeKernel(bytes)
    }

    func write(_ parts: UnsafeMutableBufferPointer<iovec>, count: Int) -> Int {
        if ssl != nil { return writeSecure(parts, count: count) }
        return finishWrite(clinux_send_vector(fd, parts.baseAddress, count))
    }

    @inline(__always)
    func writeKernel(_ bytes: UnsafeRawBufferPointer) -> Int {
        finishWrite(clinux_send(fd, bytes.baseAddress, bytes.count))
    }

    @inline(__always)
    private func finishWrite(_ sent: Int) -> Int {
        shared.pointee.counters.sends &+= 1
        if sent >= 0 {
            shared.pointee.counters.bytesOut &+= sent
            return sent
        }
        return refusedWrite()
    }

    @inline(never)
    private func refusedWrite() -> Int {
        let number = clinux_errno()
        if number == EAGAIN || number == EINTR || number == ENOBUFS { return 0 }
        isBroken = true
        outputFailed(overflowAt: nil)
        return 0
    }

    /// - Returns: the bytes read; 0 at the end of the stream; nil when there are none yet.
    @inline(__always)
    func read(into target: UnsafeMutableRawPointer, capacity: Int) -> Int? {
        if ssl != nil { return readSecure(into: target, capacity: capacity) }
        return readKernel(into: target, capacity: capacity)
    }

    @inline(__always)
    func readKernel(into target: UnsafeMutableRawPointer, capacity: Int) -> Int? {
        let count = clinux_receive(fd, target, capacity)
        if count > 0 {
            shared.pointee.counters.bytesIn += count
            return count
        }
        return count == 0 ? 0 : refusedRead()
    }

    private func refusedRead() -> Int? {
        let number = clinux_errno()
        return number == EAGAIN || number == EINTR ? nil : 0
    }
}
