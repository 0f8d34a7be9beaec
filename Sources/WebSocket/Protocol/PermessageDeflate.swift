/// The extension as a connection agreed to it: what comes is inflated here, what leaves is deflated. Connections that keep
/// no context share one of these, so having agreed costs them nothing. Does no input or output.
///
/// - Source: RFC 7692 §7.2.
final class PermessageDeflate {
    /// How what leaves is deflated.
    let settings: Deflater.Settings
    /// Whether what leaves may refer to what left before.
    let keepsContext: Bool
    private let parameters: DeflateParameters
    private let policy: CompressionPolicy
    private let role: Role
    private let peer: DeflateParameters.Side
    private let minBytes: Int
    private let promisedBytes: Int
    private let pool: DeflatePool
    /// Of a connection that keeps one, from the first message that needs it.
    private var inflater: Inflater?
    private var deflater: Deflater?

    init(_ parameters: DeflateParameters, _ policy: CompressionPolicy, role: Role, pool: DeflatePool) {
        self.parameters = parameters
        self.policy = policy
        self.role = role
        settings = policy.settings(of: parameters[role])
        keepsContext = parameters[role].keepsContext
        peer = parameters[role.peer]
        minBytes = max(policy.minBytes, 1)
        promisedBytes = policy.contextBytes(of: parameters, role: role)
        self.pool = pool
        pool.promisedBytes += promisedBytes
    }

    deinit {
        pool.promisedBytes -= promisedBytes
    }

    // MARK: Going to another loop

    /// What another loop needs to go on; this one is not to be used any more, unless others share it.
    func pack() -> PackedDeflate {
        defer { (inflater, deflater) = (nil, nil) }
        return PackedDeflate(parameters: parameters, policy: policy, role: role, inflater: inflater, deflater: deflater)
    }

    func takeContexts(of packed: PackedDeflate) {
        (inflater, deflater) = (packed.inflater, packed.deflater)
    }

    // MARK: What comes

    /// The message just inflated. Valid until `letGoOfInflated` or the next one, whoever gets it.
    var inflated: UnsafeRawBufferPointer { pool.inflated.bytes }

    /// Inflates one whole message.
    ///
    /// - Parameter limit: most bytes it may come to; more is a violation, noticed before they are there.
    func inflate(_ message: UnsafeRawBufferPointer, limit: Int) -> Violation? {
        pool.inflated.clear()
        let violation = contextForPeer().inflate(message, to: &pool.inflated, limit: limit)
        if violation == nil { pool.count { $0.received(message.count, as: inflated.count) } }
        return violation
    }

    private func contextForPeer() -> Inflater {
        guard peer.keepsContext else { return pool.freshInflater() }
        let own = inflater ?? Inflater(windowBits: peer.windowBits, memory: pool.memory)
        inflater = own
        return own
    }

    func letGoOfInflated() {
        pool.inflated.clear()
    }

    // MARK: What leaves

    /// Whether a message of this length is worth the work.
    func takes(_ bytes: Int) -> Bool { bytes >= minBytes }

    /// Deflates a message for this connection alone.
    ///
    /// - Returns: what goes on the wire, valid until `letGoOfDeflated` or the next message; nil when the message goes as it is: it is short, or
    ///   would not become shorter.
    func deflate(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard takes(message.count) else { return nil }
        pool.deflated.clear()
        pool.count { $0.deflations &+= 1 }
        if keepsContext {
            let own = deflater ?? Deflater(settings, memory: pool.memory)
            deflater = own
            // However long: the peer's context needs what ours has taken in.
            let isWhole = own.deflate(message, to: &pool.deflated)
            precondition(isWhole, "nothing limits it")
        } else {
            let context = pool.freshDeflater(settings)
            guard context.deflate(message, to: &pool.deflated, limit: message.count - 1) else { return nil }
        }
        return pool.deflated.bytes
    }

    func letGoOfDeflated() {
        pool.deflated.clear()
    }

    /// Notes that a message was sent deflated.
    func sent(_ bytes: Int, as deflated: Int) {
        pool.count { $0.sent(bytes, as: deflated) }
    }
}

/// An extension as it was agreed, on its way to a loop, with the contexts it has.
struct PackedDeflate {
    let parameters: DeflateParameters
    let policy: CompressionPolicy
    let role: Role
    var inflater: Inflater?
    var deflater: Deflater?
}

extension CompressionPolicy {
    func settings(of side: DeflateParameters.Side) -> Deflater.Settings {
        Deflater.Settings(windowBits: side.windowBits, level: level, memoryLevel: memoryLevel)
    }

    /// Most memory a connection with these parameters takes for contexts of its own.
    func contextBytes(of parameters: DeflateParameters, role: Role) -> Int {
        let (own, peer) = (parameters[role], parameters[role.peer])
        return (own.keepsContext ? settings(of: own).contextBytes : 0)
            + (peer.keepsContext ? Inflater.contextBytes(windowBits: peer.windowBits) : 0)
    }
}
