import Synchronization

/// What the two ends of one connection's visit to another loop both look at.
final class Bridge: Sendable {
    private let waiting = Atomic(0)

    /// Bytes the guest has sent that its home has not taken up.
    var waitingBytes: Int { waiting.load(ordering: .relaxed) }

    func sent(_ bytes: Int) { waiting.wrappingAdd(bytes, ordering: .relaxed) }
    func taken(_ bytes: Int) { waiting.wrappingSubtract(bytes, ordering: .relaxed) }
}
