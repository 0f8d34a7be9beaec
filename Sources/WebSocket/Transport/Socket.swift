import CLinux
import Glibc

/// A connected descriptor with its output: what is held back this turn, and what the kernel refused. `HTTPConnection`
/// and `Connection` say what its bytes mean. Lives on its event loop.
public class Socket: Pollable {
    /// Payloads from here on are handed to the kernel at once instead of being copied into the cork.
    static let directBytes = 16 * 1024

    final var peerAddress: PeerAddress
    final var interest = clinux_epollin()
    /// This turn's segments in the cork; -1 for none.
    final var firstSegment: Int32 = -1
    final var lastSegment: Int32 = -1
    // What is small stands together: there are as many of these as connections.
    /// The kernel said that nothing can be written any more.
    final var isBroken = false
    /// The peer has sent its end of stream.
    final var peerHasEnded = false
    final var ending = Ending.none
    final var tlsPhase = TLSPhase.handshaking
    /// Where its last segment ends, if that lies in the cork's block and may grow.
    final var corkedUpTo: UnsafeMutableRawPointer?
    /// Bytes held back this turn.
    final var pendingBytes = 0
    /// What the kernel refused; nil when nothing waits.
    final var outbox: Outbox?
    /// The TLS session between this socket and the kernel; nil for a plain connection.
    final var ssl: OpaquePointer?
    final var admission = Admission.counted(nil)
    /// Bytes thrown away since we began to end.
    private final var discardedBytes = 0
    /// When patience with the peer ends; `.never` while it is our turn.
    final var deadline = MonotonicTime.never
    /// When whoever speaks on this connection wants to be woken.
    final var wakeTime = MonotonicTime.never
    /// What hangs on the wheel: not after the earlier of both. One that moves back is found when its time has come.
    private final var armedAt = MonotonicTime.never

    /// How far the orderly end of the connection has come.
    enum Ending {
        case none
        /// Output is still leaving; input is read and thrown away.
        case flushing
        /// We have sent our end of stream and wait for the peer's.
        case lingering
    }

    /// As what a connection stands in the doorkeeper's book.
    enum Admission {
        /// Open, and counted for this network, if for any.
        case counted(ClientNetwork?)
        /// Not let in: it only hears why.
        case turnedAway
        /// Opened by us: nobody had to let it in.
        case ours
    }

    init(fd: Int32, shared: LoopShared.Pointer, peerAddress: PeerAddress) {
        self.peerAddress = peerAddress
        super.init(fd: fd, shared: shared)
    }

    /// - Parameter passage: has the descriptor until it is told that it arrived.
    init(_ passage: Passage, shared: LoopShared.Pointer) {
        peerAddress = passage.peerAddress
        super.init(fd: passage.fd, shared: shared)
        passage.unpack(on: self)
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
    /// The deadline has passed, and the connection has not begun to end.
    func expired() {}
    /// The time has come that `wakeTime` named.
    func woken() {}
    /// How long output may take to leave once the connection ends.
    var flushMilliseconds: Int { shared.pointee.limits.closeMilliseconds }
    /// Whether our end of stream is sent before the peer's has come: the server's part (RFC 6455 §7.1.1).
    var endsStreamFirst: Bool { true }
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
    final func endSecureInput(_ flags: UInt32) {
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
        expire(after: milliseconds)
    }

    /// Called at the end of the turn: sends our end of stream once all output has left.
    final func continueEnding() {
        guard fd >= 0, ending == .flushing, outbox == nil, firstSegment < 0 else { return }
        if ssl != nil, !sayGoodbye() { return }
        ending = .lingering
        if isBroken || peerHasEnded { return release() }
        releaseLater(milliseconds: shared.pointee.limits.closeMilliseconds)
        if endsStreamFirst { _ = shutdown(fd, Int32(SHUT_WR)) }
    }

    private final func discardInput(_ flags: UInt32) {
        if flags & (clinux_epollerr() | clinux_epollhup()) != 0 { return release() }
        let capacity = shared.pointee.limits.receiveBufferBytes
        guard let count = readKernel(into: shared.pointee.receiveBuffer, capacity: capacity) else { return }
        if count > 0 { return mayDiscard(count) ? () : release() }
        if ending == .lingering { return release() }
        peerHasEnded = true
        setInterest(interest & ~clinux_epollin())
    }

    /// Counts what is thrown away of a peer that does not stop: a flood is not to cost us the time of a farewell.
    ///
    /// - Returns: false when it was too much.
    final func mayDiscard(_ bytes: Int) -> Bool {
        discardedBytes += bytes
        return discardedBytes <= shared.pointee.limits.maxDiscardedBytes
    }

    /// Closes the descriptor now.
    func release() {
        guard fd >= 0 else { return }
        outbox = nil
        endTLS()
        switch admission {
        case .counted(let network):
            shared.pointee.counters.open -= 1
            shared.pointee.doorkeeper.leave(network, at: shared.pointee.now)
        case .turnedAway: shared.pointee.counters.turningAway -= 1
        case .ours: shared.pointee.counters.open -= 1
        }
        shared.pointee.close(self)
    }

    override func loopEnds() {
        release()
    }

    // MARK: Deadlines

    /// Ends patience with the peer so many milliseconds from now.
    final func expire(after milliseconds: Int) {
        expire(at: shared.pointee.now + .milliseconds(milliseconds))
    }

    final func expire(at instant: MonotonicTime) {
        deadline = instant
        arm()
    }

    /// Hangs up what is set anew, after another descriptor has taken the place of one that was closed.
    final func rearm() {
        armedAt = .never
        arm()
    }

    final func wake(atOrAfter instant: MonotonicTime) {
        wakeTime = instant
        arm()
    }

    private final func arm() {
        let next = min(deadline, wakeTime)
        guard next < armedAt, fd >= 0 else { return }
        armedAt = next
        shared.pointee.wheel.set(self, at: next, now: shared.pointee.now)
    }

    override final func timeIsUp(at instant: MonotonicTime) {
        armedAt = .never
        if wakeTime <= instant {
            wakeTime = .never
            woken()
        }
        if deadline <= instant, fd >= 0 {
            deadline = .never
            if ending == .none { expired() } else { release() }
        }
        arm()
    }
}
