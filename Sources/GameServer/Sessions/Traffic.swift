/// WebSocket messages and the bytes in them, both ways.
struct Traffic: Sendable, Equatable {
    private(set) var messagesIn = 0
    private(set) var messagesOut = 0
    /// Payload, without framing.
    private(set) var bytesIn = 0
    private(set) var bytesOut = 0

    mutating func received(_ bytes: Int) {
        messagesIn &+= 1
        bytesIn &+= bytes
    }

    mutating func sent(_ bytes: Int) {
        messagesOut &+= 1
        bytesOut &+= bytes
    }
}
