/// Answers requests. Lives on the loop of the listener it was given to.
public protocol RequestHandler: AnyObject {
    /// A request has arrived whole. Exactly one `respond` or `upgrade` on the exchange follows, now or later; requests
    /// sent behind it wait.
    func handle(_ request: Request, _ exchange: Exchange)
    /// What to say to a request that never reaches `handle`, or that `handle` left to the engine: it is malformed, too
    /// long or too late, or no valid handshake. The engine adds the fields the status demands.
    func refused(status: Int, reason: String) -> Response
}

extension RequestHandler {
    /// One line of plain text.
    public func refused(status: Int, reason: String) -> Response {
        Response(
            status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array((reason + "\n").utf8))
    }
}

/// Hears what happens on WebSocket connections; one object may serve many. Lives on their loop.
///
/// The connection keeps its handler. A handler that keeps the connection lets go of it in `closed`.
public protocol ConnectionHandler: AnyObject {
    func opened(_ connection: Connection)
    /// One complete message; text is valid UTF-8. The bytes lie in the loop's receive buffer: copy what must stay.
    func received(_ message: RawSpan, _ kind: MessageKind, on connection: Connection)
    /// What the kernel had refused, or a backlog of more than `backlogBytes`, is gone: `unsentBytes` is 0 again.
    func drained(_ connection: Connection)
    /// The time has come that `Connection.wake` named.
    func woken(_ connection: Connection)
    /// The connection is over. Comes exactly once, when the turn ends, never from inside `send`, `close` or `abort`.
    func closed(_ connection: Connection, _ closure: Closure)
}

extension ConnectionHandler {
    /// Nothing: who never asks to be woken need not say so.
    public func woken(_ connection: Connection) {}
}

/// How a WebSocket connection ended.
public struct Closure: Sendable {
    public enum Cause: Equatable, Sendable {
        /// The peer sent a close frame.
        case peer
        /// We called `close`.
        case local
        /// The peer broke the protocol.
        case violation(Violation)
        /// The connection ended without a close frame.
        case lost
        /// We called `abort`.
        case aborted
        /// More than `maxOutboxBytes` were queued.
        case outboxFull(bytes: Int)
        /// The loop ended.
        case stopped
    }

    /// The close frame's code: the peer's, or ours when we began; 1005 when the frame had none, 1006 without a frame.
    public var code: CloseCode
    public var reason: String
    public var cause: Cause
    /// Whether close frames went both ways.
    public var isClean: Bool
    /// From the handshake until now.
    public var lasted: Duration
}
