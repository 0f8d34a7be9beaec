import CLinux
import Glibc

/// Hears what becomes of a WebSocket this process opens. Lives on its loop.
public protocol ClientHandler: ConnectionHandler {
    /// No WebSocket was opened. Comes at most once, instead of `opened`, never from inside `connect`.
    func failed(_ failure: ConnectFailure)
}

/// Why no WebSocket was opened.
public enum ConnectFailure: Error, Equatable, Sendable {
    case system(SystemError)
    case timedOut(milliseconds: Int)
    /// The server ended the connection before it had answered.
    case lost
    case securing(TLSFailure)
    case handshake(HandshakeFailure)
    /// The loop ended.
    case stopped
}

extension ConnectFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .timedOut(let milliseconds): "no WebSocket within \(milliseconds) ms"
        case .lost: "the server ended the connection before it had answered"
        case .securing(let failure): "no TLS: \(failure)"
        case .handshake(let failure): "\(failure)"
        case .stopped: "the loop ended"
        }
    }
}

extension EventLoop {
    /// Opens a WebSocket to a server: the handler is told `opened` or `failed`, within `Limits.connectMilliseconds`.
    ///
    /// A host's name is looked up before this returns, and the loop waits for that; an address is not looked up.
    ///
    /// - Parameter tls: has the connection speak TLS (`wss`), with a server that shows a certificate for the request's
    ///   host.
    /// - Throws: when the name is not known, or the system gives no socket.
    public func connect(
        _ request: ClientRequest, tls: TLSClientContext? = nil, handler: any ClientHandler
    ) throws(SystemError) {
        let socket = ClientSocket(request, tls: tls, shared: shared, handler: handler)
        try socket.start(SocketAddress.lookUp(host: request.host, port: request.port))
    }
}

/// A connection to a server until it is a WebSocket. Lives on its loop.
///
/// The request waits in the outbox from the start: that it can be written means that the connection stands. With TLS an
/// empty outbox waits for that, and the request is sent when the server has shown who it is.
final class ClientSocket: Socket {
    private let request: ClientRequest
    private let tls: TLSClientContext?
    private let handler: any ClientHandler
    private var handshake: ClientHandshake
    /// Where else the name leads, if the address tried last does not answer.
    private var further: ArraySlice<SocketAddress> = []
    private var failure: ConnectFailure?

    init(
        _ request: ClientRequest, tls: TLSClientContext?, shared: LoopShared.Pointer, handler: any ClientHandler
    ) {
        var request = request
        if tls != nil { request.defaultPort = 443 }
        self.request = request
        self.tls = tls
        self.handler = handler
        var nonce = [UInt8](repeating: 0, count: 16)
        let got = clinux_random(&nonce, nonce.count)
        precondition(got == nonce.count, "the system has random bytes")
        handshake = ClientHandshake(request, nonce: nonce, limits: shared.pointee.limits)
        super.init(fd: -1, shared: shared, peerAddress: PeerAddress(sockaddr_storage()))
        admission = .ours
    }

    override var outboxLimit: Int { .max }

    func start(_ addresses: [SocketAddress]) throws(SystemError) {
        further = addresses[...]
        deadline = shared.pointee.now + .milliseconds(shared.pointee.limits.connectMilliseconds)
        try tryNext()
        shared.pointee.counters.open += 1
    }

    override func expired() {
        if isSecuring { return failHandshake(.timeout) }
        timedOut()
    }

    private func timedOut() {
        fail(.timedOut(milliseconds: shared.pointee.limits.connectMilliseconds))
    }

    /// Begins to connect to the next address that takes a beginning.
    ///
    /// - Throws: what the last one said, when none is left.
    private func tryNext() throws(SystemError) {
        while let address = further.popFirst() {
            do throws(SystemError) {
                fd = try address.connect()
                interest = clinux_epollin() | clinux_epollout()
                peerAddress = PeerAddress(address.storage)
                do throws(SystemError) {
                    try shared.pointee.register(self, interest: interest)
                } catch {
                    _ = Glibc.close(fd)
                    fd = -1
                    throw error
                }
                rearm()
                let box = Outbox()
                if tls == nil { handshake.head.withUnsafeBytes { box.append($0) } }
                outbox = box
                return
            } catch {
                if further.isEmpty { throw error }
            }
        }
        throw SystemError("connect", number: EADDRNOTAVAIL)
    }

    override func readable(_ flags: UInt32) {
        if flags & clinux_epollerr() != 0 { return connectFailed() }
        let limits = shared.pointee.limits
        let buffer = shared.pointee.receiveBuffer
        guard let count = read(into: buffer, capacity: limits.receiveBufferBytes) else { return }
        if count == 0 { return fail(.lost) }
        switch handshake.receive(UnsafeRawBufferPointer(start: buffer, count: count)) {
        case .incomplete: break
        case .failed(let failure): fail(.handshake(failure))
        case .opened(let opened): become(opened, flags)
        }
    }

    override func outputMoved() {
        // The connection stands: what goes wrong now is not the address's fault.
        further = []
    }

    // MARK: TLS

    override func outputDrained() {
        guard let tls, ssl == nil, failure == nil else { return }
        further = []
        if !connect(tls, to: request.host) { fail(.system(SystemError("SSL_new", number: ENOMEM))) }
    }

    override func secured() {
        handshake.head.withUnsafeBytes { enqueue($0) }
    }

    override func securingFailed(_ failure: TLSFailure) {
        switch failure {
        case .timeout: timedOut()
        case .gone: fail(.lost)
        default: fail(.securing(failure))
        }
    }

    // MARK: Failing

    private func connectFailed() {
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length)
        guard !further.isEmpty else { return fail(.system(SystemError("connect", number: number))) }
        shared.pointee.close(self)
        // When the turn ends: the same event may say that the address that failed can be written to.
        shared.pointee.reap(self)
    }

    private func tryFurther() {
        do throws(SystemError) { try tryNext() } catch { failure = .system(error) }
    }

    private func fail(_ failure: ConnectFailure) {
        guard self.failure == nil else { return }
        self.failure = failure
        shared.pointee.reap(self)
    }

    override func outputFailed(overflowAt bytes: Int?) { fail(.lost) }

    override func reap(_ closure: Closure?) {
        if failure == nil, fd < 0, !further.isEmpty { tryFurther() }
        guard let failure else { return }
        release()
        handler.failed(failure)
    }

    override func release() {
        guard fd < 0 else { return super.release() }
        // The last address gave no socket any more.
        shared.pointee.counters.open -= 1
    }

    override func loopEnds() {
        fail(.stopped)
    }

    /// Hands the descriptor over to a WebSocket connection. This object is over then.
    private func become(_ opened: ClientHandshake.Opened, _ flags: UInt32) {
        guard failure == nil else { return }
        let luggage = Luggage(Passage(fd: fd, of: self), role: .client, endpoint: nil, at: shared.pointee.now)
        luggage.answer = []
        luggage.unparsed = opened.remainder
        luggage.deflate = opened.compression.flatMap { agreed in
            request.compression.map { PackedDeflate(parameters: agreed, policy: $0, role: .client) }
        }
        luggage.outbox = outbox
        outbox = nil
        let connection = Connection(luggage, shared: shared, handler: handler)
        shared.pointee.replace(with: connection, interest: clinux_epollin())
        fd = -1
        connection.begin(luggage)
        if connection.ssl != nil { connection.endSecureInput(flags) }
    }
}
