/// Every ceiling of this module, each with what happens above it.
public struct Limits: Sendable {
    public init() {}

    // MARK: Messages

    /// Longest message taken, fragments together. Above it the connection closes with 1009, before any allocation.
    public var maxMessageBytes = 64 * 1024
    /// Most fragments of one message. Above it the connection closes with 1009.
    public var maxFragmentsPerMessage = 4096
    /// Most pings and pongs taken from one connection in a second. Above it the connection closes with 1008.
    public var maxControlFramesPerSecond = 100

    // MARK: Output

    /// Most bytes queued for one peer that the kernel has not taken. Above it the connection is aborted, and its
    /// closed event says so.
    public var maxOutboxBytes = 4 * 1024 * 1024
    /// Unsent bytes that count as a backlog. Above it the handler is told `drained` once nothing is unsent, also when
    /// the kernel takes all of it in one send.
    public var backlogBytes = 256 * 1024
    /// Send buffer asked of the kernel for each connection; nil leaves it to the kernel, which may take megabytes
    /// before anything counts as unsent.
    public var kernelSendBufferBytes: Int?
    /// Receive buffer asked of the kernel for each connection, which takes twice as much; nil leaves it to the kernel,
    /// which may take megabytes for a peer that is not read.
    public var kernelReceiveBufferBytes: Int?

    // MARK: Connections

    /// Most connections open at once, requests and WebSockets together. Above it a new one is turned away with 503.
    public var maxConnections = 20_000
    /// Most connections open at once of one address, or of one IPv6 network of 64 bits; 0 for no limit. Above it a new
    /// one is turned away with 429.
    public var maxConnectionsPerAddress = 0
    /// Most connections opened in a second; 0 for no limit. Above it a new one is turned away with 503.
    public var maxOpensPerSecond = 0
    /// Most connections opened in a second by one address; 0 for no limit. Above it a new one is turned away with 429.
    public var maxOpensPerAddressPerSecond = 0
    /// Most connections that are being told why they are turned away. Above it a new one is closed unanswered.
    public var maxRefusalsAnswered = 16
    /// Connections the kernel holds until they are accepted. Above it the kernel refuses them.
    public var listenBacklog = 1024
    /// How long accepting rests after the process ran out of file descriptors or memory, and how long at most before it is
    /// seen that a TLS handshake of another loop has ended.
    public var acceptRestMilliseconds = 100

    // MARK: HTTP

    /// Longest request line. Above it: 414.
    public var maxRequestLineBytes = 8 * 1024
    /// All header fields of a request together. Above it: 431.
    public var maxHeaderBytes = 16 * 1024
    /// Most header fields of a request. Above it: 431.
    public var maxHeaderFields = 100
    /// Longest request body. Above it: 413.
    public var maxBodyBytes = 64 * 1024

    // MARK: Time

    /// How long a trusted proxy has for its PROXY header. Above it: closed.
    public var proxyHeaderMilliseconds = 5_000
    /// How long a server may take from the beginning of a connection we open to its answer. Above it: given up.
    public var connectMilliseconds = 10_000
    /// From the first byte of a request, or from accepting the connection, to the request's last byte. Above it: 408.
    public var requestMilliseconds = 10_000
    /// How long a connection without a request stays open. Above it: closed.
    public var keepAliveMilliseconds = 30_000
    /// How long a peer may take no byte of a response. Above it: aborted.
    public var responseStallMilliseconds = 30_000
    /// How long a peer may take for a whole response, however evenly it takes it. Above it: aborted.
    public var responseMilliseconds = 300_000
    /// From the first byte of a WebSocket message, or of a control frame, to its last. Above it: 1008.
    public var messageMilliseconds = 30_000
    /// Most bytes read and thrown away of a peer that goes on sending after we have ended. Above it: cut.
    public var maxDiscardedBytes = 1024 * 1024
    /// How long the peer has to answer our close frame, and then again to close its side. Above it: cut.
    public var closeMilliseconds = 5_000

    // MARK: TLS

    /// From accepting a connection until TLS is agreed on. Above it: cut.
    public var handshakeMilliseconds = 10_000
    /// Most handshakes under way. Above it no connection is accepted for TLS until one has ended. More than one address
    /// may have connections, so that nobody holds all of them.
    public var maxHandshakes = 2500

    // MARK: One turn of a loop

    /// Bytes taken from one connection in one turn, with TLS at least 32 KiB. What is left waits until every other ready
    /// connection had its turn.
    public var receiveBufferBytes = 512 * 1024
    /// Bytes of small messages held back in one turn. Above it everything held back is sent early.
    public var corkBytes = 512 * 1024
    /// Ready connections handled in one turn. The others come first in the next, and timers after all of them.
    public var eventsPerTurn = 256
    /// Requests served on one connection in one turn. The others it has sent wait for the next.
    public var requestsPerTurn = 16
    /// Handshakes moved on in one turn; each may cost a millisecond. The others wait for the next.
    public var handshakesPerTurn = 8
    /// Connections accepted from one listener in one turn. The others wait for the next.
    public var acceptsPerTurn = 256
}
