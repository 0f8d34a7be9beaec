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
    /// The TLS session between this socket and the kernel; nil for a plain connection.
    final var ssl: OpaquePointer?
    final var tlsPhase = TLSPhase.handshaking
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
    /// The next turn has begun, and this socket asked to go on in it.
    func continueInput() {}
    /// The kernel took bytes it had refused.
    func outputMoved() {}
    /// More than `backlogBytes` were held back, and the kernel took them all at once.
    func backlogTaken() {}
    /// What the kernel had refused is gone.
    func outputDrained() {}
    /// Output can no longer leave: the peer is gone, or more is queued than `limit` allows.
    func outputFailed(overflowAt bytes: Int?) {}
    /// The turn ends and this socket asked to be looked after.
    func reap(_ closure: Closure?) {}
    /// How long output may take to leave once the connection ends.
    var flushMilliseconds: Int { shared.pointee.limits.closeMilliseconds }
    /// Most bytes the outbox may hold.
    var outboxLimit: Int { shared.pointee.limits.maxOutboxBytes }
    /// TLS has been agreed on.
    func secured() {}
    /// TLS could not be agreed on; what there was to say about it is on its way.
    func securingFailed(_ failure: TLSFailure) {}

    // MARK: Events

    override final func ready(_ flags: UInt32) {
        if flags & ~clinux_epollout() != 0 {
            if ending != .none {
                discardInput(flags)
            } else {
                readable(flags)
                if ssl != nil { endSecureInput(flags) }
            }
        }
        if flags & clinux_epollout() != 0, fd >= 0 { writable() }
    }

    /// The end of the stream may have come with the bytes just read; epoll will not report it again.
    private final func endSecureInput(_ flags: UInt32) {
        guard fd >= 0, ending == .none, !peerHasEnded, peerSaidGoodbye || wasTruncated else { return }
        readable(flags)
    }

    private final func writable() {
        guard let outbox else { return setInterest(interest & ~clinux_epollout()) }
        if ssl != nil, !sendSealed(outbox) { return }
        if outbox.bytes > 0 {
            // What was sent too early waits for the handshake, and not for the kernel.
            if isSecuring { return setInterest(interest & ~clinux_epollout()) }
            let parts = shared.pointee.cork.parts
            let count = outbox.gather(into: parts)
            let sent = write(parts, count: count)
            if isBroken { return }
            outbox.remove(sent)
            if sent > 0 { outputMoved() }
        }
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

    // MARK: The end

    /// Ends the connection in order: output leaves, then our end of stream, then the peer's is awaited for a bounded
    /// time, so that a reset does not overtake what we said last.
    final func endInOrder() {
        guard fd >= 0, ending == .none else { return }
        ending = .flushing
        releaseLater(milliseconds: flushMilliseconds)
        shared.pointee.reap(self)
    }

    final func releaseLater(milliseconds: Int) {
        setTimer(after: .milliseconds(milliseconds)) { [self] in release() }
    }

    /// Called at the end of the turn: sends our end of stream once all output has left.
    final func continueEnding() {
        guard fd >= 0, ending == .flushing, outbox == nil, firstSegment < 0 else { return }
        if ssl != nil, !sayGoodbye() { return }
        ending = .lingering
        if isBroken || peerHasEnded { return release() }
        releaseLater(milliseconds: shared.pointee.limits.closeMilliseconds)
        _ = shutdown(fd, Int32(SHUT_WR))
    }

    private final func discardInput(_ flags: UInt32) {
        if flags & (clinux_epollerr() | clinux_epollhup()) != 0 { return release() }
        let limits = shared.pointee.limits
        guard readKernel(into: shared.pointee.receiveBuffer, capacity: limits.receiveBufferBytes) == 0 else { return }
        if ending == .lingering { return release() }
        peerHasEnded = true
        setInterest(interest & ~clinux_epollin())
    }

    /// Closes the descriptor now.
    func release() {
        guard fd >= 0 else { return }
        cancelTimer()
        outbox = nil
        endTLS()
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
