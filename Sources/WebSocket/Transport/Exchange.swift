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

    /// What became of a handshake.
    public enum Upgrade: Sendable {
        case opened, refused
        /// The client had gone.
        case lost
    }

    /// Makes the connection a WebSocket, or answers why not; the handler is told `opened` in the first case only.
    ///
    /// - Parameter subprotocol: one of those offered, or nil for none.
    /// - Source: RFC 6455 §4.2.
    @discardableResult
    public func upgrade(subprotocol: String?, handler: any ConnectionHandler) -> Upgrade {
        upgrade(subprotocol) { connection.upgrade(acceptKey: $0, subprotocol: subprotocol, handler: handler) }
    }

    /// Makes the connection a WebSocket of another loop, or answers why not; in the first case the other loop's handler
    /// is told `opened`.
    ///
    /// - Parameters:
    ///   - subprotocol: one of those offered, or nil for none.
    ///   - ticket: what the other loop makes the handler from.
    /// - Returns: `opened` once the connection is on its way there.
    /// - Source: RFC 6455 §4.2.
    @discardableResult
    public func upgrade<Ticket>(subprotocol: String?, to landing: Landing<Ticket>, _ ticket: Ticket) -> Upgrade {
        upgrade(subprotocol) {
            connection.upgrade(acceptKey: $0, subprotocol: subprotocol, to: landing, ticket)
        }
    }

    /// - Parameter open: given the answer to the client's key; false when the client has gone.
    private func upgrade(_ subprotocol: String?, _ open: (String) -> Bool) -> Upgrade {
        guard isOpen else { return .lost }
        switch Handshake.check(request) {
        case .refuse(let refusal):
            connection.respond(connection.response(to: refusal))
            return .refused
        case .accept(let key):
            if let subprotocol {
                precondition(request.offeredSubprotocols.contains(subprotocol), "a subprotocol nobody offered")
            }
            return open(key) ? .opened : .lost
        }
    }
}

@available(*, unavailable) extension Exchange: Sendable {}
