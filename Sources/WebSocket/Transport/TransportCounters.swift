/// What happened on one loop so far. Written by its thread alone; read it there and post the copy.
public struct TransportCounters: Sendable {
    /// Connections accepted.
    public var accepted = 0
    /// Connections handed to other loops: accepted here, or moved.
    public var handedOver = 0
    /// Connections taken over from other loops.
    public var takenOver = 0
    /// Connections turned away because `maxConnections` were open.
    public var refusedFull = 0
    /// Connections turned away because too many were opened in a second.
    public var refusedTooFast = 0
    /// Connections turned away because their address had too many open.
    public var refusedOfAddress = 0
    /// Connections turned away because their address opened too many in a second.
    public var refusedOfAddressTooFast = 0
    /// Connections turned away because the process ran out of file descriptors.
    public var refusedForDescriptors = 0
    /// Connections of trusted proxies closed because no PROXY header came, or none that can be read.
    public var proxyHeadersRefused = 0
    /// Connections turned away that still hear why.
    public var turningAway = 0
    /// Times accepting rested because the process ran out of file descriptors or memory.
    public var acceptRests = 0
    /// Connections open now, requests and WebSockets together.
    public var open = 0
    /// WebSockets open now.
    public var openWebSockets = 0
    /// WebSockets opened.
    public var upgrades = 0
    /// HTTP requests read whole.
    public var requests = 0
    /// HTTP requests refused by the parser.
    public var requestsRefused = 0
    /// Connections ended because a request, a message, or reading a response took longer than it may.
    public var timedOut = 0
    public var messagesIn = 0
    public var messagesOut = 0
    /// Bytes the kernel gave: with TLS as they were encrypted.
    public var bytesIn = 0
    /// Bytes the kernel took: with TLS as they were encrypted.
    public var bytesOut = 0
    /// WebSockets closed because the peer broke the protocol.
    public var violations = 0
    /// WebSockets aborted because `maxOutboxBytes` were queued.
    public var outboxOverflows = 0
    /// Times output was handed to the kernel: once per connection and turn, unless it is long.
    public var sends = 0
    /// Times the kernel did not take all that was sent.
    public var sendsRefused = 0
    /// Turns the loop made.
    public var turns = 0
    public var compression = CompressionCounters()
    public var tls = TLSCounters()

    public init() {}

    /// Adds what happened on another loop.
    public mutating func add(_ other: TransportCounters) {
        for field in Self.fields { self[keyPath: field] += other[keyPath: field] }
        compression.add(other.compression)
        tls.add(other.tls)
    }

    private static var fields: [WritableKeyPath<Self, Int>] {
        [
            \.accepted, \.handedOver, \.takenOver, \.refusedFull, \.refusedTooFast, \.refusedOfAddress,
            \.refusedOfAddressTooFast, \.refusedForDescriptors, \.proxyHeadersRefused, \.turningAway, \.acceptRests,
            \.open, \.openWebSockets, \.upgrades, \.requests, \.requestsRefused, \.timedOut, \.messagesIn,
            \.messagesOut, \.bytesIn, \.bytesOut, \.violations, \.outboxOverflows, \.sends, \.sendsRefused, \.turns,
        ]
    }

    /// Connections turned away, for whatever reason.
    public var refused: Int {
        refusedFull + refusedTooFast + refusedOfAddress + refusedOfAddressTooFast + refusedForDescriptors
    }

    mutating func count(_ refusal: Doorkeeper.Refusal) {
        switch refusal {
        case .full: refusedFull += 1
        case .tooFast: refusedTooFast += 1
        case .addressFull: refusedOfAddress += 1
        case .addressTooFast: refusedOfAddressTooFast += 1
        }
    }
}
