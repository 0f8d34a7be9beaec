import CLinux
import Glibc

/// A listening socket. Lives on its event loop, which keeps it until `close`.
public final class Listener: Pollable {
    /// The port listened on, also when 0 was asked for.
    public let port: UInt16
    private let handler: any RequestHandler
    /// nil for connections without TLS.
    private let tls: TLSServerContext?

    init(
        host: String, port: UInt16, tls: TLSServerContext?, shared: LoopShared.Pointer, handler: any RequestHandler
    ) throws(SystemError) {
        let fd = try Self.bind(host: host, port: port, backlog: Int32(shared.pointee.limits.listenBacklog))
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let named = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &length) }
        }
        guard named == 0 else {
            let error = SystemError("getsockname")
            _ = Glibc.close(fd)
            throw error
        }
        // Both families keep the port in the same two bytes.
        self.port = withUnsafeBytes(of: storage) {
            UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
        self.handler = handler
        self.tls = tls
        super.init(fd: fd, shared: shared)
    }

    /// Stops listening; connections that are open stay.
    public func close() {
        shared.pointee.close(self)
    }

    /// Gives the descriptor back when the loop could not take it.
    func discard() {
        _ = Glibc.close(fd)
        fd = -1
    }

    private static func bind(host: String, port: UInt16, backlog: Int32) throws(SystemError) -> Int32 {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else {
            throw SystemError("getaddrinfo \(host)", number: EADDRNOTAVAIL)
        }
        defer { freeaddrinfo(address) }
        let kind = address.pointee.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let fd = socket(address.pointee.ai_family, kind, 0)
        guard fd >= 0 else { throw SystemError("socket") }
        var yes: Int32 = 1
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard Glibc.bind(fd, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else {
            let error = SystemError("bind \(host):\(port)")
            _ = Glibc.close(fd)
            throw error
        }
        guard Glibc.listen(fd, backlog) == 0 else {
            let error = SystemError("listen")
            _ = Glibc.close(fd)
            throw error
        }
        return fd
    }

    override func ready(_ flags: UInt32) {
        for _ in 0..<shared.pointee.limits.acceptsPerTurn {
            guard fd >= 0, takesMore(), acceptOne() else { return }
        }
    }

    /// Whether a handshake may begin; if not, the kernel keeps who comes until one has ended.
    private func takesMore() -> Bool {
        if tls == nil || shared.pointee.takesHandshakes { return true }
        shared.pointee.change(self, interest: 0)
        shared.pointee.holdUntilHandshakeEnds(self)
        return false
    }

    func goOn() {
        if fd >= 0 { shared.pointee.change(self, interest: clinux_epollin()) }
    }

    /// - Returns: whether another connection may wait.
    private func acceptOne() -> Bool {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let accepted = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { clinux_accept(fd, $0, &length) }
        }
        guard accepted >= 0 else {
            switch clinux_errno() {
            case EAGAIN: return false
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                rest()
                return false
            // The peer gave up, or the network did: not our trouble.
            default: return true
            }
        }
        shared.pointee.counters.accepted += 1
        guard shared.pointee.counters.open < shared.pointee.limits.maxConnections else {
            shared.pointee.counters.refused += 1
            _ = Glibc.close(accepted)
            return true
        }
        var yes: Int32 = 1
        setsockopt(accepted, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        if let bytes = shared.pointee.limits.kernelSendBufferBytes {
            var size = Int32(clamping: bytes)
            setsockopt(accepted, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        let connection = HTTPConnection(
            fd: accepted, shared: shared, peerAddress: PeerAddress(storage), handler: handler)
        guard (try? shared.pointee.register(connection, interest: connection.interest)) != nil else {
            // The kernel has no memory to watch it: the same trouble as having none to accept it.
            _ = Glibc.close(accepted)
            connection.fd = -1
            rest()
            return false
        }
        shared.pointee.counters.open += 1
        if let tls, !connection.accept(tls) {
            connection.release()
            rest()
            return false
        }
        connection.begin()
        return true
    }

    /// Stops accepting for a moment: the kernel would otherwise wake the loop at once, again and again.
    private func rest() {
        shared.pointee.counters.acceptRests += 1
        shared.pointee.change(self, interest: 0)
        let deadline = shared.pointee.now + .milliseconds(shared.pointee.limits.acceptRestMilliseconds)
        shared.pointee.loop._withUnsafeGuaranteedRef { loop in
            _ = loop.schedule(at: deadline) { [self] in
                goOn()
            }
        }
    }
}
