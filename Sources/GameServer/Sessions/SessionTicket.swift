import PluginAPI
import WebSocket

/// A value whose owner gives it away to another thread.
///
/// Unchecked because the giver keeps no reference to it or to anything it refers to; each place that makes one says why
/// that is so.
struct Handover<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}

/// Who comes to a loop with a connection.
enum Passenger: Sendable {
    /// Let in by another loop, and not greeted yet.
    case visitor(Handover<Client>)
    /// In the middle of its conversation. Indirect, because every connection keeps room for a passenger.
    indirect case session(SessionTicket)
}

/// A session on its way to another loop: it is in no room, and nothing it asked for is unanswered.
struct SessionTicket: Sendable {
    let client: Handover<Client>
    let opened: MonotonicTime
    let hasGreeted: Bool
    let traffic: Traffic
    let liveness: Liveness
    let backlog: Backlog.Memory
    /// The rest of the message at which it left; the guards have let the first line of it in.
    let rest: [UInt8]
}

extension Session {
    /// Takes the session off this loop.
    func pack() -> SessionTicket {
        defer { departed(from: sessions) }
        return SessionTicket(
            // The session is over here, and what middleware notes about a connection stays with the connection.
            client: Handover(client), opened: opened, hasGreeted: hasGreeted, traffic: traffic,
            liveness: liveness.carried, backlog: backlog.memory, rest: rest)
    }
}
