/// Code that stands in the life of every connection and every room: it counts, times, limits, admits.
///
/// The server makes one for each event loop and calls it there, so it needs no lock and must not wait. Two hooks are
/// guards: `accept` and `receive` may refuse. The others are observers: they are told after the fact and cannot change,
/// delay or stop anything. One that throws is counted under its name and disturbs nobody; one that keeps throwing is set
/// aside.
///
/// A middleware is called only for the hooks in its `interests`, in the order of the list the server was given.
///
/// - Source: docs/PLUGINS.md, "Middleware".
public protocol Middleware: AnyObject {
    /// Lower case, as in `access_log`; names it in metrics, logs and on the operator's pages.
    var name: String { get }
    /// The hooks it is called for. Read once, when the chain is made.
    var interests: MiddlewareHooks { get }

    // Guards: the first that refuses decides, and those behind it are not asked.

    /// Somebody wants a WebSocket.
    func accept(_ visit: Visit) throws -> AcceptVerdict
    /// A message has arrived and has not been acted on.
    func receive(_ message: InboundMessage) throws -> ReceiveVerdict

    // Observers.

    /// A connection has a place in a room: a seat or a watcher's chair.
    func attach(_ fact: Membership) throws
    /// A room offered a record to the store and heard its outcome.
    func commit(_ fact: Commit) throws
    /// What a commit brought was handed to everybody in the room.
    func deliver(_ fact: Delivery) throws
    /// A client said how far it has applied a room's events.
    func acknowledge(_ fact: Acknowledgement) throws
    /// A connection reads too slowly, or has caught up again.
    func lag(_ fact: Lag) throws
    /// A player's connection is gone and the seat waits.
    func drop(_ fact: Membership) throws
    /// A client came back to a room, or was refused.
    func resume(_ fact: Resumption) throws
    /// Something that should move does not.
    func stall(_ fact: Stall) throws
    /// Something that did not move does again, or was mended.
    func recover(_ fact: Recovery) throws
    /// A connection has given up its place in a room, or lost it to somebody.
    func detach(_ fact: Membership) throws
    /// A connection is over.
    func close(_ fact: Departure) throws
}

extension Middleware {
    public func accept(_ visit: Visit) -> AcceptVerdict { .pass }
    public func receive(_ message: InboundMessage) -> ReceiveVerdict { .pass }
    public func attach(_ fact: Membership) {}
    public func commit(_ fact: Commit) {}
    public func deliver(_ fact: Delivery) {}
    public func acknowledge(_ fact: Acknowledgement) {}
    public func lag(_ fact: Lag) {}
    public func drop(_ fact: Membership) {}
    public func resume(_ fact: Resumption) {}
    public func stall(_ fact: Stall) {}
    public func recover(_ fact: Recovery) {}
    public func detach(_ fact: Membership) {}
    public func close(_ fact: Departure) {}
}

/// The hooks of `Middleware`, as a set.
public struct MiddlewareHooks: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let accept = Self(rawValue: 1 << 0)
    public static let receive = Self(rawValue: 1 << 1)
    public static let attach = Self(rawValue: 1 << 2)
    public static let commit = Self(rawValue: 1 << 3)
    public static let deliver = Self(rawValue: 1 << 4)
    public static let acknowledge = Self(rawValue: 1 << 5)
    public static let lag = Self(rawValue: 1 << 6)
    public static let drop = Self(rawValue: 1 << 7)
    public static let resume = Self(rawValue: 1 << 8)
    public static let stall = Self(rawValue: 1 << 9)
    public static let recover = Self(rawValue: 1 << 10)
    public static let detach = Self(rawValue: 1 << 11)
    public static let close = Self(rawValue: 1 << 12)

    /// Every hook with its name, in the order of a connection's life.
    public static let named: [(hook: MiddlewareHooks, name: String)] = [
        (.accept, "accept"), (.attach, "attach"), (.receive, "receive"), (.commit, "commit"), (.deliver, "deliver"),
        (.acknowledge, "acknowledge"), (.lag, "lag"), (.drop, "drop"), (.resume, "resume"), (.stall, "stall"),
        (.recover, "recover"), (.detach, "detach"), (.close, "close"),
    ]
}
