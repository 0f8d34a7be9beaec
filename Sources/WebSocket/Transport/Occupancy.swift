import Synchronization

/// How many connections are open on all the loops that share it, so that `maxConnections` holds for them together.
///
/// Counted when a connection comes and when it goes, never on the way of a message.
public final class Occupancy: Sendable {
    private let connections = Atomic(0)

    public init() {}

    /// Connections open now, those on their way between two loops among them.
    public var open: Int { connections.load(ordering: .relaxed) }

    func add() { connections.wrappingAdd(1, ordering: .relaxed) }
    func remove() { connections.wrappingSubtract(1, ordering: .relaxed) }
}
