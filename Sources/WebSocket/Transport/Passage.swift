import Glibc

/// An open descriptor on its way from one loop to another. Closed when nobody takes it: the loop it was meant for has
/// ended.
///
/// Unchecked because one thread has it at a time: whoever posts it lets go of it.
final class Passage: @unchecked Sendable {
    private var fd: Int32
    let peerAddress: PeerAddress
    private let occupancy: Occupancy

    init(fd: Int32, peerAddress: PeerAddress, occupancy: Occupancy) {
        self.fd = fd
        self.peerAddress = peerAddress
        self.occupancy = occupancy
    }

    deinit {
        guard fd >= 0 else { return }
        _ = Glibc.close(fd)
        occupancy.remove()
    }

    /// - Returns: the descriptor, whose owner the caller is from now on.
    func take() -> Int32 {
        defer { fd = -1 }
        return fd
    }
}

/// All that a WebSocket connection is made of, on its way from one loop to another: what the next loop needs to go on
/// at the very byte where this one stopped.
///
/// Unchecked because one thread has it at a time: the loop that packs it keeps no reference to anything in it.
final class Luggage: @unchecked Sendable {
    let passage: Passage
    private var endpoint: UnsafeMutablePointer<Endpoint>?
    /// What the kernel has refused so far.
    var outbox: Outbox?
    /// The answer to the handshake, if the connection has not been opened yet.
    var answer: [UInt8] = []
    /// Received, and not looked at.
    var unparsed: [UInt8] = []
    var openedAt: MonotonicTime
    var receivedAt: MonotonicTime
    var controlFrames = 0
    var controlSince: MonotonicTime
    var owesDrained = false
    /// Why it has to be cut as soon as there is somebody to tell.
    var failure: Closure.Cause?

    /// - Parameter endpoint: nil for a connection that begins; the luggage owns it.
    init(_ passage: Passage, endpoint: UnsafeMutablePointer<Endpoint>?, at now: MonotonicTime) {
        self.passage = passage
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
