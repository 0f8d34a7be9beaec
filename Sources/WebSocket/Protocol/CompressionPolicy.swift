/// How this end compresses messages, if its peer agrees to it.
///
/// - Source: RFC 7692.
public struct CompressionPolicy: Hashable, Sendable {
    public init() {}

    /// Shortest payload that is compressed. Below it the work saves no packet.
    public var minBytes = 1024
    /// What it takes to make bytes fewer: 1 is the fastest, 9 the smallest.
    public var level = 3
    /// Memory of a compressing context beside its window, from 1 to 9: each step doubles it.
    public var memoryLevel = 8
    /// Most bits of the window this end compresses with, from 9 to 15: it holds two to their power bytes.
    public var windowBits = 15
    /// Most bits of the window a peer may compress with, from 8 to 15, if it says that it can be told so.
    public var peerWindowBits = 15
    /// Whether what this end sends may refer to what it sent before: each connection then has a context of its own.
    public var keepsContext = false
    /// The same for what the peer sends.
    public var peerKeepsContext = false
    /// Most memory for contexts of their own, on one loop. A connection above it is agreed none; one that was agreed some and
    /// goes to another loop takes them along.
    public var maxContextBytes = 64 * 1024 * 1024
}
