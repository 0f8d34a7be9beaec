import CLinux
import Glibc

/// What a loop and its sockets share: time, counters, the one receive buffer, the cork, and who must be looked after
/// when the turn ends.
///
/// It lies at a fixed address, so that a socket reaches it without reference counting. It lives as long as the loop;
/// a socket whose loop is gone is closed and touches it no more.
struct LoopShared {
    typealias Pointer = UnsafeMutablePointer<LoopShared>

    let limits: Limits
    let doorkeeper: Doorkeeper
    let epoll: Int32
    let loop: Unmanaged<EventLoop>
    /// Holds `receiveBufferBytes` behind the few bytes a frame's beginning may need.
    let receiveBuffer: UnsafeMutableRawPointer
    var now = MonotonicTime.now()
    var counters = TransportCounters()
    var cork: Cork
    var wheel: TimerWheel
    /// Here and not in the loop: as its stored property, every turn would check them for overlapping access at run time.
    var timers = Timers()
    /// nil while no connection compresses.
    private(set) var deflate: DeflatePool?
    var maskingKeys = MaskingKeys()
    /// What its TLS connections share; nil until there is one.
    private(set) var wire: TLSWire.Pointer?
    /// They accept again when a handshake has ended.
    private var heldListeners: [Listener] = []
    var nextConnectionID: UInt64 = 1
    /// Whatever epoll reports on, at the index of its descriptor.
    private var pollables: [Pollable?] = []
    /// Closed in this turn; later events of the same batch may still name them.
    private var closed: [Pollable] = []
    private var reaping: [Reaping] = []
    /// Had their share of this turn and have more to do that no descriptor will report.
    private var continuing: [Socket] = []

    /// A socket that must be looked after when the turn ends, and how its connection ended if that is still untold.
    struct Reaping {
        let socket: Socket
        let closure: Closure?
    }

    init(limits: Limits, doorkeeper: Doorkeeper, epoll: Int32, loop: EventLoop) {
        self.limits = limits
        self.doorkeeper = doorkeeper
        self.epoll = epoll
        self.loop = Unmanaged.passUnretained(loop)
        receiveBuffer = .allocate(byteCount: limits.receiveBufferBytes + Endpoint.maxKeptBytes, alignment: 64)
        cork = Cork(bytes: max(limits.corkBytes, Socket.directBytes * 2), backlogBytes: limits.backlogBytes)
        wheel = TimerWheel(now: now)
    }

    func deallocate() {
        deflate?.close()
        receiveBuffer.deallocate()
        cork.deallocate()
        wheel.deallocate()
        if let wire { TLSWire.destroy(wire) }
    }

    /// What connections that compress share.
    mutating func deflatePool() -> DeflatePool {
        let pool = deflate ?? DeflatePool()
        deflate = pool
        return pool
    }

    // MARK: TLS

    mutating func makeWire() -> TLSWire.Pointer? {
        wire = wire ?? TLSWire.make(inputCapacity: limits.receiveBufferBytes)
        return wire
    }

    var takesHandshakes: Bool { doorkeeper.handshakes < limits.maxHandshakes }

    /// Has a listener told when a handshake of this loop has ended. Those of other loops it has to ask for.
    mutating func holdUntilHandshakeEnds(_ listener: Listener) {
        if !heldListeners.contains(where: { $0 === listener }) { heldListeners.append(listener) }
    }

    mutating func handshakeBegun() {
        counters.tls.inProgress += 1
        doorkeeper.handshakeBegins()
    }

    /// - Returns: a listener that may go on.
    mutating func handshakeEnded() -> Listener? {
        counters.tls.inProgress -= 1
        doorkeeper.handshakeEnds()
        return heldListeners.isEmpty ? nil : heldListeners.removeFirst()
    }

    // MARK: Registration

    mutating func register(_ pollable: Pollable, interest: UInt32) throws(SystemError) {
        guard control(EPOLL_CTL_ADD, pollable, interest) == 0 else { throw SystemError("epoll_ctl") }
        adopt(pollable)
    }

    /// Takes over a descriptor that is already registered for another object.
    mutating func replace(with pollable: Pollable, interest: UInt32) {
        if let old = pollables[Int(pollable.fd)] {
            wheel.clear(old)
            closed.append(old)
        }
        adopt(pollable)
        _ = control(EPOLL_CTL_MOD, pollable, interest)
    }

    func change(_ pollable: Pollable, interest: UInt32) {
        _ = control(EPOLL_CTL_MOD, pollable, interest)
    }

    /// Closes the descriptor. The object is let go of when the turn ends.
    mutating func close(_ pollable: Pollable) {
        let descriptor = letGo(of: pollable)
        if descriptor >= 0, pollable.ownsDescriptor { _ = Glibc.close(descriptor) }
    }

    /// Watches it no more. The object is let go of when the turn ends.
    ///
    /// - Returns: its descriptor, still open; -1 when it had none any more.
    @discardableResult
    mutating func letGo(of pollable: Pollable) -> Int32 {
        let descriptor = pollable.fd
        guard descriptor >= 0 else { return -1 }
        wheel.clear(pollable)
        let index = Int(descriptor)
        _ = control(EPOLL_CTL_DEL, pollable, 0)
        pollable.fd = -1
        // In this order: the table's reference may be the only one, and the caller is inside the object.
        closed.append(pollable)
        pollables[index] = nil
        return descriptor
    }

    mutating func adopt(_ pollable: Pollable) {
        let index = Int(pollable.fd)
        while pollables.count <= index { pollables.append(nil) }
        pollables[index] = pollable
    }

    private func control(_ operation: Int32, _ pollable: Pollable, _ interest: UInt32) -> Int32 {
        clinux_epoll_control(epoll, operation, pollable.fd, interest, Unmanaged.passUnretained(pollable).toOpaque())
    }

    var everything: [Pollable] { pollables.compactMap(\.self) }

    /// No more descriptors than this are registered.
    var mostDescriptors: Int { pollables.count }

    // MARK: The end of a turn

    mutating func reap(_ socket: Socket, _ closure: Closure? = nil) {
        reaping.append(Reaping(socket: socket, closure: closure))
    }

    mutating func takeReaping() -> [Reaping] {
        defer { reaping = [] }
        return reaping
    }

    var hasReaping: Bool { !reaping.isEmpty }

    /// Has the socket's `continueInput` called in the next turn, which then does not wait.
    mutating func continueNextTurn(_ socket: Socket) {
        continuing.append(socket)
    }

    var hasContinuing: Bool { !continuing.isEmpty }

    mutating func takeContinuing() -> [Socket] {
        defer { continuing = [] }
        return continuing
    }

    var hasClosed: Bool { !closed.isEmpty }

    mutating func takeClosed() -> [Pollable] {
        defer { closed = [] }
        return closed
    }
}

/// What epoll reports on: it has a descriptor, and the loop keeps it alive while that is open.
public class Pollable {
    final var fd: Int32
    /// Where its deadline hangs.
    final var place = TimerWheel.Place()
    final let shared: LoopShared.Pointer
    /// Whether closing this closes the descriptor.
    var ownsDescriptor: Bool { true }

    init(fd: Int32, shared: LoopShared.Pointer) {
        self.fd = fd
        self.shared = shared
    }

    /// The kernel says something can be done.
    func ready(_ flags: UInt32) {}

    /// A deadline set on the wheel has passed, as of `instant`: bytes that came before it were read.
    func timeIsUp(at instant: MonotonicTime) {}

    /// The loop ends.
    func loopEnds() {
        shared.pointee.close(self)
    }
}

@available(*, unavailable) extension Pollable: Sendable {}
