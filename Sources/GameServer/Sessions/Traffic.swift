import WebSocket

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

    /// Messages that were counted as sent and never left.
    mutating func tookBack(_ taken: TakenBack) {
        messagesOut &-= taken.messages
        bytesOut &-= taken.payloadBytes
    }

    /// Grows to `new`, which may have taken something back: then it waits until that is overtaken, because what counts it
    /// can only rise.
    ///
    /// - Returns: by how much it has grown.
    mutating func grow(to new: Traffic) -> Traffic {
        var growth = Traffic()
        growth.messagesIn = max(0, new.messagesIn - messagesIn)
        growth.messagesOut = max(0, new.messagesOut - messagesOut)
        growth.bytesIn = max(0, new.bytesIn - bytesIn)
        growth.bytesOut = max(0, new.bytesOut - bytesOut)
        messagesIn += growth.messagesIn
        messagesOut += growth.messagesOut
        bytesIn += growth.bytesIn
        bytesOut += growth.bytesOut
        return growth
    }
}
