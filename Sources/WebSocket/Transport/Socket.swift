import CLinux
import Glibc

/// A connected descriptor with its output: what is held back this turn, and what the kernel refused. `HTTPConnection`
/// and `Connection` say what its bytes mean. Lives on its event loop.
public class Socket: Pollable {
    /// Payloads from here on are handed to the kernel at once instead of being copied into the cork.
    static let directBytes = 16 * 1024

    final let peerAddress: PeerAddress
    final var interest = clinux_epollin()
    /// This turn's segments in the cork; -1 for none.
    final var firstSegment: Int32 = -1
    final var lastSegment: Int32 = -1
    /// Where its last segment ends, if that is its own and may grow.
    final var corkedUpTo: UnsafeMutableRawPointer?
    /// Bytes held back this turn.
    final var pendingBytes = 0
    /// What the kernel refused; nil when nothing waits.
    final var outbox: Outbox?
    /// The kernel said that nothing can be written any more.
    final var isBroken = false
    /// The peer has sent its end of stream.
    final var peerHasEnded = false
    final var ending = Ending.none
    final var timer: TimerID?

    /// How far the orderly end of the connection has come.
    enum Ending {
        case none
        /// Output is still leaving; input is read and thrown away.
        case flushing
        /// We have sent our end of stream and wait for the peer's.
        case lingering
    }

    init(fd: Int32, shared: LoopShared.Pointer, peerAddress: PeerAddress) {
        self.peerAddress = peerAddress
        super.init(fd: fd, shared: shared)
    }

    // MARK: For the protocol on top

    func readable(_ flags: UInt32) {}
    /// What the kernel had refused is gone.
    func outputDrained() {}
    /// Output can no longer leave: the peer is gone, or more is queued than `limit` allows.
    func outputFailed(overflowAt bytes: Int?) {}
    /// The turn ends and this socket asked to be looked after.
    func reap(_ closure: Closure?) {}
    /// Most bytes the outbox may hold.
    var outboxLimit: Int { shared.pointee.limits.maxOutboxBytes }

    // MARK: Events

    override final func ready(_ flags: UInt32) {
        if flags & ~clinux_epollout() != 0 {
            if ending == .none { readable(flags) } else { discardInput(flags) }
        }
        if flags & clinux_epollout() != 0, fd >= 0 { writable() }
    }

    private final func writable() {
        guard let outbox else { return setInterest(interest & ~clinux_epollout()) }
        let parts = shared.pointee.cork.parts
        let count = outbox.gather(into: parts)
        let sent = write(parts, count: count)
        if isBroken { return }
        outbox.remove(sent)
        guard outbox.bytes == 0 else { return }
        self.outbox = nil
        setInterest(interest & ~clinux_epollout())
        if ending == .none { outputDrained() } else { shared.pointee.reap(self) }
    }

    final func setInterest(_ flags: UInt32) {
        guard flags != interest, fd >= 0 else { return }
        interest = flags
        shared.pointee.change(self, interest: flags)
    }

    // MARK: Output

    /// Copies bytes for the end of the turn; long ones leave at once.
    final func enqueue(_ bytes: UnsafeRawBufferPointer) {
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
    final func enqueueFrame(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer) {
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
    private final func enqueueOtherFrame(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer) {
        withUnsafeTemporaryAllocation(byteCount: FrameEncoder.maxHeaderBytes, alignment: 1) { buffer in
            guard let base = buffer.baseAddress else { return }
            let length = FrameEncoder.writeHeader(opcode, payloadBytes: payload.count, to: base)
            let header = UnsafeRawBufferPointer(start: base, count: length)
            if outbox == nil { return sendNow(header: header, payload) }
            queue(header)
            queue(payload)
        }
    }

    /// Adds a message that many connections share.
    final func enqueue(_ message: EncodedMessage) {
        if pendingBytes + message.bytes.count > outboxLimit { sendHeldBack() }
        if outbox != nil { return queue(message, from: 0) }
        shared.pointee.cork.append(message, to: self)
    }

    /// Sends what this turn held back for this socket.
    final func sendHeldBack() {
        if firstSegment >= 0 { shared.pointee.cork.send(self) }
    }

    /// Hands long bytes to the kernel without a copy, behind what this turn held back.
    private final func sendNow(header: UnsafeRawBufferPointer?, _ payload: UnsafeRawBufferPointer) {
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
    final func queue(_ bytes: UnsafeRawBufferPointer) {
        guard let outbox = roomInOutbox(bytes.count) else { return }
        outbox.append(bytes)
    }

    final func queue(_ message: EncodedMessage, from offset: Int) {
        guard let outbox = roomInOutbox(message.bytes.count - offset) else { return }
        outbox.append(message, from: offset)
    }

    private final func roomInOutbox(_ bytes: Int) -> Outbox? {
        guard fd >= 0, !isBroken else { return nil }
        let box = outbox ?? Outbox()
        if box.bytes + bytes > outboxLimit {
            isBroken = true
            shared.pointee.counters.outboxOverflows += 1
            outputFailed(overflowAt: box.bytes + bytes)
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

    /// - Returns: the bytes the kernel took; 0 when it refused or the peer is gone.
    final func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        finishWrite(clinux_send(fd, bytes.baseAddress, bytes.count))
    }

    final func write(_ parts: UnsafeMutableBufferPointer<iovec>, count: Int) -> Int {
        finishWrite(clinux_send_vector(fd, parts.baseAddress, count))
    }

    @inline(__always)
    private final func finishWrite(_ sent: Int) -> Int {
        if sent >= 0 {
            shared.pointee.counters.bytesOut += sent
            return sent
        }
        return refusedWrite()
    }

    private final func refusedWrite() -> Int {
        let number = clinux_errno()
        if number == EAGAIN || number == EINTR || number == ENOBUFS { return 0 }
        isBroken = true
        outputFailed(overflowAt: nil)
        return 0
    }

    /// - Returns: the bytes read; 0 at the end of the stream; nil when there are none yet.
    @inline(__always)
    final func read(into target: UnsafeMutableRawPointer, capacity: Int) -> Int? {
        let count = recv(fd, target, capacity, 0)
        if count > 0 {
            shared.pointee.counters.bytesIn += count
            return count
        }
        return count == 0 ? 0 : refusedRead()
    }

    private final func refusedRead() -> Int? {
        let number = clinux_errno()
        return number == EAGAIN || number == EINTR ? nil : 0
    }

    // MARK: The end

    /// Ends the connection in order: output leaves, then our end of stream, then the peer's is awaited for a bounded
    /// time, so that a reset does not overtake what we said last.
    final func endInOrder() {
        guard fd >= 0, ending == .none else { return }
        ending = .flushing
        let limit = shared.pointee.limits.closeMilliseconds
        setTimer(after: .milliseconds(limit)) { [self] in release() }
        shared.pointee.reap(self)
    }

    /// Called at the end of the turn: sends our end of stream once all output has left.
    final func continueEnding() {
        guard fd >= 0, ending == .flushing, outbox == nil, firstSegment < 0 else { return }
        ending = .lingering
        if isBroken || peerHasEnded { return release() }
        _ = shutdown(fd, Int32(SHUT_WR))
    }

    private final func discardInput(_ flags: UInt32) {
        if flags & (clinux_epollerr() | clinux_epollhup()) != 0 { return release() }
        let limits = shared.pointee.limits
        guard read(into: shared.pointee.receiveBuffer, capacity: limits.receiveBufferBytes) == 0 else { return }
        if ending == .lingering { return release() }
        peerHasEnded = true
        setInterest(interest & ~clinux_epollin())
    }

    /// Closes the descriptor now.
    func release() {
        guard fd >= 0 else { return }
        cancelTimer()
        outbox = nil
        shared.pointee.counters.open -= 1
        shared.pointee.close(self)
    }

    override func loopEnds() {
        release()
    }

    // MARK: The one timer

    final func setTimer(after span: Duration, _ action: @escaping () -> Void) {
        cancelTimer()
        let deadline = shared.pointee.now + span
        timer = shared.pointee.loop._withUnsafeGuaranteedRef { loop in
            loop.schedule(at: deadline) { [self] in
                timer = nil
                if fd >= 0 { action() }
            }
        }
    }

    final func cancelTimer() {
        guard let timer else { return }
        self.timer = nil
        shared.pointee.loop._withUnsafeGuaranteedRef { $0.cancel(timer) }
    }
}
