import CLinux
import Glibc

/// A listening socket. Lives on its event loop, which keeps it until `close`.
public final class Listener: Pollable {
    public let address: ListenAddress
    /// The port listened on, also when 0 was asked for; 0 for a Unix-domain socket.
    public var port: UInt16 { socket.port }
    private let socket: ListeningSocket
    private let reception: Reception
    private var reserve = DescriptorReserve()
    /// Other loops that get their share of what is accepted, and whose turn it is: 0 is this loop's.
    private var doors: [Door] = []
    private var turn = 0

    init(
        at address: ListenAddress, options: ListenOptions, shared: LoopShared.Pointer, handler: any RequestHandler
    ) throws(SystemError) {
        self.address = address
        reception = Reception(shared: shared, handler: handler, tls: options.tls)
        socket = try ListeningSocket(at: address, options: options, limits: shared.pointee.limits)
        super.init(fd: socket.descriptor, shared: shared)
    }

    deinit {
        _ = reserve.spend()
    }

    /// Where a client of this machine reaches it: what listens on every address is reached on the loopback's.
    public var reachable: ListenAddress {
        let expects = address.expectsProxyHeader && shared.pointee.doorkeeper.proxies.contains(socket.nearest)
        if let path = socket.path { return ListenAddress(.file(path), expectsProxyHeader: expects) }
        let host = socket.nearest.map { "\($0)" } ?? "localhost"
        return ListenAddress(.port(port, host: host), expectsProxyHeader: expects)
    }

    /// From now on new connections go round: one to this loop, one to each door, and again.
    public func share(with doors: [Door]) {
        self.doors = doors
        turn = 0
    }

    /// Stops listening; connections that are open stay.
    public func close() {
        guard fd >= 0 else { return }
        socket.removeFile()
        shared.pointee.close(self)
    }

    override func loopEnds() { close() }

    /// Gives the descriptor back when the loop could not take it.
    func discard() {
        socket.removeFile()
        _ = Glibc.close(fd)
        fd = -1
    }

    // MARK: Accepting

    override func ready(_ flags: UInt32) {
        for _ in 0..<shared.pointee.limits.acceptsPerTurn {
            guard fd >= 0, takesMore(), acceptOne() else { return }
        }
    }

    /// Whether a handshake may begin; if not, the kernel keeps who comes until one has ended.
    private func takesMore() -> Bool {
        if reception.tls == nil || shared.pointee.takesHandshakes { return true }
        shared.pointee.holdUntilHandshakeEnds(self)
        // The one that ends may be another loop's.
        pause()
        return false
    }

    func goOn() {
        if fd >= 0 { shared.pointee.change(self, interest: clinux_epollin()) }
    }

    /// - Returns: whether another connection may wait.
    private func acceptOne() -> Bool {
        var storage = sockaddr_storage()
        let accepted = accept(&storage)
        guard accepted >= 0 else {
            switch clinux_errno() {
            case EAGAIN: return false
            case EMFILE, ENFILE: return turnAwayOnReserve()
            case ENOBUFS, ENOMEM:
                rest()
                return false
            // The peer gave up, or the network did: not our trouble.
            default: return true
            }
        }
        shared.pointee.counters.accepted += 1
        let peer = PeerAddress(storage)
        switch shared.pointee.doorkeeper.enter(peer.address, at: shared.pointee.now) {
        case .admitted(let network): return admit(accepted, peer, countedAs: network)
        case .refused(let refusal):
            shared.pointee.counters.count(refusal)
            turnAway(accepted, peer, refusal)
            return true
        }
    }

    private func accept(_ storage: inout sockaddr_storage) -> Int32 {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { clinux_accept(fd, $0, &length) }
        }
    }

    /// Gives it to the loop whose turn it is.
    ///
    /// - Returns: false when accepting has to rest.
    private func admit(_ accepted: Int32, _ peer: PeerAddress, countedAs network: ClientNetwork?) -> Bool {
        prepare(accepted, peer)
        let doorkeeper = shared.pointee.doorkeeper
        let passage = Passage(
            fd: accepted, peer, .counted(network), doorkeeper, isToBeSecured: reception.tls != nil)
        let isIntroduced = address.expectsProxyHeader && doorkeeper.proxies.contains(peer.address)
        let now = shared.pointee.now
        if let door = nextDoor() {
            shared.pointee.counters.handedOver += 1
            door.admit(.init(passage: passage, tls: reception.tls, isIntroduced: isIntroduced, acceptedAt: now))
            return true
        }
        if reception.begin(passage, isIntroduced: isIntroduced, acceptedAt: now) { return true }
        rest()
        return false
    }

    /// Nil when it is this loop's turn.
    private func nextDoor() -> Door? {
        defer { turn = turn == doors.count ? 0 : turn + 1 }
        return turn == 0 ? nil : doors[turn - 1]
    }

    private func prepare(_ accepted: Int32, _ peer: PeerAddress) {
        if peer.address != nil {
            var yes: Int32 = 1
            setsockopt(accepted, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        if let bytes = shared.pointee.limits.kernelSendBufferBytes {
            var size = Int32(clamping: bytes)
            setsockopt(accepted, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    // MARK: Turning away

    /// A few are told why; in a flood the others are closed at once, which costs next to nothing. So is everybody who
    /// came to speak TLS: to say why would take the handshake that a ceiling is to spare.
    private func turnAway(_ accepted: Int32, _ peer: PeerAddress, _ refusal: Doorkeeper.Refusal) {
        let limit = shared.pointee.limits.maxRefusalsAnswered
        let passage = Passage(fd: accepted, peer, .turnedAway, shared.pointee.doorkeeper, isToBeSecured: false)
        guard reception.tls == nil, shared.pointee.counters.turningAway < limit else { return }
        reception.turnAway(passage, refusal)
    }

    /// The process has no descriptor left: the reserve lets one connection in, which is told to come back later.
    private func turnAwayOnReserve() -> Bool {
        guard reserve.spend() else {
            rest()
            return false
        }
        var storage = sockaddr_storage()
        let accepted = accept(&storage)
        let isNone = accepted < 0 && clinux_errno() == EAGAIN
        if accepted >= 0 {
            shared.pointee.counters.accepted += 1
            shared.pointee.counters.refusedForDescriptors += 1
            if reception.tls == nil {
                _ = Self.noDescriptor.withUnsafeBytes { clinux_send(accepted, $0.baseAddress, $0.count) }
            }
            _ = shutdown(accepted, Int32(SHUT_WR))
            // Closing with bytes unread would send a reset, which may overtake the answer.
            _ = recv(accepted, shared.pointee.receiveBuffer, shared.pointee.limits.receiveBufferBytes, 0)
            _ = Glibc.close(accepted)
        }
        // Somebody else of this process may have been quicker.
        let isReady = reserve.refill()
        if accepted >= 0, isReady { return true }
        if !isNone { rest() }
        return false
    }

    private static let noDescriptor = Array(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".utf8)

    /// Stops accepting for a moment: the kernel would otherwise wake the loop at once, again and again.
    private func rest() {
        shared.pointee.counters.acceptRests += 1
        pause()
    }

    private func pause() {
        shared.pointee.change(self, interest: 0)
        let until = shared.pointee.now + .milliseconds(shared.pointee.limits.acceptRestMilliseconds)
        shared.pointee.wheel.set(self, at: until, now: shared.pointee.now)
    }

    override func timeIsUp(at instant: MonotonicTime) {
        reserve.refill()
        goOn()
    }
}
