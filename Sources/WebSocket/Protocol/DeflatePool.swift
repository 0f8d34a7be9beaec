/// What the connections of one loop share to compress: contexts for all that keep none, and the blocks they work in.
///
/// A message inflated or deflated here is gone before the next connection has its turn, so one of each is enough however
/// many connections there are. Lives on its loop.
final class DeflatePool {
    private struct Shared: Hashable {
        let parameters: DeflateParameters
        let policy: CompressionPolicy
        let role: Role
    }

    let memory = DeflateMemory()
    /// Most memory that the contexts of connections which keep some will take.
    var promisedBytes = 0
    var inflated: ScratchBytes
    var deflated: ScratchBytes
    private var counted = CompressionCounters()
    private var inflater: Inflater?
    private var deflaters: [Deflater.Settings: Deflater] = [:]
    private var shared: [Shared: PermessageDeflate] = [:]

    init() {
        inflated = ScratchBytes(memory: memory)
        deflated = ScratchBytes(memory: memory)
    }

    /// What happened so far.
    var counters: CompressionCounters {
        var counters = counted
        counters.memoryBytes = memory.bytes
        return counters
    }

    func count(_ change: (inout CompressionCounters) -> Void) {
        change(&counted)
    }

    /// Lets go of what refers back to it.
    func close() {
        shared = [:]
    }

    // MARK: Agreeing

    /// What a server agrees to: contexts while there is room for them, and none above it.
    func agree(to offer: DeflateOffer, _ policy: CompressionPolicy) -> DeflateParameters {
        let agreed = policy.agree(to: offer)
        let needed = policy.contextBytes(of: agreed, role: .server)
        if needed == 0 || promisedBytes + needed <= policy.maxContextBytes { return agreed }
        var frugal = policy
        frugal.keepsContext = false
        frugal.peerKeepsContext = false
        return frugal.agree(to: offer)
    }

    /// The extension of a connection that begins or arrives here, with the contexts it brings: they come in also where
    /// `maxContextBytes` would give it none.
    func unpack(_ packed: PackedDeflate) -> PermessageDeflate {
        let unpacked = deflate(packed.parameters, packed.policy, role: packed.role)
        if packed.parameters.keepsContext { unpacked.takeContexts(of: packed) }
        return unpacked
    }

    /// The extension for one connection: its own when it keeps a context, otherwise one that all alike share.
    func deflate(_ parameters: DeflateParameters, _ policy: CompressionPolicy, role: Role) -> PermessageDeflate {
        if parameters.keepsContext { return PermessageDeflate(parameters, policy, role: role, pool: self) }
        let key = Shared(parameters: parameters, policy: policy, role: role)
        if let known = shared[key] { return known }
        let new = PermessageDeflate(parameters, policy, role: role, pool: self)
        shared[key] = new
        return new
    }

    // MARK: Contexts without memory of earlier messages

    /// One that can read every window.
    func freshInflater() -> Inflater {
        if let inflater {
            inflater.reset()
            return inflater
        }
        let new = Inflater(windowBits: DeflateParameters.maxWindowBits, memory: memory)
        inflater = new
        return new
    }

    func freshDeflater(_ settings: Deflater.Settings) -> Deflater {
        if let known = deflaters[settings] {
            known.reset()
            return known
        }
        let new = Deflater(settings, memory: memory)
        deflaters[settings] = new
        return new
    }
}
