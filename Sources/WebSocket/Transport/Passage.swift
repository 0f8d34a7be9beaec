import COpenSSL
import Glibc

/// A descriptor on its way to who goes on with it, here or on another loop, with all that lies between it and the
/// bytes a connection says. Closed when nobody takes it: the loop it was meant for has ended.
///
/// Unchecked because one thread has it at a time: whoever posts it lets go of it.
final class Passage: @unchecked Sendable {
    let peerAddress: PeerAddress
    let admission: Socket.Admission
    private let doorkeeper: Doorkeeper
    private(set) var fd: Int32
    private var session: OpaquePointer?
    private let tlsPhase: TLSPhase
    /// Stands for a TLS handshake that begins where it arrives.
    private let isToBeSecured: Bool

    /// One that was just let in.
    ///
    /// - Parameter isToBeSecured: counts as a handshake of TLS while it is on its way.
    init(
        fd: Int32, _ peerAddress: PeerAddress, _ admission: Socket.Admission, _ doorkeeper: Doorkeeper,
        isToBeSecured: Bool
    ) {
        self.fd = fd
        self.peerAddress = peerAddress
        self.admission = admission
        self.doorkeeper = doorkeeper
        self.isToBeSecured = isToBeSecured
        tlsPhase = .handshaking
        if isToBeSecured { doorkeeper.handshakeBegins() }
    }

    /// What a socket gives away; TLS goes along.
    ///
    /// - Parameter fd: the socket's, which it has let go of, or will.
    init(fd: Int32, of socket: Socket) {
        self.fd = fd
        peerAddress = socket.peerAddress
        admission = socket.admission
        doorkeeper = socket.shared.pointee.doorkeeper
        session = socket.ssl
        tlsPhase = socket.tlsPhase
        isToBeSecured = false
        socket.ssl = nil
    }

    deinit {
        if isToBeSecured { doorkeeper.handshakeEnds() }
        if let session { SSL_free(session) }
        guard fd >= 0 else { return }
        _ = Glibc.close(fd)
        if case .counted(let network) = admission { doorkeeper.leave(network, at: .now()) }
    }

    /// Somebody else owns the descriptor from now on.
    func arrived() { fd = -1 }

    /// Gives a socket what lies between it and its bytes.
    func unpack(on socket: Socket) {
        precondition(socket.shared.pointee.doorkeeper === doorkeeper, "loops that share connections share a doorkeeper")
        socket.admission = admission
        socket.ssl = session
        socket.tlsPhase = tlsPhase
        session = nil
    }
}

/// All that a WebSocket connection is made of, on its way from one loop to another: what the next loop needs to go on
/// at the very byte where this one stopped.
///
/// Unchecked because one thread has it at a time: the loop that packs it keeps no reference to anything in it.
final class Luggage: @unchecked Sendable {
    let passage: Passage
    let role: Role
    private var endpoint: UnsafeMutablePointer<Endpoint>?
    /// nil when no compression was agreed.
    var deflate: PackedDeflate?
    /// What the kernel has refused so far.
    var outbox: Outbox?
    /// What opens the connection, if it has not been opened yet: nothing for a client, who was answered.
    var answer: [UInt8]?
    /// Received, and not looked at.
    var unparsed: [UInt8] = []
    var openedAt: MonotonicTime
    var receivedAt: MonotonicTime
    var controlFrames: Int32 = 0
    var controlSince: MonotonicTime
    var partialSince = MonotonicTime.never
    var owesDrained = false
    /// Why it has to be cut as soon as there is somebody to tell.
    var failure: Closure.Cause?

    /// - Parameter endpoint: nil for a connection that begins; the luggage owns it.
    init(_ passage: Passage, role: Role, endpoint: UnsafeMutablePointer<Endpoint>?, at now: MonotonicTime) {
        self.passage = passage
        self.role = role
        self.endpoint = endpoint
        openedAt = now
        receivedAt = now
        controlSince = now
    }

    deinit {
        guard let endpoint = takeEndpoint() else { return }
        endpoint.deinitialize(count: 1)
        endpoint.deallocate()
    }

    /// - Returns: the state of the protocol, whose owner the caller is from now on.
    func takeEndpoint() -> UnsafeMutablePointer<Endpoint>? {
        defer { endpoint = nil }
        return endpoint
    }
}
