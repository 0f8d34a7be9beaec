import WebSocket

extension CompressionPolicy {
    /// How the game's wire compresses; nil when it does not.
    ///
    /// No context is ever kept, whatever a client would like: what one message says cannot be learnt from the length of
    /// another, and no connection costs memory.
    init?(_ configuration: Configuration.Compression) {
        guard configuration.isEnabled else { return nil }
        self.init()
        minBytes = configuration.minBytes
        level = configuration.level
        memoryLevel = configuration.memoryLevel
        windowBits = configuration.windowBits
    }
}
