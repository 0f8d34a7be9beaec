/// One request that waits for its answer. Lives on the connection's loop.
public final class Exchange {
    private let connection: HTTPConnection
    private let request: Request
    private let number: Int

    init(_ connection: HTTPConnection, request: Request) {
        self.connection = connection
        self.request = request
        number = connection.exchangeNumber
    }

    deinit {
        // Forgotten by its handler: the client must not wait for ever.
        if isOpen { connection.respond(connection.response(to: RequestRefusal(500, "the request was not answered"))) }
    }

    /// Whether an answer can still reach the client.
    public var isOpen: Bool { connection.isAnswering(number) }

    /// How long ago the connection was accepted.
    public var sinceOpened: Duration { connection.sinceOpened }

    /// Answers the request. Ignored when it was answered before or the client is gone.
    public func respond(_ response: Response) {
        if isOpen { connection.respond(response) }
    }

    /// Counts the connection for a client that the request names, by the word of a proxy that is trusted; one that counts
    /// for an address already stays as it is.
    ///
    /// - Parameter client: nil for one without an IP address, which is not counted.
    /// - Returns: why the client may not have another connection, if so: answer it with that status.
    public func identify(as client: IPAddress?) -> (status: Int, reason: Doorkeeper.Refusal)? {
        guard isOpen, let refusal = connection.identify(as: client) else { return nil }
        return (RequestRefusal(refusal).status, refusal)
    }

    /// What became of a handshake.
    public enum Upgrade: Sendable {
        case opened, refused
        /// The client had gone.
        case lost
    }

    /// Makes the connection a WebSocket, or answers why not; the handler is told `opened` in the first case only.
    ///
    /// - Parameters:
    ///   - subprotocol: one of those offered, or nil for none.
    ///   - compression: how messages are compressed if the client offers permessage-deflate; nil for not at all.
    /// - Source: RFC 6455 §4.2; RFC 7692 §5.
    @discardableResult
    public func upgrade(
        subprotocol: String?, compression: CompressionPolicy? = nil, handler: any ConnectionHandler
    ) -> Upgrade {
        upgrade(subprotocol, compression) { connection.upgrade(answer: $0, deflate: $1, handler: handler) }
    }

    /// Makes the connection a WebSocket of another loop, or answers why not; in the first case the other loop's handler
    /// is told `opened`.
    ///
    /// - Parameters:
    ///   - subprotocol: one of those offered, or nil for none.
    ///   - compression: how messages are compressed if the client offers permessage-deflate; nil for not at all.
    ///   - ticket: what the other loop makes the handler from.
    /// - Returns: `opened` once the connection is on its way there.
    /// - Source: RFC 6455 §4.2; RFC 7692 §5.
    @discardableResult
    public func upgrade<Ticket>(
        subprotocol: String?, compression: CompressionPolicy? = nil, to landing: Landing<Ticket>, _ ticket: Ticket
    ) -> Upgrade {
        upgrade(subprotocol, compression) { connection.upgrade(answer: $0, deflate: $1, to: landing, ticket) }
    }

    /// - Parameter open: given the answer and the extension as it was agreed; false when the client has gone.
    private func upgrade(
        _ subprotocol: String?, _ compression: CompressionPolicy?, _ open: ([UInt8], PackedDeflate?) -> Bool
    ) -> Upgrade {
        guard isOpen else { return .lost }
        switch Handshake.check(request) {
        case .refuse(let refusal):
            connection.respond(connection.response(to: refusal))
            return .refused
        case .accept(let key, let extensions):
            if let subprotocol {
                precondition(request.offeredSubprotocols.contains(subprotocol), "a subprotocol nobody offered")
            }
            let deflate = compression.flatMap { connection.agree(to: extensions, $0) }
            let answer = Handshake.response(acceptKey: key, subprotocol: subprotocol, extensions: deflate?.answer)
            return open(answer, deflate?.extension) ? .opened : .lost
        }
    }
}

@available(*, unavailable) extension Exchange: Sendable {}
