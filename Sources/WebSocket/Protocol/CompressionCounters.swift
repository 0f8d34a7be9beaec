/// What compression did and holds on one loop.
public struct CompressionCounters: Sendable {
    /// Messages that came compressed.
    public var messagesIn = 0
    /// Messages that were sent compressed, one for each receiver.
    public var messagesOut = 0
    /// Payload of those that came: as it stood on the wire, and as it was meant.
    public var deflatedBytesIn = 0
    public var inflatedBytesIn = 0
    /// Payload of those that were sent: as it was meant, and as it stands on the wire.
    public var inflatedBytesOut = 0
    public var deflatedBytesOut = 0
    /// Times a message was deflated: once for all its receivers that agreed to the same.
    public var deflations = 0
    /// Memory held now: contexts and blocks.
    public var memoryBytes = 0

    public init() {}

    mutating func add(_ other: CompressionCounters) {
        messagesIn += other.messagesIn
        messagesOut += other.messagesOut
        deflatedBytesIn += other.deflatedBytesIn
        inflatedBytesIn += other.inflatedBytesIn
        inflatedBytesOut += other.inflatedBytesOut
        deflatedBytesOut += other.deflatedBytesOut
        deflations += other.deflations
        memoryBytes += other.memoryBytes
    }

    mutating func received(_ deflated: Int, as inflated: Int) {
        messagesIn &+= 1
        deflatedBytesIn &+= deflated
        inflatedBytesIn &+= inflated
    }

    mutating func sent(_ inflated: Int, as deflated: Int) {
        messagesOut &+= 1
        inflatedBytesOut &+= inflated
        deflatedBytesOut &+= deflated
    }
}
